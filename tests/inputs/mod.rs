//! Whatever comes in is answered in the house's own words, disturbs nobody, and leaves nothing behind that it should not.
//!
//! - `cases`: what is drawn, and how to draw more of it; `odd`: what has been somebody's undoing; `json`: bodies and
//!   payloads that are nearly right
//! - `wire`: a websocket and a polling session as raw as bytes; `verdict`: is that an answer of ours?

mod attached;
mod cases;
mod crowded;
mod databases;
mod disk;
mod doorway;
mod endless;
mod events;
mod floods;
mod forms;
mod frames;
mod goes_on;
mod idle;
mod ids;
mod joining;
mod json;
mod odd;
pub mod outside;
mod ranges;
mod requests;
mod returning;
mod searches;
mod unfinished;
mod unread;
mod unsaid;
mod upgrading;
mod verdict;
mod wire;
mod words;
