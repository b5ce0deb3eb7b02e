//! What happens when a socket has disconnected? All of it happens before the next packet of its connection is read.
//!
//! Socket.IO would run a closure in a task of its own, and keep the socket in its namespace until then. A client that
//! disconnects and connects again on the same connection would be taken for one that is still connected, and would never be
//! answered.

use std::sync::Arc;

use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::DisconnectHandler;
use socketioxide::socket::{DisconnectReason, Socket};

use super::context::SocketSlot;
use super::handshake::Handshake;
use super::signal::{Signal, Signals, begin};
use crate::dialects::Namespace;

/// What a connected socket holds, and whom its disconnect is told to.
pub struct OnDisconnect {
    pub number: u64,
    pub namespace: Namespace,
    pub signals: Signals,
    pub handshake: Arc<Handshake>,
    /// Dropped right after the call.
    pub _slot: SocketSlot,
}

impl DisconnectHandler<LocalAdapter, SocketSlot> for OnDisconnect {
    fn call_with_defer(
        &self,
        socket: Arc<Socket>,
        _reason: DisconnectReason,
        defer: fn(Arc<Socket>),
    ) {
        self.handshake.transport.leave();
        // It may have gone before the server noticed that it had come. It was there all the same, and what it said is heard.
        let unnoticed = self.handshake.connected(self.namespace);
        if let Some(client) = unnoticed.filter(|client| !client.has_ended()) {
            begin(&client, &self.signals);
        }
        // The fan-out may have ended.
        self.signals.send(Signal::Disconnected(self.number)).ok();
        defer(socket);
    }
}
