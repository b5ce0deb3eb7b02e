//! What can an administrator watch? The wire (every event that is sent), the open sockets, and figures of the server.
//!
//! `realtime` publishes and answers here; the administrator's API asks. If nobody watches the wire, it costs nothing.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::StatusCode;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::this_machine::is_this_machine;
use crate::core::backup_folder::Standing;
use crate::core::certificate;
use crate::core::error::{Error, Result};
use crate::core::model::{ConversationId, SocketSeen, Time};

/// How many events a watcher of the wire may lag behind.
const WIRE: usize = 1_024;
/// How many slices of time are remembered: half an hour.
const SLICES: usize = 180;

/// An event as it was sent to its listeners.
pub struct WireEvent {
    pub at: Time,
    pub dialect: &'static str,
    pub event: &'static str,
    pub conversation: Option<ConversationId>,
    /// `room`, `others`, `own` or `person`
    pub audience: &'static str,
    /// How many sockets it was sent to.
    pub to: usize,
    pub body: Arc<RawValue>,
}

/// How many sockets are open.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketCount {
    pub websocket: usize,
    pub polling: usize,
    pub main: usize,
    pub chat: usize,
}

/// A question to `realtime`, with the channel for the answer.
pub enum Query {
    Count(oneshot::Sender<SocketCount>),
    Sockets(oneshot::Sender<Vec<SocketSeen>>),
    /// Close the socket of this number; answers `false` if there is none.
    End(u64, oneshot::Sender<bool>),
}

/// A slice of time, ten seconds long.
#[derive(Debug, Clone)]
pub struct Slice {
    pub at: Time,
    pub sockets: SocketCount,
    /// Messages by dialect.
    pub messages: Vec<(&'static str, u64)>,
    /// Milliseconds from a write's arrival to its commit.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub database_bytes: u64,
    /// The bytes of complete files.
    pub file_bytes: i64,
}

/// A flag and its value.
#[derive(Debug, Clone)]
pub struct Setting {
    pub flag: String,
    /// `None` if it is not set; `set` in place of a secret.
    pub value: Option<String>,
    pub is_default: bool,
    pub help: String,
    /// The command line that sets this value, or an example if it is not set.
    pub line: String,
}

/// Everything that can be watched of a server.
pub struct Watch {
    pub started_at: Time,
    pub facts: ServerFacts,
    /// A proxy that was seen and is not in `--trust-proxy`.
    proxy: Mutex<Option<IpAddr>>,
    wire: broadcast::Sender<Arc<WireEvent>>,
    queries: mpsc::UnboundedSender<Query>,
    /// Number of requests by the first digit of the answer's status.
    answered: [AtomicU64; 6],
    delivered: AtomicU64,
    /// How the backups go that the server makes by itself; `None` if it makes none.
    pub backups: Mutex<Option<Standing>>,
    /// How it goes with the certificate that the server gets by itself; `None` if it gets none.
    pub acme: Mutex<Option<certificate::Standing>>,
    slices: Mutex<VecDeque<Slice>>,
    closing: watch::Sender<bool>,
}

/// What does not change while the server runs.
#[derive(Debug, Default)]
pub struct ServerFacts {
    /// Each flag of the server.
    pub settings: Vec<Setting>,
    /// Mail is sent, and does not only wait in the outbox.
    pub mails: bool,
    /// An acknowledged message survives a power cut.
    pub durable: bool,
    /// It is reached from other machines without TLS.
    pub exposed: bool,
    /// Until when its certificate is valid, if it has one; a renewed one is valid for longer.
    pub certificate_ends: Arc<Mutex<Option<Time>>>,
}

/// Warn so long before a certificate ends, in milliseconds.
const SOON: i64 = 14 * 86_400_000;

/// Is it time to renew a certificate that is valid until then?
pub fn ends_soon(ends: Time, now: Time) -> bool {
    ends.0 - now.0 < SOON
}

/// The end of the channel at which `realtime` receives queries.
pub type Queries = mpsc::UnboundedReceiver<Query>;

impl Watch {
    pub fn new(facts: ServerFacts) -> (Arc<Self>, Queries) {
        let (queries, asked) = mpsc::unbounded_channel();
        let watch = Self {
            started_at: Time::now(),
            facts,
            proxy: Mutex::default(),
            wire: broadcast::channel(WIRE).0,
            queries,
            answered: Default::default(),
            delivered: AtomicU64::new(0),
            backups: Mutex::default(),
            acme: Mutex::default(),
            slices: Mutex::default(),
            closing: watch::channel(false).0,
        };
        (Arc::new(watch), asked)
    }

    /// A peer sends headers of a proxy and is not trusted. One on this machine or in its own network is more likely a proxy
    /// than one from anywhere, so that one is remembered.
    pub fn saw_a_proxy(&self, peer: IpAddr) {
        let mut known = self.proxy.lock();
        if known.is_none_or(|known| !is_near(known) && is_near(peer)) {
            *known = Some(peer);
        }
    }

    /// A proxy that is not trusted, if one was seen.
    pub fn untrusted_proxy(&self) -> Option<IpAddr> {
        *self.proxy.lock()
    }

    /// Does anybody watch the wire?
    pub fn is_watched(&self) -> bool {
        self.wire.receiver_count() > 0
    }

    pub fn publish(&self, passing: WireEvent) {
        // An error only says that nobody watches any more.
        self.wire.send(Arc::new(passing)).ok();
    }

    /// All events that are sent from now on.
    pub fn wire(&self) -> broadcast::Receiver<Arc<WireEvent>> {
        self.wire.subscribe()
    }

    /// Becomes true when the server stops; streams end then.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(super) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).min(5);
        self.answered[class].fetch_add(1, Relaxed);
    }

    /// Requests so far: the first digit of the status, and how many.
    pub fn requests(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let counts = self.answered.iter().enumerate();
        counts.map(|(class, count)| (class, count.load(Relaxed)))
    }

    pub fn delivers(&self, events: usize) {
        self.delivered.fetch_add(events as u64, Relaxed);
    }

    /// Events sent so far, each counted once for each socket.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// # Errors
    /// `Overloaded` if the server is stopping.
    pub async fn count(&self) -> Result<SocketCount> {
        self.ask(Query::Count).await
    }

    /// # Errors
    /// As [`Watch::count`].
    pub async fn sockets(&self) -> Result<Vec<SocketSeen>> {
        self.ask(Query::Sockets).await
    }

    /// # Errors
    /// As [`Watch::count`], and `NotFound`.
    pub async fn end_socket(&self, number: u64) -> Result<()> {
        let ended = self.ask(|answer| Query::End(number, answer)).await?;
        ended.then_some(()).ok_or(Error::NotFound("Socket"))
    }

    async fn ask<T>(&self, query: impl FnOnce(oneshot::Sender<T>) -> Query) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let stopping = || Error::Overloaded("The server is stopping");
        self.queries.send(query(answer)).map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())
    }

    pub fn remember(&self, slice: Slice) {
        let mut slices = self.slices.lock();
        if slices.len() == SLICES {
            slices.pop_front();
        }
        slices.push_back(slice);
    }

    /// The latest slices of time, the oldest first.
    pub fn slices(&self) -> Vec<Slice> {
        let slices = self.slices.lock();
        slices.iter().cloned().collect()
    }
}

/// Is it an address of this machine or of a private network?
fn is_near(address: IpAddr) -> bool {
    let is_in_a_private_network = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    is_in_a_private_network || is_this_machine(address)
}
