//! The rooms document, part by part in its own order.

mod accounts;
mod events;
mod files;
mod limits;
mod messages;
mod oneself;
mod pages;
mod places;
mod refusals;
