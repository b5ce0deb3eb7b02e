//! What happens when a socket has left? All of it before the next word of its connection is read.
//!
//! Socket.IO runs what is registered as a closure in a task of its own and keeps the socket in its namespace until then:
//! a client that leaves and comes back on the same connection would be taken for one that is there already, and never
//! be answered.

use std::sync::Arc;

use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::DisconnectHandler;
use socketioxide::socket::{DisconnectReason, Socket};

use super::context::SocketSlot;
use super::handshake::Handshake;
use super::signal::{Signal, Signals};

/// What a socket holds while it is in, and who hears of its leaving.
pub struct OnDisconnect {
    pub number: u64,
    pub signals: Signals,
    /// The session that it is in.
    pub handshake: Arc<Handshake>,
    /// Free again when this is dropped, right after it was called.
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
        // The fan-out may have ended.
        self.signals.send(Signal::Disconnected(self.number)).ok();
        defer(socket);
    }
}
