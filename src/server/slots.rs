//! Who may connect? Connections are bounded, in all and from one address. If slots run out, idle connections are closed
//! first: their clients reconnect when they have a request.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use ipnet::IpNet;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::web::answer::envelope;
use crate::web::rates::network;
use crate::web::this_machine::is_this_machine;

/// File descriptors that are kept for the database and everything else that is not a connection.
const OWN_FILES: u64 = 64;
/// The log says at most once in this time why a connection was not accepted.
const LOG_EVERY: Duration = Duration::from_secs(60);
/// How long to wait before trying again to find a slot, or to accept.
const PAUSE: Duration = Duration::from_millis(20);

/// The slots of a server.
pub struct ConnectionSlots {
    free: Arc<Semaphore>,
    most: usize,
    /// Slots that one address may take; `None`: as many as there are.
    per_address: Option<usize>,
    /// Many clients share the address of such a proxy.
    trust_proxy: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    by_address: HashMap<IpAddr, usize>,
    /// The connections that wait for a request, the longest first.
    idle: BTreeMap<u64, (IpAddr, Arc<Notify>)>,
    /// The latest number of an idle connection.
    last: u64,
    /// When the log last said why a connection was not accepted.
    logged: Option<Instant>,
}

/// The slot of a connection; free again when it is dropped.
pub struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlots {
    pub fn new(per_address: Option<usize>, trust_proxy: Vec<IpNet>) -> Arc<Self> {
        Self::of(connections(), per_address, trust_proxy)
    }

    fn of(most: usize, per_address: Option<usize>, trust_proxy: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            most,
            per_address,
            trust_proxy,
            taken: Mutex::default(),
        })
    }

    /// Accepts the next connection. Without a free slot none is accepted: clients wait in the kernel's queue.
    pub async fn next(
        self: &Arc<Self>,
        listener: &TcpListener,
    ) -> (TcpStream, SocketAddr, ConnectionSlot) {
        loop {
            let permit = self.free().await;
            match listener.accept().await {
                Ok((stream, peer)) => match self.take(permit, peer.ip()) {
                    Some(slot) => return (stream, peer, slot),
                    None => turn_away(&stream),
                },
                Err(error) => {
                    self.log("a connection was not accepted", &error.to_string());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Waits for a free slot.
    async fn free(&self) -> OwnedSemaphorePermit {
        loop {
            let free = self.free.clone();
            if let Ok(permit) = free.clone().try_acquire_owned() {
                return permit;
            }
            let why = "all slots for connections are taken: raise the limit of open files";
            self.log(why, &format!("{} slots", self.most));
            self.end_idle(None);
            // Another connection may become idle meanwhile.
            if let Ok(Ok(permit)) = timeout(PAUSE, free.acquire_owned()).await {
                return permit;
            }
        }
    }

    /// A slot for this address; `None` if it has as many as it may and none is idle.
    fn take(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        address: IpAddr,
    ) -> Option<ConnectionSlot> {
        // The address itself is asked here, because its network may have other addresses in it.
        let most = self
            .per_address
            .filter(|_| !self.stands_for_many(address.to_canonical()));
        let address = network(address);
        let has = self.taken.lock().by_address.get(&address).copied();
        if most.is_some_and(|most| has.unwrap_or_default() >= most) && !self.end_idle(Some(address))
        {
            let why = "an address has as many connections as it may: --connections-per-address";
            self.log(why, &address.to_string());
            return None;
        }
        *self.taken.lock().by_address.entry(address).or_default() += 1;
        Some(ConnectionSlot {
            slots: self.clone(),
            address,
            _permit: permit,
        })
    }

    /// Is this a trusted proxy, or this machine, on which a proxy may run that no flag names?
    fn stands_for_many(&self, address: IpAddr) -> bool {
        is_this_machine(address) || self.trust_proxy.iter().any(|net| net.contains(&address))
    }

    /// Closes the connection that has been idle for the longest, of all or of this address. `false` if none is idle.
    fn end_idle(&self, of: Option<IpAddr>) -> bool {
        let mut taken = self.taken.lock();
        let is_of = |address: &IpAddr| of.is_none_or(|of| of == *address);
        let mut idle = taken.idle.iter();
        let found = idle.find(|(_, (address, _))| is_of(address));
        let Some(number) = found.map(|(number, _)| *number) else {
            return false;
        };
        if let Some((_, needed)) = taken.idle.remove(&number) {
            needed.notify_one();
        }
        true
    }

    /// Logs why a connection was not accepted, at most once in [`LOG_EVERY`].
    fn log(&self, why: &str, what: &str) {
        let mut taken = self.taken.lock();
        let now = Instant::now();
        if taken.logged.is_none_or(|logged| now - logged >= LOG_EVERY) {
            taken.logged = Some(now);
            tracing::warn!(what, "{why}");
        }
    }
}

impl ConnectionSlot {
    /// To be told when the connection waits for a request: its slot may be needed then.
    pub fn idleness(&self) -> Idleness {
        Idleness {
            slots: self.slots.clone(),
            address: self.address,
            number: Mutex::default(),
            needed: Arc::default(),
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock();
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// Does a connection wait for a request?
pub struct Idleness {
    slots: Arc<ConnectionSlots>,
    address: IpAddr,
    /// Its key among the idle connections, if it is one.
    number: Mutex<Option<u64>>,
    needed: Arc<Notify>,
}

impl Idleness {
    /// From now on it does.
    pub fn begin(&self) {
        let mut taken = self.slots.taken.lock();
        taken.last += 1;
        let number = taken.last;
        if let Some(before) = self.number.lock().replace(number) {
            taken.idle.remove(&before);
        }
        taken
            .idle
            .insert(number, (self.address, self.needed.clone()));
    }

    /// From now on it does not.
    pub fn end(&self) {
        let number = self.number.lock().take();
        if let Some(number) = number {
            self.slots.taken.lock().idle.remove(&number);
        }
    }

    /// Waits until somebody else needs the slot.
    pub async fn slot_needed(&self) {
        self.needed.notified().await;
    }
}

impl Drop for Idleness {
    fn drop(&mut self) {
        self.end();
    }
}

/// Answers 429, if that can be written at once: this waits for no client.
fn turn_away(stream: &TcpStream) {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let body = envelope(status, "Too many connections from this address").to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRetry-After: 10\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // A client that speaks TLS, or has gone, cannot read it anyway.
    stream.try_write(answer.as_bytes()).ok();
}

/// How many connections there may be: the limit of open files, raised as far as the system allows, less [`OWN_FILES`].
fn connections() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files was not raised");
    }
    let files = getrlimit(Resource::Nofile)
        .current
        .unwrap_or(1 << 20)
        .min(1 << 20);
    files.saturating_sub(OWN_FILES).max(16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes(slots: &Arc<ConnectionSlots>, from: &str) -> Option<ConnectionSlot> {
        let permit = slots.free.clone().try_acquire_owned().expect("a slot");
        slots.take(permit, from.parse().expect("an address"))
    }

    #[tokio::test]
    async fn an_address_has_so_many_slots_and_idle_ones_make_room() {
        let slots = ConnectionSlots::of(
            100,
            Some(2),
            vec!["198.51.100.7/32".parse().expect("a net")],
        );
        let first = comes(&slots, "192.0.2.1").expect("a slot");
        let _second = comes(&slots, "192.0.2.1").expect("a slot");
        assert!(comes(&slots, "192.0.2.1").is_none());
        let _other = comes(&slots, "192.0.2.2").expect("others have their own");
        // Many clients share the address of a trusted proxy, or of this machine.
        for many in ["198.51.100.7", "127.0.0.1", "::1"] {
            let all: Vec<_> = (0..5).map(|_| comes(&slots, many)).collect();
            assert!(all.iter().all(Option::is_some), "{many}");
        }
        // One customer of a provider has a whole network.
        let _six = comes(&slots, "2001:db8::1").expect("a slot");
        let _same = comes(&slots, "2001:db8::2").expect("a slot");
        assert!(comes(&slots, "2001:db8::3").is_none());

        let idleness = first.idleness();
        idleness.begin();
        let _third = comes(&slots, "192.0.2.1").expect("the idle one makes room");
        idleness.slot_needed().await;
        assert!(comes(&slots, "192.0.2.1").is_none(), "nobody else is idle");
        drop(first);
        idleness.begin();
        idleness.end();
        assert!(comes(&slots, "192.0.2.1").is_none(), "it is busy again");
    }
}
