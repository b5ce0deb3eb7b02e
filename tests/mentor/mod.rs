//! The mentor document, scene by scene: REST in UUIDs, and the sockets in `/chat`.

mod attached;
mod events;
mod groups;
mod letters;
mod list;
mod messages;
mod offline;
mod receipts;
mod sessions;
