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
use super::guest::Guest;
use super::line::STALL;

/// Bytes that are handed on before the wire is seen to take some: hundreds of sockets may hold so many each.
const AT_ONCE: usize = 32 << 10;
/// How soon a wire is looked at again that had not taken everything; the longer it has not, the later.
const SOON: Duration = Duration::from_millis(1);
const LATE: Duration = Duration::from_millis(250);

/// What all who hear it share.
pub struct Told {
    pub event: &'static str,
    pub body: Arc<RawValue>,
}

/// What one socket was told.
#[derive(Default)]
pub struct Outbox {
    waiting: VecDeque<Arc<Told>>,
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

impl Guest {
    /// Tells this socket something. A socket that cannot take it has a hole now, so it is ended: its client comes back
    /// and catches up.
    pub fn tell(self: &Arc<Self>, told: &Arc<Told>) {
        if self.has_ended() {
            return;
        }
        let mut outbox = self.lock_outbox();
        if outbox.open && outbox.waiting.is_empty() && outbox.handed < AT_ONCE {
            outbox.handed += told.body.get().len();
            outbox.note_handed_on(self.progress());
            return self.emit(told.event, &told.body);
        }
        if outbox.waiting.len() >= OUTBOUND {
            outbox.waiting = VecDeque::new();
            drop(outbox);
            return self.is_too_slow();
        }
        outbox.waiting.push_back(told.clone());
        self.hand_on(&mut outbox);
    }

    /// CONNECT has been answered: what was told in the meantime is said, and everything else from now on at once.
    pub fn enter(self: &Arc<Self>) {
        let mut outbox = self.lock_outbox();
        (outbox.open, outbox.taken) = (true, self.progress());
        self.hand_on(&mut outbox);
    }

    /// Has it been told what was not handed to its wire yet?
    pub fn is_behind(&self) -> bool {
        !self.lock_outbox().waiting.is_empty()
    }

    fn lock_outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_on(self: &Arc<Self>) -> Carried {
        let mut outbox = self.lock_outbox();
        if self.has_ended() {
            outbox.waiting = VecDeque::new();
        }
        let waiting = outbox.waiting.len();
        self.hand_on(&mut outbox);
        match outbox.waiting.len() {
            0 => {
                outbox.carried = false;
                Carried::All
            }
            left if left == waiting => Carried::Nothing,
            _ => Carried::Some,
        }
    }

    fn hand_on(self: &Arc<Self>, outbox: &mut Outbox) {
        while outbox.open && !outbox.waiting.is_empty() {
            if outbox.handed >= AT_ONCE {
                let taken = self.progress();
                if taken == outbox.taken {
                    if !std::mem::replace(&mut outbox.carried, true) {
                        tokio::spawn(carry(Arc::downgrade(self)));
                    }
                    return;
                }
                (outbox.taken, outbox.handed) = (taken, 0);
            }
            let Some(told) = outbox.waiting.pop_front() else {
                return;
            };
            outbox.handed += told.body.get().len();
            outbox.note_handed_on(self.progress());
            self.emit(told.event, &told.body);
        }
    }

    /// Something is handed on beside what waits here.
    pub(super) fn note_emitted(&self) {
        self.lock_outbox().note_handed_on(self.progress());
    }

    /// Has it taken nothing of what it was handed for [`STALL`]? A websocket's connection ends by itself then; a client
    /// that polls need not have one, and may go on answering pings without ever asking for what it was told.
    pub fn is_stalled(&self) -> bool {
        let outbox = self.lock_outbox();
        let untaken = outbox.untaken.as_ref();
        untaken.is_some_and(|it| it.taken == self.progress() && it.since.elapsed() > STALL)
    }
}

impl Outbox {
    /// Something is handed on to a session that is this far.
    fn note_handed_on(&mut self, taken: u64) {
        if self.untaken.as_ref().is_none_or(|it| it.taken != taken) {
            let since = Instant::now();
            self.untaken = Some(Untaken { since, taken });
        }
    }
}

/// Hands on what waits for a socket, as its wire takes it, until nothing does.
async fn carry(guest: Weak<Guest>) {
    let mut pause = SOON;
    loop {
        let Some(arrival) = guest.upgrade().and_then(|guest| guest.arrival().cloned()) else {
            return;
        };
        // Registered before looking, so that nothing can come between the look and the wait.
        let mut progress = pin!(arrival.transport.progress().next());
        progress.as_mut().enable();
        match guest.upgrade().map(|guest| guest.carry_on()) {
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
