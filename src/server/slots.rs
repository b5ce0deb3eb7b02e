//! Who may connect? Connections are bounded, in all and from one address. When slots run out, who has nothing to say at
//! the moment goes first: such a client comes back when it has.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::web::answer::envelope;
use crate::web::rates::network;
use crate::web::this_machine::is_this_machine;

/// File descriptors that are kept for the database and whatever else is no connection.
const OWN_FILES: u64 = 64;
/// How often the log says that there is no slot: not for each who finds none.
const SAID_EVERY: Duration = Duration::from_secs(60);
/// How long it waits before it looks again: for a slot, or whether the system lets it accept.
const PAUSE: Duration = Duration::from_millis(20);

/// The slots of a server.
pub struct ConnectionSlots {
    free: Arc<Semaphore>,
    most: usize,
    /// Slots that one address may take; `None`: as many as there are.
    per_address: Option<usize>,
    /// Behind these are many.
    trust_proxy: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    by_address: HashMap<IpAddr, usize>,
    /// Who waits for a client to say something, the longest first.
    idle: BTreeMap<u64, (IpAddr, Arc<Notify>)>,
    last: u64,
    /// When the log last said what was wrong.
    said: Option<Instant>,
}

/// A slot that somebody has; free again when it is dropped.
pub struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    address: IpAddr,
    _one: OwnedSemaphorePermit,
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

    /// Who comes next. Without a slot nobody is accepted: who comes waits in the kernel's queue.
    pub async fn next(
        self: &Arc<Self>,
        listener: &TcpListener,
    ) -> (TcpStream, SocketAddr, ConnectionSlot) {
        loop {
            let one = self.free().await;
            match listener.accept().await {
                Ok((stream, peer)) => match self.take(one, peer.ip()) {
                    Some(slot) => return (stream, peer, slot),
                    None => turn_away(&stream),
                },
                Err(error) => {
                    self.say("a connection was not accepted", &error.to_string());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// A free slot, sooner or later.
    async fn free(&self) -> OwnedSemaphorePermit {
        loop {
            let free = self.free.clone();
            if let Ok(one) = free.clone().try_acquire_owned() {
                return one;
            }
            let why = "all slots for connections are taken: raise the limit of open files";
            self.say(why, &format!("{} slots", self.most));
            self.end_idle(None);
            // Somebody else may begin to be idle meanwhile.
            if let Ok(Ok(one)) = timeout(PAUSE, free.acquire_owned()).await {
                return one;
            }
        }
    }

    /// A slot for this address; `None` where it has as many as it may and all are busy.
    fn take(
        self: &Arc<Self>,
        one: OwnedSemaphorePermit,
        address: IpAddr,
    ) -> Option<ConnectionSlot> {
        // Of the address itself: its network may have others in it.
        let most = self
            .per_address
            .filter(|_| !self.stands_for_many(address.to_canonical()));
        let address = network(address);
        let has = self.lock().by_address.get(&address).copied();
        if most.is_some_and(|most| has.unwrap_or_default() >= most) && !self.end_idle(Some(address))
        {
            let why = "an address has as many connections as it may: --connections-per-address";
            self.say(why, &address.to_string());
            return None;
        }
        *self.lock().by_address.entry(address).or_default() += 1;
        Some(ConnectionSlot {
            slots: self.clone(),
            address,
            _one: one,
        })
    }

    /// A proxy, or this machine itself, where one may be that nobody told of.
    fn stands_for_many(&self, address: IpAddr) -> bool {
        is_this_machine(address) || self.trust_proxy.iter().any(|net| net.contains(&address))
    }

    /// Has the connection that has been idle for the longest end, of all or of this address.
    fn end_idle(&self, of: Option<IpAddr>) -> bool {
        let mut taken = self.lock();
        let is_meant = |address: &IpAddr| of.is_none_or(|of| of == *address);
        let mut idle = taken.idle.iter();
        let found = idle.find(|(_, (address, _))| is_meant(address));
        let Some(number) = found.map(|(number, _)| *number) else {
            return false;
        };
        if let Some((_, ends)) = taken.idle.remove(&number) {
            ends.notify_one();
        }
        true
    }

    /// Says so in the log, once in a while.
    fn say(&self, why: &str, what: &str) {
        let mut taken = self.lock();
        let now = Instant::now();
        if taken.said.is_none_or(|said| now - said >= SAID_EVERY) {
            taken.said = Some(now);
            tracing::warn!(what, "{why}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// Is told while its connection waits for the client: its end may be asked for then.
    pub fn idleness(&self) -> Idleness {
        Idleness {
            slots: self.slots.clone(),
            address: self.address,
            number: Mutex::default(),
            ends: Arc::default(),
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// Does a connection wait for its client?
pub struct Idleness {
    slots: Arc<ConnectionSlots>,
    address: IpAddr,
    /// Where it stands among those who do.
    number: Mutex<Option<u64>>,
    ends: Arc<Notify>,
}

impl Idleness {
    /// From here on it does.
    pub fn begins(&self) {
        let mut taken = self.slots.lock();
        taken.last += 1;
        let number = taken.last;
        if let Some(before) = self.number().replace(number) {
            taken.idle.remove(&before);
        }
        taken.idle.insert(number, (self.address, self.ends.clone()));
    }

    /// From here on it does not.
    pub fn is_over(&self) {
        let number = self.number().take();
        if let Some(number) = number {
            self.slots.lock().idle.remove(&number);
        }
    }

    /// Waits until somebody else needs its slot.
    pub async fn is_asked_to_end(&self) {
        self.ends.notified().await;
    }

    fn number(&self) -> MutexGuard<'_, Option<u64>> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Idleness {
    fn drop(&mut self) {
        self.is_over();
    }
}

/// Says why, if that goes out at once: nobody is waited for here.
fn turn_away(stream: &TcpStream) {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let body = envelope(status, "Too many connections from this address").to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRetry-After: 10\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // Whoever speaks TLS, or has gone, does not understand it anyway.
    stream.try_write(answer.as_bytes()).ok();
}

/// How many connections there may be: as many as the system lets us have, once asked for all it gives.
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
        let one = slots.free.clone().try_acquire_owned().expect("a slot");
        slots.take(one, from.parse().expect("an address"))
    }

    #[tokio::test]
    async fn an_address_has_so_many_places_and_idle_ones_make_room() {
        let slots = ConnectionSlots::of(
            100,
            Some(2),
            vec!["198.51.100.7/32".parse().expect("a net")],
        );
        let first = comes(&slots, "192.0.2.1").expect("a slot");
        let _second = comes(&slots, "192.0.2.1").expect("a slot");
        assert!(comes(&slots, "192.0.2.1").is_none());
        let _other = comes(&slots, "192.0.2.2").expect("others have their own");
        // Behind a trusted proxy, and on this machine, are many.
        for many in ["198.51.100.7", "127.0.0.1", "::1"] {
            let all: Vec<_> = (0..5).map(|_| comes(&slots, many)).collect();
            assert!(all.iter().all(Option::is_some), "{many}");
        }
        // One customer of a provider has a whole network.
        let _six = comes(&slots, "2001:db8::1").expect("a slot");
        let _same = comes(&slots, "2001:db8::2").expect("a slot");
        assert!(comes(&slots, "2001:db8::3").is_none());

        let idleness = first.idleness();
        idleness.begins();
        let _third = comes(&slots, "192.0.2.1").expect("the idle one makes room");
        idleness.is_asked_to_end().await;
        assert!(comes(&slots, "192.0.2.1").is_none(), "nobody else is idle");
        drop(first);
        idleness.begins();
        idleness.is_over();
        assert!(comes(&slots, "192.0.2.1").is_none(), "it is busy again");
    }
}
