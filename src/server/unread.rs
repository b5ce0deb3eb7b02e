//! How much waits for clients that do not read? Large answers are counted until the wire has taken them. When too much
//! waits, the address that has most of it loses the answer of which nothing was taken for the longest, with its connection:
//! whoever reads is served on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::connection::Connection;
use super::manners::Serving;
use crate::core::limits::FILE_PART;
use crate::realtime::transport::Transport;
use crate::web::in_flight::RequestInFlight;
use crate::web::rates::network;

/// Bytes of large answers that may wait, for all clients together.
const MOST: usize = 128 << 20;
/// Smaller ones are not counted: a wire takes them at once, and there are only so many connections.
const LARGE: u64 = 64 << 10;
/// What an answer holds that is read while it is taken: a part in hand, one that waits, and one on its way.
const STREAMED: usize = 3 * FILE_PART;

/// The large answers that have not been taken yet.
#[derive(Default)]
pub struct Unread(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    bytes: usize,
    last: u64,
    by_address: HashMap<IpAddr, Owed>,
}

/// What waits for one address: first that of which nothing was taken for the longest.
#[derive(Default)]
struct Owed {
    bytes: usize,
    answers: BTreeMap<u64, (usize, Arc<Connection>)>,
}

impl Unread {
    /// An answer of this size goes out, to this address on this connection; counted until what is returned is dropped.
    pub fn hold(
        self: &Arc<Self>,
        size: &SizeHint,
        address: IpAddr,
        connection: &Arc<Connection>,
    ) -> Option<Held> {
        let bytes = match size.exact() {
            Some(bytes) if bytes <= LARGE => return None,
            Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
            None => STREAMED,
        };
        let bytes = bytes.min(MOST);
        let address = network(address);
        let mut waiting = self.lock();
        waiting.last += 1;
        let number = waiting.last;
        // Before it is one of them: the newest is not the one to go.
        while waiting.bytes + bytes > MOST && waiting.lose_one() {}
        waiting.bytes += bytes;
        let owed = waiting.by_address.entry(address).or_default();
        owed.bytes += bytes;
        owed.answers.insert(number, (bytes, connection.clone()));
        Some(Held {
            unread: self.clone(),
            address,
            number: number.into(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Cuts the answer of which nothing was taken for the longest, of those to the address that most waits for.
    fn lose_one(&mut self) -> bool {
        // Of addresses that owe as much, the one that has not moved for the longest.
        let most = self
            .by_address
            .iter()
            .max_by_key(|(_, owed)| (owed.bytes, Reverse(owed.answers.keys().next().copied())));
        let found = most.and_then(|(address, owed)| Some((*address, *owed.answers.keys().next()?)));
        let Some((address, number)) = found else {
            return false;
        };
        if let Some(connection) = self.take_out(address, number) {
            connection.cut();
        }
        true
    }

    fn take_out(&mut self, address: IpAddr, number: u64) -> Option<Arc<Connection>> {
        let owed = self.by_address.get_mut(&address)?;
        let (bytes, connection) = owed.answers.remove(&number)?;
        owed.bytes -= bytes;
        self.bytes -= bytes;
        if owed.answers.is_empty() {
            self.by_address.remove(&address);
        }
        Some(connection)
    }
}

/// An answer that is counted.
pub struct Held {
    unread: Arc<Unread>,
    address: IpAddr,
    number: AtomicU64,
}

impl Held {
    /// Some of it was taken: it is not the one to go.
    fn was_taken(&self) {
        let mut waiting = self.unread.lock();
        waiting.last += 1;
        let now = waiting.last;
        let before = self.number.swap(now, Ordering::Relaxed);
        let owed = waiting.by_address.get_mut(&self.address);
        // It may have been cut.
        if let Some(owed) = owed
            && let Some(answer) = owed.answers.remove(&before)
        {
            owed.answers.insert(now, answer);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let number = *self.number.get_mut();
        self.unread.lock().take_out(self.address, number);
    }
}

/// What is held until an answer has been taken.
type Until = Arc<(Serving, Option<Held>, Option<Arc<RequestInFlight>>)>;

/// An answer, whose parts hold what is counted until the wire has taken them.
pub struct Answered<B> {
    body: B,
    until: Until,
}

impl<B> Answered<B> {
    pub fn new(
        body: B,
        serving: Serving,
        held: Option<Held>,
        begun: Option<Arc<RequestInFlight>>,
    ) -> Self {
        let until = Arc::new((serving, held, begun));
        Self { body, until }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answered<B> {
    type Data = Part;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Part>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        polled.map_ok(|frame| {
            frame.map_data(|bytes| Part {
                bytes,
                until: self.until.clone(),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A part of an answer.
pub struct Part {
    bytes: Bytes,
    until: Until,
}

impl Buf for Part {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(held) = &self.until.1 {
            held.was_taken();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_owes_most_loses_what_it_does_not_take() {
        let unread = Arc::<Unread>::default();
        let lines: Vec<_> = (0..5).map(|_| Arc::<Connection>::default()).collect();
        let hold = |connection: usize, address: &str, bytes: usize| {
            let size = SizeHint::with_exact(bytes as u64);
            let address = address.parse().expect("an address");
            unread.hold(&size, address, &lines[connection])
        };
        let small = hold(0, "192.0.2.1", 1_000);
        assert!(small.is_none());
        let half = MOST / 2;
        let _bob = hold(0, "192.0.2.2", half / 2);
        let first = hold(1, "192.0.2.1", half / 2);
        let _second = hold(2, "192.0.2.1", half);
        first.as_ref().expect("it is large").was_taken();
        let newest = hold(3, "192.0.2.3", half / 2);
        let cut = || {
            lines
                .iter()
                .map(|connection| connection.is_gone())
                .collect::<Vec<_>>()
        };
        assert_eq!(cut(), [false, false, true, false, false]);
        // What has been taken makes room.
        drop(newest);
        let _last = hold(4, "192.0.2.3", half / 2);
        assert_eq!(cut(), [false, false, true, false, false]);
        assert_eq!(unread.lock().bytes, 3 * (half / 2));
    }
}
