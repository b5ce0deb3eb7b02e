//! What may whoever runs it watch? The wire, the open sockets, and figures that are gathered while the server works.
//!
//! Realtime tells and answers here; the administrator's API asks. Nothing is done for a wire that nobody watches.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use serde_json::value::RawValue;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::this_machine::is_this_machine;
use crate::core::error::{Error, Result};
use crate::core::model::{AccountId, ConversationId, Time};

/// Events that whoever watches the wire may be behind.
const WIRE: usize = 1_024;
/// Slices of time that are remembered.
const SLICES: usize = 180;

/// Something told, as it passes to its listeners.
pub struct WireEvent {
    pub at: Time,
    pub dialect: &'static str,
    pub event: &'static str,
    pub conversation: Option<ConversationId>,
    /// `room`, `others`, `own` or `person`
    pub audience: &'static str,
    /// How many sockets hear it.
    pub to: usize,
    pub body: Arc<RawValue>,
}

/// An open socket.
pub struct SocketSeen {
    pub number: u64,
    pub account: AccountId,
    pub name: Arc<str>,
    pub namespace: &'static str,
    pub transport: &'static str,
    /// The dialects by which it has joined something.
    pub dialects: Vec<&'static str>,
    pub rooms: usize,
    pub address: IpAddr,
    pub user_agent: String,
    pub since: Time,
}

/// How many sockets are open.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketCount {
    pub websocket: usize,
    pub polling: usize,
    pub main: usize,
    pub chat: usize,
}

/// What realtime is asked.
pub enum Query {
    Count(oneshot::Sender<SocketCount>),
    Sockets(oneshot::Sender<Vec<SocketSeen>>),
    /// End this one; `false` where there is none.
    End(u64, oneshot::Sender<bool>),
}

/// A slice of time, ten seconds long.
#[derive(Debug, Clone)]
pub struct Slice {
    pub at: Time,
    pub sockets: SocketCount,
    /// Messages by dialect.
    pub messages: Vec<(&'static str, u64)>,
    /// Milliseconds to a commit.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub database_bytes: u64,
    /// Of files that are whole.
    pub file_bytes: i64,
}

/// A flag, as it is set.
#[derive(Debug, Clone)]
pub struct Setting {
    pub flag: String,
    /// `None` where it is not set; of a secret only that it is.
    pub value: Option<String>,
    pub is_default: bool,
    pub help: String,
    /// What to type for the value that it has, or for one that it could have.
    pub line: String,
}

/// What is to be watched of a server.
pub struct Watch {
    pub started_at: Time,
    pub settings: Vec<Setting>,
    /// Mail is sent, not only kept.
    pub mails: bool,
    /// An acknowledged message survives a power cut.
    pub durable: bool,
    /// It is reached from outside in the clear.
    pub exposed: bool,
    /// A proxy that speaks for many, and that nobody said to trust.
    proxy: Mutex<Option<IpAddr>>,
    wire: broadcast::Sender<Arc<WireEvent>>,
    queries: mpsc::UnboundedSender<Query>,
    /// Requests by the first digit of the answer's status.
    answered: [AtomicU64; 6],
    delivered: AtomicU64,
    slices: Mutex<VecDeque<Slice>>,
    closing: watch::Sender<bool>,
}

/// What is known of a server when it starts.
#[derive(Debug, Default)]
pub struct ServerFacts {
    pub settings: Vec<Setting>,
    pub mails: bool,
    pub durable: bool,
    pub exposed: bool,
}

/// Where realtime hears what it is asked.
pub type Queries = mpsc::UnboundedReceiver<Query>;

impl Watch {
    pub fn new(about: ServerFacts) -> (Arc<Self>, Queries) {
        let (queries, asked) = mpsc::unbounded_channel();
        let watch = Self {
            started_at: Time::now(),
            settings: about.settings,
            mails: about.mails,
            durable: about.durable,
            exposed: about.exposed,
            proxy: Mutex::default(),
            wire: broadcast::channel(WIRE).0,
            queries,
            answered: Default::default(),
            delivered: AtomicU64::new(0),
            slices: Mutex::default(),
            closing: watch::channel(false).0,
        };
        (Arc::new(watch), asked)
    }

    /// Somebody speaks for others, and is not believed. One on this machine or in its own network is more likely a proxy
    /// than one from anywhere, so that one is remembered.
    pub fn saw_a_proxy(&self, peer: IpAddr) {
        let mut known = self.proxy.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none_or(|known| !is_near(known) && is_near(peer)) {
            *known = Some(peer);
        }
    }

    /// A proxy that is not trusted, if one was seen.
    pub fn untrusted_proxy(&self) -> Option<IpAddr> {
        *self.proxy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does anybody watch the wire?
    pub fn is_watched(&self) -> bool {
        self.wire.receiver_count() > 0
    }

    pub fn publish(&self, passing: WireEvent) {
        // An error says that nobody watches any more.
        self.wire.send(Arc::new(passing)).ok();
    }

    /// What passes from now on.
    pub fn wire(&self) -> broadcast::Receiver<Arc<WireEvent>> {
        self.wire.subscribe()
    }

    /// Becomes true when the server ends: whoever streams ends too.
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

    /// Events told to sockets so far, each counted for each socket.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// # Errors
    /// `Overloaded` where the server is stopping.
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
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        if slices.len() == SLICES {
            slices.pop_front();
        }
        slices.push_back(slice);
    }

    /// The latest slices of time, the oldest first.
    pub fn slices(&self) -> Vec<Slice> {
        let slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        slices.iter().cloned().collect()
    }
}

/// Is it this machine, or one of a private network?
fn is_near(address: IpAddr) -> bool {
    let is_in_a_private_network = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    is_in_a_private_network || is_this_machine(address)
}
