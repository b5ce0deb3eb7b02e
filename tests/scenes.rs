//! The whole server from outside: scenes with people in them, played against the real binary.

mod acme;
mod admin;
mod backup;
mod campus;
mod command_line;
mod crash;
mod crossing;
mod direct;
mod documents;
mod doors;
mod emote;
mod endure;
mod inputs;
mod layout;
mod mentor;
mod nodes;
mod rooms;
mod slow;
mod support;
mod trust_jwt;
