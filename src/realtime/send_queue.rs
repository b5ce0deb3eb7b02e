//! What waits for a socket? Packets that it was told and that its transport was not handed yet.
//!
//! Socket.IO's own queue holds a copy of every packet for every socket: hundreds of clients that stopped reading cost
//! gigabytes. So no more is handed to it than a transport takes at once. The rest waits here, where all sockets that wait
//! for the same packet share its body.

use std::collections::VecDeque;
use std::mem::replace;
use std::sync::Arc;
use std::time::Instant;

use serde_json::value::RawValue;

use super::transport::STALL;

/// Packets that may wait for a socket, here or in Socket.IO's queue. A socket that needs more is too slow and is ended.
pub const MAX_WAITING: usize = 4_096;
/// Bytes that are handed on before the transport is seen to take some. Each of hundreds of sockets may hold as many.
const AT_ONCE: usize = 32 << 10;

/// An event as it is told. All sockets that hear it share it.
pub struct Packet {
    pub event: &'static str,
    pub body: Arc<RawValue>,
}

/// What waits for one socket. `progress` is always the count of its transport's [`Progress`](super::transport::Progress).
#[derive(Default)]
pub struct SendQueue {
    waiting: VecDeque<Arc<Packet>>,
    /// CONNECT has been answered. Nothing is handed on before.
    open: bool,
    /// Bytes that were handed on since the transport was seen to have taken everything.
    handed: usize,
    /// The progress at that time.
    taken: u64,
    /// A task hands on what waits.
    has_carrier: bool,
    /// When the first packet was handed on that has not been seen to be taken, and the progress at that time.
    untaken: Option<(Instant, u64)>,
}

impl SendQueue {
    /// CONNECT has been answered.
    pub fn open(&mut self, progress: u64) {
        (self.open, self.taken) = (true, progress);
    }

    /// May this packet be handed on at once, because nothing waits before it? It then counts as handed on.
    pub fn passes(&mut self, packet: &Packet, progress: u64) -> bool {
        let passes = self.open && self.waiting.is_empty() && self.handed < AT_ONCE;
        if passes {
            self.note_packet(packet, progress);
        }
        passes
    }

    /// Lets a packet wait; `false` if too many do. Then all of them are dropped.
    pub fn push(&mut self, packet: Arc<Packet>) -> bool {
        let has_room = self.waiting.len() < MAX_WAITING;
        if has_room {
            self.waiting.push_back(packet);
        } else {
            self.clear();
        }
        has_room
    }

    /// The next packet to hand on; `None` if nothing waits or the transport has not taken enough.
    pub fn pop(&mut self, progress: u64) -> Option<Arc<Packet>> {
        if !self.open || self.waiting.is_empty() {
            return None;
        }
        if self.handed >= AT_ONCE {
            if progress == self.taken {
                return None;
            }
            (self.taken, self.handed) = (progress, 0);
        }
        let packet = self.waiting.pop_front()?;
        self.note_packet(&packet, progress);
        Some(packet)
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn clear(&mut self) {
        self.waiting = VecDeque::new();
    }

    /// Should a task be started that hands on what waits? Said once, until that task [has done so](Self::is_carried).
    pub fn needs_carrier(&mut self) -> bool {
        self.open && !self.waiting.is_empty() && !replace(&mut self.has_carrier, true)
    }

    /// Has the task that hands on what waits nothing more to do? It must end then.
    pub fn is_carried(&mut self) -> bool {
        self.has_carrier = !self.waiting.is_empty();
        !self.has_carrier
    }

    /// Something is handed to the transport, from here or past this queue.
    pub fn note_handed(&mut self, progress: u64) {
        if self.untaken.is_none_or(|(_, at)| at != progress) {
            self.untaken = Some((Instant::now(), progress));
        }
    }

    fn note_packet(&mut self, packet: &Packet, progress: u64) {
        self.handed += packet.body.get().len();
        self.note_handed(progress);
    }

    /// Has the transport taken nothing of what it was handed for [`STALL`]? The connection of a websocket then ends by
    /// itself. A polling client may have no connection open and may go on answering pings without ever polling.
    pub fn is_stalled(&self, progress: u64) -> bool {
        let untaken = self.untaken.filter(|(_, at)| *at == progress);
        untaken.is_some_and(|(since, _)| since.elapsed() > STALL)
    }
}
