//! How did a session begin? What is kept of its first request.
//!
//! Socket.IO keeps that request for as long as the session lives. Its table of headers alone has 650 bytes, so what is
//! needed later is copied out of it, and the rest is dropped.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use http::{Request, header};
use parking_lot::{Mutex, MutexGuard};

use super::client::Client;
use super::heard::Socket;
use super::transport::Transport;
use crate::dialects::Namespace;
use crate::web::call::{bearer, without_bearer};

/// What is known of a session since its first request.
pub struct Handshake {
    pub transport: Arc<dyn Transport>,
    pub address: IpAddr,
    /// From the request's headers or its query.
    pub token: Option<Box<str>>,
    /// The `lastMessageId` of its query, for the first CONNECT without one: an Engine.IO 3 client connects to `/` without
    /// being able to say anything.
    position: Mutex<Option<Box<str>>>,
    pub user_agent: Box<str>,
    /// `None` if the handshake is not counted.
    pub pending: Option<PendingHandshake>,
    /// The sockets whose CONNECT is being answered, at most one in each namespace.
    admitted: Mutex<Vec<Weak<Client>>>,
}

impl Handshake {
    pub fn new<B>(
        request: &Request<B>,
        address: IpAddr,
        transport: Arc<dyn Transport>,
        pending: Option<PendingHandshake>,
    ) -> Self {
        let token = token(request);
        let user_agent = request.headers().get(header::USER_AGENT);
        let user_agent = user_agent.and_then(|agent| agent.to_str().ok());
        Self {
            transport,
            address,
            token,
            position: Mutex::new(in_query(request.uri().query(), "lastMessageId")),
            user_agent: user_agent.unwrap_or_default().into(),
            pending,
            admitted: Mutex::default(),
        }
    }

    /// The handshake of the session that a socket belongs to.
    pub fn of(socket: &Socket) -> Option<&Arc<Self>> {
        socket.req_parts().extensions.get()
    }

    /// The position that the query has, once.
    pub fn take_position(&self) -> Option<Box<str>> {
        self.position.lock().take()
    }

    /// A socket has been let in; its CONNECT is being answered.
    pub fn admit(&self, client: &Arc<Client>) {
        let mut admitted = self.lock();
        // A socket that was let in here and never connected makes room for the next one.
        let namespace = client.namespace;
        admitted.retain(|other| is_in(other, |at| at != namespace));
        admitted.push(Arc::downgrade(client));
    }

    /// CONNECT has been answered in this namespace: takes out the socket that had been let in.
    pub fn connected(&self, namespace: Namespace) -> Option<Arc<Client>> {
        let mut admitted = self.lock();
        let here = |other: &Weak<Client>| is_in(other, |at| at == namespace);
        let at = admitted.iter().position(here)?;
        let client = admitted.swap_remove(at);
        if admitted.is_empty() {
            *admitted = Vec::new();
        }
        client.upgrade()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Client>>> {
        self.admitted.lock()
    }
}

fn is_in(client: &Weak<Client>, namespace: impl Fn(Namespace) -> bool) -> bool {
    client
        .upgrade()
        .is_some_and(|client| namespace(client.namespace))
}

/// The token that a request brings, in its headers or its query.
pub fn token<B>(request: &Request<B>) -> Option<Box<str>> {
    bearer(request.headers())
        .map(Box::from)
        .or_else(|| Some(without_bearer(&in_query(request.uri().query(), "token")?).into()))
}

fn in_query(query: Option<&str>, name: &str) -> Option<Box<str>> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    let (_, value) = pairs.find(|(found, _)| found == name)?;
    Some(value.into())
}

/// How many pending handshakes there are, by address.
#[derive(Default)]
pub struct PendingHandshakes(Mutex<HashMap<IpAddr, usize>>);

impl PendingHandshakes {
    /// One more handshake from this address; `None` if `most` are pending already.
    pub fn begin(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<PendingHandshake> {
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(PendingHandshake {
            pending: self.clone(),
            address,
            answered: false.into(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // A panic cannot leave a count half changed.
        self.0.lock()
    }
}

/// A handshake in which no client has sent CONNECT yet. Each address may have only so many of them.
pub struct PendingHandshake {
    pending: Arc<PendingHandshakes>,
    address: IpAddr,
    answered: AtomicBool,
}

impl PendingHandshake {
    /// A client has sent CONNECT: the handshake is pending no more.
    pub fn answered(&self) {
        if self.answered.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut counts = self.pending.lock();
        if let Entry::Occupied(mut count) = counts.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Drop for PendingHandshake {
    fn drop(&mut self) {
        self.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_of_an_address_without_pending_handshakes() {
        let pending = Arc::<PendingHandshakes>::default();
        let open: Vec<_> = (0..20_000_u32)
            .map(|number| pending.begin(IpAddr::from(number.to_be_bytes()), 2))
            .collect();
        assert_eq!(pending.lock().len(), 20_000);
        for pending in open.iter().flatten() {
            pending.answered();
        }
        assert!(pending.lock().is_empty());
        drop(open);
        let one = IpAddr::from([127, 0, 0, 1]);
        let two = [pending.begin(one, 2), pending.begin(one, 2)];
        assert!(pending.begin(one, 2).is_none());
        drop(two);
        assert!(pending.lock().is_empty());
    }
}
