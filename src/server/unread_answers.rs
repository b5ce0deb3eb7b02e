//! How many bytes may wait for clients that do not read? Large answers are counted until their connection has taken them. If
//! too many bytes wait, the address that most of them are for loses one answer, with its connection: the one of which
//! nothing was taken for the longest time. Clients that read are served on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;

use super::connection::Connection;
use super::timeouts::ActiveRequest;
use crate::core::limits::FILE_PART;
use crate::realtime::transport::Transport;
use crate::web::in_flight::RequestInFlight;
use crate::web::rates::network;

/// Bytes of large answers that may wait, for all clients together.
const MAX_BYTES: usize = 128 << 20;
/// Answers of at most this many bytes are not counted: a connection takes them at once, and connections are bounded.
const LARGE: u64 = 64 << 10;
/// Bytes that a streamed answer holds: one part being written, one that waits, and one being read.
const STREAMED: usize = 3 * FILE_PART;

/// The large answers that have not been read yet.
#[derive(Default)]
pub struct UnreadAnswers(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    bytes: usize,
    /// The latest key that was given to an answer.
    last: u64,
    by_address: HashMap<IpAddr, OfAddress>,
}

/// The answers to one address.
#[derive(Default)]
struct OfAddress {
    bytes: usize,
    /// The bytes and the connection of each. An answer gets a new key when some of it is taken, so the first has waited for
    /// the longest.
    answers: BTreeMap<u64, (usize, Arc<Connection>)>,
}

impl UnreadAnswers {
    /// Counts an answer until what this returns is dropped; `None` if it is too small to be counted. Cuts others if too
    /// many bytes would wait.
    pub fn count(
        self: &Arc<Self>,
        size: &SizeHint,
        address: IpAddr,
        connection: &Arc<Connection>,
    ) -> Option<CountedAnswer> {
        let bytes = match size.exact() {
            Some(bytes) if bytes <= LARGE => return None,
            Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
            None => STREAMED,
        };
        let bytes = bytes.min(MAX_BYTES);
        let address = network(address);
        let mut waiting = self.0.lock();
        waiting.last += 1;
        let number = waiting.last;
        // Before it is counted itself, so that it is not the one that is cut.
        while waiting.bytes + bytes > MAX_BYTES && waiting.cut_one() {}
        waiting.bytes += bytes;
        let own = waiting.by_address.entry(address).or_default();
        own.bytes += bytes;
        own.answers.insert(number, (bytes, connection.clone()));
        Some(CountedAnswer {
            unread: self.clone(),
            address,
            number: number.into(),
        })
    }
}

impl Waiting {
    /// Cuts the answer of which nothing was taken for the longest time, of those to the address that most bytes wait for.
    /// `false` if there is none.
    fn cut_one(&mut self) -> bool {
        // Of addresses with as many bytes, the one whose answer has waited for the longest.
        let most = self
            .by_address
            .iter()
            .max_by_key(|(_, own)| (own.bytes, Reverse(own.answers.keys().next().copied())));
        let found = most.and_then(|(address, own)| Some((*address, *own.answers.keys().next()?)));
        let Some((address, number)) = found else {
            return false;
        };
        if let Some(connection) = self.remove(address, number) {
            connection.cut();
        }
        true
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<Arc<Connection>> {
        let own = self.by_address.get_mut(&address)?;
        let (bytes, connection) = own.answers.remove(&number)?;
        own.bytes -= bytes;
        self.bytes -= bytes;
        if own.answers.is_empty() {
            self.by_address.remove(&address);
        }
        Some(connection)
    }
}

/// An answer that is counted.
pub struct CountedAnswer {
    unread: Arc<UnreadAnswers>,
    address: IpAddr,
    number: AtomicU64,
}

impl CountedAnswer {
    /// Some of it was taken, so others are cut before it.
    fn note_taken(&self) {
        let mut waiting = self.unread.0.lock();
        waiting.last += 1;
        let now = waiting.last;
        let before = self.number.swap(now, Ordering::Relaxed);
        let own = waiting.by_address.get_mut(&self.address);
        // It may have been cut.
        if let Some(own) = own
            && let Some(answer) = own.answers.remove(&before)
        {
            own.answers.insert(now, answer);
        }
    }
}

impl Drop for CountedAnswer {
    fn drop(&mut self) {
        let number = *self.number.get_mut();
        self.unread.0.lock().remove(self.address, number);
    }
}

/// Dropped when the whole answer has been taken.
type Guards = Arc<(
    ActiveRequest,
    Option<CountedAnswer>,
    Option<Arc<RequestInFlight>>,
)>;

/// The body of an answer. Each part holds the guards until the connection has taken it.
pub struct GuardedBody<B> {
    body: B,
    guards: Guards,
}

impl<B> GuardedBody<B> {
    pub fn new(
        body: B,
        request: ActiveRequest,
        counted: Option<CountedAnswer>,
        begun: Option<Arc<RequestInFlight>>,
    ) -> Self {
        let guards = Arc::new((request, counted, begun));
        Self { body, guards }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for GuardedBody<B> {
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
                guards: self.guards.clone(),
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
    guards: Guards,
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
        if let Some(counted) = &self.guards.1 {
            counted.note_taken();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_with_most_unread_bytes_loses_what_it_does_not_take() {
        let unread = Arc::<UnreadAnswers>::default();
        let connections: Vec<_> = (0..5).map(|_| Arc::<Connection>::default()).collect();
        let count = |connection: usize, address: &str, bytes: usize| {
            let size = SizeHint::with_exact(bytes as u64);
            let address = address.parse().expect("an address");
            unread.count(&size, address, &connections[connection])
        };
        let small = count(0, "192.0.2.1", 1_000);
        assert!(small.is_none());
        let half = MAX_BYTES / 2;
        let _bob = count(0, "192.0.2.2", half / 2);
        let first = count(1, "192.0.2.1", half / 2);
        let _second = count(2, "192.0.2.1", half);
        first.as_ref().expect("it is large").note_taken();
        let newest = count(3, "192.0.2.3", half / 2);
        let cut = || {
            connections
                .iter()
                .map(|connection| connection.is_gone())
                .collect::<Vec<_>>()
        };
        assert_eq!(cut(), [false, false, true, false, false]);
        // What has been taken makes room.
        drop(newest);
        let _last = count(4, "192.0.2.3", half / 2);
        assert_eq!(cut(), [false, false, true, false, false]);
        assert_eq!(unread.0.lock().bytes, 3 * (half / 2));
    }
}
