//! Which connections does an Engine.IO session use? A session that begins by polling uses many. Each poll and each packet
//! may come on another one, and a websocket may take over while those still finish.
//!
//! So no connection is the session's own. Its progress, what it may send and whether it was cut are known of the session
//! itself; its connections report to it and are cut with it. A session that begins as a websocket has one connection for
//! its whole life, and needs none of this.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use http::{Method, Request};
use parking_lot::{Mutex, MutexGuard};

use super::connection::Connection;
use super::engine_request::{becomes_websocket, is_small, parameter};
use super::unfinished::{MessageCount, SessionPackets};
use crate::core::error::{Error, Result};
use crate::core::limits::JSON_BYTES;
use crate::core::model::AccountId;
use crate::realtime::transport::{Progress, Transport};

/// Connections of one session that can be cut: more than a browser opens to one host.
const CONNECTIONS: usize = 8;

/// The Engine.IO sessions that began by polling, by their ids.
#[derive(Debug, Default)]
pub struct EngineSessions(Mutex<HashMap<Box<str>, Weak<EngineSession>>>);

/// An Engine.IO session that began by polling. It lives as long as Socket.IO keeps the request that it began with.
#[derive(Debug)]
pub struct EngineSession {
    /// Its connections report to it: answers to polls, and what its websocket has taken.
    progress: Arc<Progress>,
    state: Mutex<State>,
    /// What it holds of packets, by polling and in its websocket.
    packets: Arc<SessionPackets>,
    /// The map that it is in, and its id there.
    entry: OnceLock<(Weak<EngineSessions>, Box<str>)>,
}

#[derive(Debug, Default)]
struct State {
    /// How many sockets of it have been let in. Without any, the client is a stranger.
    sockets: usize,
    connections: Vec<Weak<Connection>>,
    is_cut: bool,
    /// The body of a packet is being read.
    reads_packet: bool,
}

/// A request of a session, until it is answered.
pub struct SessionRequest {
    session: Arc<EngineSession>,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Poll,
    Packet,
    Websocket,
}

impl EngineSessions {
    /// Begins a request on this connection. `None` if it belongs to no session that began by polling.
    ///
    /// # Errors
    /// `Malformed` for a websocket request without its headers, for a session that was cut or sent more than may be held,
    /// and for a packet before the last one was read. `TooLarge` for a stranger's packet that is larger than an event.
    pub fn begin<B>(
        &self,
        request: &Request<B>,
        connection: &Arc<Connection>,
    ) -> Result<Option<SessionRequest>> {
        let query = request.uri().query();
        let wants_websocket = parameter(query, "transport") == Some("websocket");
        if wants_websocket && !becomes_websocket(request) {
            // A proxy has removed the header. After an answer of 101 a client would never try another transport.
            return Err(Error::Malformed(
                "A websocket needs the header Upgrade: websocket".into(),
            ));
        }
        let Some(id) = parameter(query, "sid") else {
            if wants_websocket {
                connection.distrust();
            }
            return Ok(None);
        };
        let unknown = || Error::Malformed("Session ID unknown".into());
        let known = self.lock().get(id).and_then(Weak::upgrade);
        let Some(session) = known else {
            // Engine.IO refuses polls itself, but it would accept a websocket first.
            return if wants_websocket {
                Err(unknown())
            } else {
                Ok(None)
            };
        };
        let kind = match request.method() {
            _ if wants_websocket => Kind::Websocket,
            &Method::POST => Kind::Packet,
            _ => Kind::Poll,
        };
        let mut state = session.lock();
        if state.is_cut || session.packets.are_too_much() {
            return Err(unknown());
        }
        if kind == Kind::Packet {
            if state.sockets == 0 && !is_small(request) {
                return Err(Error::TooLarge(format!(
                    "A packet must be at most {JSON_BYTES} bytes"
                )));
            }
            if std::mem::replace(&mut state.reads_packet, true) {
                return Err(Error::Malformed(
                    "The session's last packet is still on its way".into(),
                ));
            }
        }
        if kind == Kind::Websocket {
            if state.sockets == 0 {
                connection.distrust();
            }
            connection.report_always(&session.progress);
            connection.count_packets(session.packets.clone());
        }
        state.note(connection);
        drop(state);
        Ok(Some(SessionRequest { session, kind }))
    }

    /// Gives a session the id by which its requests name it.
    pub fn insert(self: &Arc<Self>, id: &str, session: &Arc<EngineSession>) {
        let entry = (Arc::downgrade(self), id.into());
        if session.entry.set(entry).is_ok() {
            self.lock().insert(id.into(), Arc::downgrade(session));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<EngineSession>>> {
        self.0.lock()
    }
}

impl EngineSession {
    pub fn new(packets: Arc<SessionPackets>) -> Arc<Self> {
        Arc::new(Self {
            progress: Arc::default(),
            state: Mutex::default(),
            packets,
            entry: OnceLock::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Transport for EngineSession {
    fn progress(&self) -> &Progress {
        &self.progress
    }

    /// From now on its client is no stranger, on none of its connections.
    fn enter(&self, who: AccountId) {
        self.packets.belong_to(who);
        let mut state = self.lock();
        state.sockets += 1;
        state
            .connections()
            .for_each(|connection| connection.trust());
    }

    fn is_known(&self) -> bool {
        self.lock().sockets > 0
    }

    /// Without the last one its client is a stranger again.
    fn leave(&self) {
        self.lock().sockets -= 1;
    }

    fn is_gone(&self) -> bool {
        self.lock().is_cut
    }

    /// Cuts all its connections. Its requests on other ones are refused.
    fn cut(&self) {
        let mut state = self.lock();
        state.is_cut = true;
        state.connections().for_each(|connection| connection.cut());
    }
}

impl Drop for EngineSession {
    fn drop(&mut self) {
        if let Some((sessions, id)) = self.entry.get()
            && let Some(sessions) = sessions.upgrade()
        {
            sessions.lock().remove(id);
        }
    }
}

impl State {
    fn note(&mut self, connection: &Arc<Connection>) {
        self.connections.retain(|known| {
            known.strong_count() > 0 && !std::ptr::eq(known.as_ptr(), Arc::as_ptr(connection))
        });
        if self.connections.len() >= CONNECTIONS {
            self.connections.remove(0);
        }
        self.connections.push(Arc::downgrade(connection));
    }

    fn connections(&mut self) -> impl Iterator<Item = Arc<Connection>> {
        self.connections.iter().filter_map(Weak::upgrade)
    }
}

impl SessionRequest {
    /// What counts the messages of its body, if it brings any.
    pub fn count(&self) -> Option<MessageCount> {
        (self.kind == Kind::Packet).then(|| self.session.packets.count())
    }

    /// The request has been answered; the connection is about to write the answer.
    pub fn note_answer(self, connection: &Connection) {
        if self.kind == Kind::Poll {
            // The answer has everything that waited. When it is written, the session has taken it.
            connection.report_once(&self.session.progress);
        }
    }
}

impl Drop for SessionRequest {
    fn drop(&mut self) {
        if self.kind == Kind::Packet {
            self.session.lock().reads_packet = false;
        }
    }
}
