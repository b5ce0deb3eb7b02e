//! What only PostgreSQL can do, and how we speak to it.

pub(in crate::core) mod address;
mod certificates;
pub(in crate::core) mod connect;
pub(in crate::core) mod connection;
mod error;
pub(in crate::core) mod feed;
mod leap;
pub(in crate::core) mod listener;
pub(in crate::core) mod look;
pub(in crate::core::store) mod lookup;
mod parameters;
mod passfile;
mod peers;
pub(in crate::core) mod pen;
pub(in crate::core) mod schema;
mod search;
mod sets;
mod tls;
pub(in crate::core) mod transfer;
mod tries;
pub(in crate::core) mod value;
