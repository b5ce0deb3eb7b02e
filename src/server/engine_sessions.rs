//! Which connections does an Engine.IO session use? One that begins by polling uses many: each poll and each packet may
//! come on another one, and a websocket takes over from them, while they still finish.
//!
//! So nothing here asks which connection is the session's. What a session has taken, what it may bring and whether it
//! was cut is known of the session itself; its connections only report to it, and are cut with it. A session that begins
//! as a websocket has one connection for its whole life, and needs none of this.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use http::{Method, Request};

use super::connection::Connection;
use super::engine_request::{becomes_websocket, is_small, session, transport};
use crate::core::error::{Error, Result};
use crate::core::limits::JSON_BYTES;
use crate::realtime::transport::{Progress, Transport};

/// Connections of one session that are remembered, so that they can be cut: more than a browser opens to one host.
const CONNECTIONS: usize = 8;

/// The Engine.IO sessions that began by polling, by their session id.
#[derive(Debug, Default)]
pub struct EngineSessions(Mutex<HashMap<Box<str>, Weak<EngineSession>>>);

/// An Engine.IO session that began by polling. It lives as long as Socket.IO keeps the request that it began with.
#[derive(Debug, Default)]
pub struct EngineSession {
    /// Answered polls, and what its websocket has taken. Its connections report to it.
    progress: Arc<Progress>,
    state: Mutex<State>,
    /// Where it is listed, and under which id.
    listed: OnceLock<(Weak<EngineSessions>, Box<str>)>,
}

#[derive(Debug, Default)]
struct State {
    /// Sockets in it that were let in, one in each namespace. Without any, it is a stranger's.
    sockets: usize,
    connections: Vec<Weak<Connection>>,
    is_cut: bool,
    /// A packet is on its way.
    brings: bool,
}

/// A request of a session, until it is answered.
pub struct Serving {
    session: Arc<EngineSession>,
    what: What,
}

#[derive(PartialEq, Eq)]
enum What {
    Poll,
    Packet,
    Websocket,
}

impl EngineSessions {
    /// A request has come in on this connection. Answers the session that it belongs to, if it is one that began by
    /// polling.
    ///
    /// # Errors
    /// `Malformed` for a websocket that cannot be one, a session that was cut, and a second packet before the first one
    /// was taken. `TooLarge` for more than an event, as long as nobody has said who they are.
    pub fn serve<B>(
        &self,
        request: &Request<B>,
        connection: &Arc<Connection>,
    ) -> Result<Option<Serving>> {
        let query = request.uri().query();
        let wants_websocket = transport(query) == Some("websocket");
        if wants_websocket && !becomes_websocket(request) {
            // A proxy has taken the header away. Answered by 101, a client would never try another transport.
            return Err(Error::Malformed(
                "A websocket needs the header Upgrade: websocket".into(),
            ));
        }
        let Some(id) = session(query) else {
            if wants_websocket {
                connection.doubt();
            }
            return Ok(None);
        };
        let unknown = || Error::Malformed("Session ID unknown".into());
        let known = self.lock().get(id).and_then(Weak::upgrade);
        let Some(session) = known else {
            // Engine.IO refuses polls in its own words, but would let a websocket open first.
            return if wants_websocket {
                Err(unknown())
            } else {
                Ok(None)
            };
        };
        let what = match request.method() {
            _ if wants_websocket => What::Websocket,
            &Method::POST => What::Packet,
            _ => What::Poll,
        };
        let mut state = session.lock();
        if state.is_cut {
            return Err(unknown());
        }
        if what == What::Packet {
            if state.sockets == 0 && !is_small(request) {
                return Err(Error::TooLarge(format!(
                    "A packet must be at most {JSON_BYTES} bytes"
                )));
            }
            if std::mem::replace(&mut state.brings, true) {
                return Err(Error::Malformed(
                    "The session's last packet is still on its way".into(),
                ));
            }
        }
        if what == What::Websocket {
            if state.sockets == 0 {
                connection.doubt();
            }
            connection.serves_websocket(&session.progress);
        }
        state.note(connection);
        drop(state);
        Ok(Some(Serving { session, what }))
    }

    /// From now on requests that name this id are this session's.
    pub fn list(self: &Arc<Self>, id: &str, session: &Arc<EngineSession>) {
        let listed = (Arc::downgrade(self), id.into());
        if session.listed.set(listed).is_ok() {
            self.lock().insert(id.into(), Arc::downgrade(session));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<EngineSession>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EngineSession {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for EngineSession {
    fn progress(&self) -> &Progress {
        &self.progress
    }

    /// From here on what it brings is no stranger's any more, on any connection.
    fn enter(&self) {
        let mut state = self.lock();
        state.sockets += 1;
        state
            .connections()
            .for_each(|connection| connection.trust());
    }

    fn is_known(&self) -> bool {
        self.lock().sockets > 0
    }

    /// With the last one it is a stranger's again.
    fn leave(&self) {
        self.lock().sockets -= 1;
    }

    fn is_gone(&self) -> bool {
        self.lock().is_cut
    }

    /// Cuts all its connections; it is not served on another one.
    fn cut(&self) {
        let mut state = self.lock();
        state.is_cut = true;
        state.connections().for_each(|connection| connection.cut());
    }
}

impl Drop for EngineSession {
    fn drop(&mut self) {
        if let Some((sessions, id)) = self.listed.get()
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

impl Serving {
    /// The request has an answer, which this connection is about to write.
    pub fn answered(self, connection: &Connection) {
        if self.what == What::Poll {
            // It has all that waited. Once it is written, the session has taken it.
            connection.serves_poll(&self.session.progress);
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.what == What::Packet {
            self.session.lock().brings = false;
        }
    }
}
