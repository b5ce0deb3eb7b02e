//! Who came, and on which wire? What is kept of the request that a session began with.
//!
//! Socket.IO keeps that request for as long as the session lives. A table of headers alone is 650 bytes, so what will
//! be asked for is taken out of it, and the rest goes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use http::{Request, header};

use super::engine_sessions::{EngineSession, transport};
use super::guest::{Guest, Socket};
use super::line::{Line, Progress};
use crate::dialects::Namespace;
use crate::web::call::{bearer, without_bearer};

/// How a session began.
pub enum Transport {
    /// As a websocket: this is its connection, to the end.
    Websocket(Arc<Line>),
    /// By polling: it uses many.
    Polling(Arc<EngineSession>),
}

impl Transport {
    /// Of a request that begins a session on this connection.
    pub fn of<B>(request: &Request<B>, line: &Arc<Line>) -> Self {
        match transport(request.uri().query()) {
            Some("websocket") => Self::Websocket(line.clone()),
            _ => Self::Polling(Arc::default()),
        }
    }

    /// How often the session has taken all that was handed to it.
    pub fn progress(&self) -> &Progress {
        match self {
            Self::Websocket(line) => line.progress(),
            Self::Polling(session) => session.progress(),
        }
    }

    /// Somebody has said who they are in it.
    pub fn enter(&self) {
        match self {
            Self::Websocket(line) => line.trust(),
            Self::Polling(session) => session.enter(),
        }
    }

    /// Has somebody said who they are in it?
    pub fn is_known(&self) -> bool {
        match self {
            Self::Websocket(line) => line.is_trusted(),
            Self::Polling(session) => session.is_known(),
        }
    }

    /// A socket of it is gone.
    pub fn leave(&self) {
        match self {
            Self::Websocket(_) => {}
            Self::Polling(session) => session.leave(),
        }
    }

    /// Has it been cut, or closed by the other end? Of one that polls the latter is not known.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Websocket(line) => line.is_cut(),
            Self::Polling(session) => session.is_cut(),
        }
    }

    /// Ends it, without a word.
    pub fn cut(&self) {
        match self {
            Self::Websocket(line) => line.cut(),
            Self::Polling(session) => session.cut(),
        }
    }
}

/// The beginning of a session.
pub struct Arrival {
    pub transport: Transport,
    pub address: IpAddr,
    /// From its headers or its query.
    pub token: Option<Box<str>>,
    pub user_agent: Box<str>,
    /// `None` where it is not counted.
    pub knock: Option<Knock>,
    /// Who has been let in, one in each namespace, and whose CONNECT is being answered.
    admitted: Mutex<Vec<Weak<Guest>>>,
}

impl Arrival {
    pub fn new<B>(
        request: &Request<B>,
        address: IpAddr,
        transport: Transport,
        knock: Option<Knock>,
    ) -> Self {
        let token = token(request);
        let user_agent = request.headers().get(header::USER_AGENT);
        let user_agent = user_agent.and_then(|agent| agent.to_str().ok());
        Self {
            transport,
            address,
            token,
            user_agent: user_agent.unwrap_or_default().into(),
            knock,
            admitted: Mutex::default(),
        }
    }

    /// How the session of a socket began.
    pub fn of(socket: &Socket) -> Option<&Arc<Self>> {
        socket.req_parts().extensions.get()
    }

    /// This one is let in.
    pub fn admit(&self, guest: &Arc<Guest>) {
        let mut admitted = self.lock();
        // Who was let in and never came in makes room for who comes again.
        let namespace = guest.namespace;
        admitted.retain(|other| is_in(other, |at| at != namespace));
        admitted.push(Arc::downgrade(guest));
    }

    /// Who was let into this namespace is in now; said once for each.
    pub fn enter(&self, namespace: Namespace) -> Option<Arc<Guest>> {
        let mut admitted = self.lock();
        let here = |other: &Weak<Guest>| is_in(other, |at| at == namespace);
        let at = admitted.iter().position(here)?;
        let guest = admitted.swap_remove(at);
        if admitted.is_empty() {
            *admitted = Vec::new();
        }
        guest.upgrade()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Guest>>> {
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_in(guest: &Weak<Guest>, namespace: impl Fn(Namespace) -> bool) -> bool {
    guest
        .upgrade()
        .is_some_and(|guest| namespace(guest.namespace))
}

/// The token that a request brings, in its headers or its query.
pub fn token<B>(request: &Request<B>) -> Option<Box<str>> {
    bearer(request.headers())
        .map(Box::from)
        .or_else(|| in_query(request.uri().query()))
}

fn in_query(query: Option<&str>) -> Option<Box<str>> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    let (_, token) = pairs.find(|(name, _)| name == "token")?;
    Some(without_bearer(&token).into())
}

/// How many handshakes have not said who they are, of each address that has any.
#[derive(Default)]
pub struct Knocks(Mutex<HashMap<IpAddr, usize>>);

impl Knocks {
    /// One more of this address; `None` if it has `most` already.
    pub fn knock(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Knock> {
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Knock {
            knocks: self.clone(),
            address,
            answered: false.into(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // A count is changed at once, or not at all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handshake that has not said who it is. There are only so many of them per address.
pub struct Knock {
    knocks: Arc<Knocks>,
    address: IpAddr,
    answered: AtomicBool,
}

impl Knock {
    pub fn answered(&self) {
        if self.answered.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut open = self.knocks.lock();
        if let Entry::Occupied(mut count) = open.entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        self.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_that_has_said_who_it_is_nothing_is_kept() {
        let knocks = Arc::<Knocks>::default();
        let open: Vec<_> = (0..20_000_u32)
            .map(|number| knocks.knock(IpAddr::from(number.to_be_bytes()), 2))
            .collect();
        assert_eq!(knocks.lock().len(), 20_000);
        for knock in open.iter().flatten() {
            knock.answered();
        }
        assert!(knocks.lock().is_empty());
        drop(open);
        let one = IpAddr::from([127, 0, 0, 1]);
        let two = [knocks.knock(one, 2), knocks.knock(one, 2)];
        assert!(knocks.knock(one, 2).is_none());
        drop(two);
        assert!(knocks.lock().is_empty());
    }
}
