//! What only PostgreSQL can do, and how we speak to it.

pub(in crate::core) mod address;
mod certificates;
pub(in crate::core) mod connect;
mod parameters;
mod passfile;
mod tls;
