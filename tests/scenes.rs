//! The whole server from outside: scenes with people in them, played against the real binary.

mod crash;
mod crossing;
mod direct;
mod doors;
mod layout;
mod rooms;
mod support;
