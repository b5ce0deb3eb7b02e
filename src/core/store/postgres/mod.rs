//! What only PostgreSQL can do, and how we speak to it.

pub(in crate::core) mod address;
pub(in crate::core) mod connect;
