//! Who is not let in hears and reads nothing, by whatever way; and whatever comes to the door, it stays in its hinges.

mod bodies;
mod browsers;
mod first_room;
mod heads;
mod invited;
mod listeners;
mod members_only;
mod pages;
mod patience;
mod proxies;
pub mod raw;
mod strangers;
pub mod table;
mod tokens;
