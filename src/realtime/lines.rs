//! Which wire is a session on? Long-polling sessions change theirs, and so does one that is upgraded.
//!
//! A session that began as a websocket is not kept here: its first request carries its line.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Request, header};
use moka::sync::Cache;

use super::arrival::Arrival;
use super::guest::Socket;
use super::line::Line;
use crate::core::error::{Error, Result};
use crate::core::limits::JSON_BYTES;

/// How long a session may take to say who it is, with room to spare; and how long a cut one might still be asked for.
const REMEMBERED: Duration = Duration::from_secs(120);
/// Sessions in the doorway that are remembered; anybody can name one.
const KNOCKING: u64 = 20_000;

/// The wires under the sessions.
pub struct Lines {
    /// In which nobody has said who they are yet. Changed together with `open`, or a line would be lost in between.
    knocking: Cache<String, Knocking>,
    /// In which somebody has.
    open: Mutex<HashMap<String, Open>>,
    cut: Cache<String, ()>,
}

/// A session in which somebody has said who they are.
struct Open {
    line: Arc<Line>,
    /// Sockets in it: one in each namespace.
    sockets: usize,
}

/// The wires of a session in the doorway.
#[derive(Clone)]
struct Knocking {
    /// Of its latest request.
    latest: Arc<Line>,
    /// That becomes a websocket, if one does: clients do not wait for the answer to CONNECT before they change over.
    websocket: Option<Arc<Line>>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            knocking: Cache::builder()
                .time_to_live(REMEMBERED)
                .max_capacity(KNOCKING)
                .build(),
            open: Mutex::default(),
            cut: Cache::builder().time_to_live(REMEMBERED).build(),
        }
    }
}

impl Lines {
    /// A request of this session has come in on this line.
    ///
    /// # Errors
    /// Where the session has been cut, it is not to be served any more; and where nobody has said who they are in it,
    /// it brings no more than an event.
    pub fn seen<B>(&self, request: &Request<B>, line: &Arc<Line>) -> Result<()> {
        let Some(session) = session(request.uri().query()) else {
            if becomes_websocket(request) {
                line.doubt();
            }
            return Ok(());
        };
        if self.cut.contains_key(session) {
            return Err(Error::Malformed("Session ID unknown".into()));
        }
        let mut open = self.lock();
        if let Some(known) = open.get_mut(session) {
            known.line = line.clone();
            return Ok(());
        }
        let before = self.knocking.get(session);
        let mut websocket = before.and_then(|before| before.websocket);
        if becomes_websocket(request) {
            line.doubt();
            websocket = Some(line.clone());
        }
        let latest = line.clone();
        let knocking = Knocking { latest, websocket };
        self.knocking.insert(session.to_owned(), knocking);
        drop(open);
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let small = length.is_some_and(|length: usize| length <= JSON_BYTES);
        if request.method() == Method::POST && !small {
            return Err(Error::TooLarge(format!(
                "A packet must be at most {JSON_BYTES} bytes"
            )));
        }
        Ok(())
    }

    /// Somebody has said who they are in this session; it is remembered for as long as what is returned.
    pub fn admit(self: &Arc<Self>, socket: &Socket) -> Stay {
        if let Some(own) = own_line(socket) {
            own.trust();
        }
        let session = socket.id.to_string();
        let mut open = self.lock();
        if let Some(known) = open.get_mut(&session) {
            known.sockets += 1;
        } else if let Some(known) = self.knocking.remove(&session) {
            if let Some(websocket) = known.websocket {
                websocket.trust();
            }
            let (line, sockets) = (known.latest, 1);
            open.insert(session.clone(), Open { line, sockets });
        } else {
            return Stay::default();
        }
        Stay {
            in_session: Some((self.clone(), session)),
            session_has_ended: AtomicBool::default(),
        }
    }

    /// Cuts the wire under a socket; its session is not served on another one.
    pub fn cut(&self, socket: &Socket) {
        let session = socket.id.to_string();
        let known = self
            .lock()
            .remove(&session)
            .map(|open| open.line)
            .or_else(|| Some(self.knocking.remove(&session)?.latest));
        match known {
            Some(line) => {
                self.cut.insert(session, ());
                line.cut();
            }
            None => {
                if let Some(line) = own_line(socket) {
                    line.cut();
                }
            }
        }
    }

    /// The wire that a socket is on now.
    pub fn of(&self, socket: &Socket) -> Option<Arc<Line>> {
        let known = self.lock();
        let known = known.get(&socket.id.to_string());
        let known = known.map(|open| open.line.clone());
        known.or_else(|| own_line(socket).cloned())
    }

    /// A number that changes when everything written to the socket's wire has gone out.
    pub fn progress(&self, socket: &Socket) -> u64 {
        match (self.lock().get(&socket.id.to_string()), own_line(socket)) {
            // Another line is another number, nearly always.
            (Some(Open { line, .. }), _) => {
                line.flushed() ^ (Arc::as_ptr(line) as u64).rotate_left(32)
            }
            (None, Some(line)) => line.flushed(),
            (None, None) => 0,
        }
    }

    /// A socket of this session is gone. With the last one the session is back in the doorway, unless it has ended.
    fn leave(&self, session: &str, has_ended: bool) {
        let mut open = self.lock();
        let Some(known) = open.get_mut(session) else {
            return;
        };
        known.sockets -= 1;
        if known.sockets == 0
            && let Some(known) = open.remove(session)
            && !has_ended
        {
            let (latest, websocket) = (known.line, None);
            let knocking = Knocking { latest, websocket };
            self.knocking.insert(session.to_owned(), knocking);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One socket's part in a session that is kept here.
#[derive(Default)]
pub struct Stay {
    in_session: Option<(Arc<Lines>, String)>,
    session_has_ended: AtomicBool,
}

impl Stay {
    /// The socket leaves because its connection has ended: nobody comes back into this session.
    pub fn session_has_ended(&self) {
        self.session_has_ended.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        if let Some((lines, session)) = &self.in_session {
            lines.leave(session, *self.session_has_ended.get_mut());
        }
    }
}

/// The line that a session began on, and still is on where it began as a websocket.
fn own_line(socket: &Socket) -> Option<&Arc<Line>> {
    Arrival::of(socket).map(|arrival| &arrival.line)
}

/// May this request's line become a websocket? Without this header hyper lets none become anything.
fn becomes_websocket<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::UPGRADE)
}

/// The Engine.IO session that a request belongs to.
pub fn session(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix("sid="))
}
