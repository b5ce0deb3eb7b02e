//! What happens when a socket has left? All of it before the next word of its connection is read.
//!
//! Socket.IO runs what is registered as a closure in a task of its own and keeps the socket in its namespace until then:
//! a client that leaves and comes back on the same connection would be taken for one that is there already, and never
//! be answered.

use std::sync::Arc;

use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::DisconnectHandler;
use socketioxide::socket::{DisconnectReason, Socket};
use tokio::sync::mpsc;

use super::arrival::Arrival;
use super::{Place, Word};

/// What a socket holds while it is in, and who hears of its leaving.
pub struct Leaving {
    pub number: u64,
    pub words: mpsc::UnboundedSender<Word>,
    /// The session that it is in.
    pub arrival: Arc<Arrival>,
    /// Free again when this is dropped, right after it was called.
    pub _place: Place,
}

impl DisconnectHandler<LocalAdapter, Place> for Leaving {
    fn call_with_defer(
        &self,
        socket: Arc<Socket>,
        _reason: DisconnectReason,
        defer: fn(Arc<Socket>),
    ) {
        self.arrival.transport.leave();
        // The hall may have ended.
        self.words.send(Word::Gone(self.number)).ok();
        defer(socket);
    }
}
