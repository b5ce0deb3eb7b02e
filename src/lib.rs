//! The five-minute tour of `chat`: one chat server that speaks five documented chat APIs over one core.
//!
//! - [`core`] is what chat *is*: accounts, conversations, the one message log, and who may do what. It knows no HTTP,
//!   no JSON and no dialect. Whatever changes something is a verb, run by one writer, many to a commit.
//! - [`web`] is what all routes share: a call in hand, the one envelope of refusals, pages, uploads, rate limits.
//! - [`dialects`] is how clients say it: a folder for each document, with its route table, its events, its shapes.
//! - [`realtime`] is the one Socket.IO server: it lets sockets in, takes their events in order, and has each dialect
//!   retell what became true to those who listen in it.
//! - [`admin`] is the administrators' API and page, shaped like a dialect.
//! - [`mail`] has the templates of all mail, and the mailer that sends it by SMTP.
//! - [`server`] accepts connections; [`commands`] and [`flags`] are the command line.
//!
//! They may name each other in one direction only:
//! `main → server, realtime, commands → dialects, admin → mail → web → core`.
//!
//! A message travels like this: a handler of one dialect calls [`core::message::post`] in [`core::Core::write`]; the
//! writer commits it with whatever else has queued up, hands the announced events out in commit order, and answers;
//! the fan-out in [`realtime`] asks every dialect that has listeners there to retell it.

pub mod admin;
pub mod commands;
pub mod core;
pub mod dialects;
pub mod flags;
pub mod mail;
pub mod realtime;
pub mod server;
pub mod web;

pub use server::Server;

/// The README's example is tried with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
