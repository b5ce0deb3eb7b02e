//! Several servers on one database: they are one chat, whichever of them somebody reaches.

mod balancer;
mod batches;
mod breaks;
mod listed;
mod logins;
mod mailing;
mod nginx;
mod one_chat;
mod serving;
mod turns;
mod way;
