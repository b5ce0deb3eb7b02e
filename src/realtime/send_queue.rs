//! What waits for a socket? What it was told and its wire has not taken yet, handed to it a little at a time.
//!
//! Socket.IO's own queue holds a copy of every packet for every socket: hundreds that stopped reading cost gigabytes. So
//! no more is handed to it than a wire takes at once; the rest waits here, where a body is shared by all who wait for it.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::time::timeout;

use super::OUTBOUND;
use super::client::Client;
use super::transport::STALL;

/// Bytes that are handed on before the wire is seen to take some: hundreds of sockets may hold so many each.
const AT_ONCE: usize = 32 << 10;
/// How soon a wire is looked at again that had not taken everything; the longer it has not, the later.
const SOON: Duration = Duration::from_millis(1);
const LATE: Duration = Duration::from_millis(250);

/// What all who hear it share.
pub struct Packet {
    pub event: &'static str,
    pub body: Arc<RawValue>,
}

/// What one socket was told.
#[derive(Default)]
pub struct SendQueue {
    waiting: VecDeque<Arc<Packet>>,
    /// CONNECT has been answered: nothing is handed on before.
    open: bool,
    /// Bytes that were handed on since the wire was seen to have taken everything.
    handed: usize,
    /// How far the wire was then.
    taken: u64,
    /// A task looks after what waits.
    carried: bool,
    /// What was handed on first since the session was last seen to take something.
    untaken: Option<Untaken>,
}

/// Something was handed on, and waits to be taken.
struct Untaken {
    since: Instant,
    /// How far the session was then.
    taken: u64,
}

impl Client {
    /// Tells this socket something. A socket that cannot take it has a hole now, so it is ended: its client comes back
    /// and catches up.
    pub fn tell(self: &Arc<Self>, packet: &Arc<Packet>) {
        if self.has_ended() {
            return;
        }
        let mut send_queue = self.lock_send_queue();
        if send_queue.open && send_queue.waiting.is_empty() && send_queue.handed < AT_ONCE {
            send_queue.handed += packet.body.get().len();
            send_queue.note_handed_on(self.progress());
            return self.emit(packet.event, &packet.body);
        }
        if send_queue.waiting.len() >= OUTBOUND {
            send_queue.waiting = VecDeque::new();
            drop(send_queue);
            return self.is_too_slow();
        }
        send_queue.waiting.push_back(packet.clone());
        self.hand_on(&mut send_queue);
    }

    /// CONNECT has been answered: what was told in the meantime is said, and everything else from now on at once.
    pub fn enter(self: &Arc<Self>) {
        let mut send_queue = self.lock_send_queue();
        (send_queue.open, send_queue.taken) = (true, self.progress());
        self.hand_on(&mut send_queue);
    }

    /// Has it been told what was not handed to its wire yet?
    pub fn is_behind(&self) -> bool {
        !self.lock_send_queue().waiting.is_empty()
    }

    fn lock_send_queue(&self) -> MutexGuard<'_, SendQueue> {
        self.send_queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_on(self: &Arc<Self>) -> Carried {
        let mut send_queue = self.lock_send_queue();
        if self.has_ended() {
            send_queue.waiting = VecDeque::new();
        }
        let waiting = send_queue.waiting.len();
        self.hand_on(&mut send_queue);
        match send_queue.waiting.len() {
            0 => {
                send_queue.carried = false;
                Carried::All
            }
            left if left == waiting => Carried::Nothing,
            _ => Carried::Some,
        }
    }

    fn hand_on(self: &Arc<Self>, send_queue: &mut SendQueue) {
        while send_queue.open && !send_queue.waiting.is_empty() {
            if send_queue.handed >= AT_ONCE {
                let taken = self.progress();
                if taken == send_queue.taken {
                    if !std::mem::replace(&mut send_queue.carried, true) {
                        tokio::spawn(carry(Arc::downgrade(self)));
                    }
                    return;
                }
                (send_queue.taken, send_queue.handed) = (taken, 0);
            }
            let Some(packet) = send_queue.waiting.pop_front() else {
                return;
            };
            send_queue.handed += packet.body.get().len();
            send_queue.note_handed_on(self.progress());
            self.emit(packet.event, &packet.body);
        }
    }

    /// Something is handed on beside what waits here.
    pub(super) fn note_emitted(&self) {
        self.lock_send_queue().note_handed_on(self.progress());
    }

    /// Has it taken nothing of what it was handed for [`STALL`]? A websocket's connection ends by itself then; a client
    /// that polls need not have one, and may go on answering pings without ever asking for what it was told.
    pub fn is_stalled(&self) -> bool {
        let send_queue = self.lock_send_queue();
        let untaken = send_queue.untaken.as_ref();
        untaken.is_some_and(|it| it.taken == self.progress() && it.since.elapsed() > STALL)
    }
}

impl SendQueue {
    /// Something is handed on to a session that is this far.
    fn note_handed_on(&mut self, taken: u64) {
        if self.untaken.as_ref().is_none_or(|it| it.taken != taken) {
            let since = Instant::now();
            self.untaken = Some(Untaken { since, taken });
        }
    }
}

/// Hands on what waits for a socket, as its wire takes it, until nothing does.
async fn carry(client: Weak<Client>) {
    let mut pause = SOON;
    loop {
        let Some(handshake) = client
            .upgrade()
            .and_then(|client| client.handshake().cloned())
        else {
            return;
        };
        // Registered before looking, so that nothing can come between the look and the wait.
        let mut progress = pin!(handshake.transport.progress().next());
        progress.as_mut().enable();
        match client.upgrade().map(|client| client.carry_on()) {
            None | Some(Carried::All) => return,
            Some(Carried::Some) => pause = SOON,
            // Who ends it does not tell this task: so there is a look now and then besides.
            Some(Carried::Nothing) => pause = (2 * pause).min(LATE),
        }
        timeout(pause, progress).await.ok();
    }
}

enum Carried {
    All,
    Some,
    Nothing,
}
