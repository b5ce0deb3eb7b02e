//! What happens while somebody is still told what they missed? It is put aside, and told in its order when they have
//! heard the rest.
//!
//! A client keeps one position, that of the last thing that it was shown. So a socket is told one thing at a time: what it
//! missed in all its conversations, in the order of the log, and only then what has happened in any of them. The cut is
//! at a position: what stands in the log up to there comes from the database, what happened after it from here. The fan-out has come
//! to it before anybody is told, so nothing is on both sides, and nothing between them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::client::Client;
use super::registry::Room;
use crate::core::model::{Event, Position};
use crate::dialects::ALL;

/// Events that are put aside for a socket. Where there are more, those of the log are forgotten here and read back later;
/// and all of them fit into its send queue.
const BACKLOG_MAX: usize = 2_048;

/// All sockets that are being told what they missed.
#[derive(Default)]
pub struct Backlog {
    replays: HashMap<u64, Replay>,
    /// Who of them hears what.
    rooms: HashMap<Room, Vec<u64>>,
}

/// What one socket hears together: everything that it listens to.
struct Replay {
    client: Arc<Client>,
    /// While such a one lives, its room is told.
    rooms: HashMap<Room, Arc<()>>,
    /// Up to here everything is told from the database.
    upto: Position,
    /// In which dialect, and what; told once everything before it has been.
    since: Vec<(usize, Event)>,
    newest: Position,
    /// To whoever tells it; so many have been given.
    requests: mpsc::UnboundedSender<Request>,
    given: usize,
}

/// What is to be told from the database, beside what was ordered before.
pub struct Request {
    pub follow: Option<Following>,
    /// Everything up to here.
    pub upto: Position,
}

/// One more room.
pub struct Following {
    pub room: Room,
    /// What this socket has heard there, or need not hear.
    pub after: Position,
    /// Lives until the socket leaves it.
    pub wanted: Weak<()>,
}

/// A socket that has been told everything from the database.
pub struct CaughtUp {
    pub client: Arc<Client>,
    pub rooms: Vec<Room>,
    /// In which dialect, and what.
    pub since: Vec<(usize, Event)>,
}

impl Backlog {
    pub fn has(&self, number: u64) -> bool {
        self.replays.contains_key(&number)
    }

    /// From here on this socket is told what it missed; whoever tells it finds here what.
    pub fn begin(
        &mut self,
        client: Arc<Client>,
        upto: Position,
    ) -> mpsc::UnboundedReceiver<Request> {
        let (requests, given) = mpsc::unbounded_channel();
        let replay = Replay {
            rooms: HashMap::new(),
            upto,
            since: Vec::new(),
            newest: upto,
            requests,
            given: 0,
            client,
        };
        self.replays.insert(replay.client.number, replay);
        given
    }

    /// From here on what happens in the room is put aside for this socket; what stands in the log `after` a position
    /// and up to here is to be told first.
    pub fn follow(&mut self, room: Room, number: u64, after: Position, upto: Position) {
        let Some(replay) = self.replays.get_mut(&number) else {
            return;
        };
        let wanted = Arc::new(());
        let follow = Following {
            room,
            after,
            wanted: Arc::downgrade(&wanted),
        };
        replay.rooms.insert(room, wanted);
        self.rooms.entry(room).or_default().push(number);
        replay.request(Some(follow), upto);
    }

    /// Puts aside what happens, for whom it concerns.
    pub fn note(&mut self, event: &Event) {
        let Some(conversation) = event.conversation().filter(|_| !self.replays.is_empty()) else {
            return;
        };
        for dialect in 0..ALL.len() {
            for number in self
                .rooms
                .get(&(dialect, conversation))
                .into_iter()
                .flatten()
            {
                if let Some(replay) = self.replays.get_mut(number) {
                    replay.put_aside(dialect, event);
                }
            }
        }
    }

    /// Nothing more of this room for this socket, nor what was put aside.
    pub fn leave(&mut self, room: &Room, number: u64) {
        let Some(replay) = self.replays.get_mut(&number) else {
            return;
        };
        if replay.rooms.remove(room).is_some() {
            let of_it = |dialect: usize, event: &Event| {
                room.0 == dialect && event.conversation() == Some(room.1)
            };
            replay
                .since
                .retain(|(dialect, event)| !of_it(*dialect, event));
            self.take_out(room, number);
        }
    }

    /// Has this socket been told everything, after as many requests? Then it is behind no more.
    pub fn end(&mut self, number: u64, handled: usize) -> Option<CaughtUp> {
        // Where there is another order under way, it will be said again.
        let replay = self.replays.get(&number)?;
        if replay.given != handled {
            return None;
        }
        let mut replay = self.forget(number)?;
        let is_new = |event: &Event| event.position().is_none_or(|at| at > replay.upto);
        replay.since.retain(|(_, event)| is_new(event));
        Some(CaughtUp {
            client: replay.client,
            rooms: replay.rooms.into_keys().collect(),
            since: replay.since,
        })
    }

    /// This socket has gone.
    pub fn gone(&mut self, number: u64) {
        self.forget(number);
    }

    fn forget(&mut self, number: u64) -> Option<Replay> {
        let replay = self.replays.remove(&number)?;
        for room in replay.rooms.keys() {
            self.take_out(room, number);
        }
        Some(replay)
    }

    fn take_out(&mut self, room: &Room, number: u64) {
        if let Some(list) = self.rooms.get_mut(room) {
            list.retain(|one| *one != number);
            if list.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}

impl Replay {
    fn request(&mut self, follow: Option<Following>, upto: Position) {
        self.upto = self.upto.max(upto);
        self.newest = self.newest.max(upto);
        let request = Request {
            follow,
            upto: self.upto,
        };
        // Whoever tells it may have been cut off; then it is about to be gone.
        self.requests.send(request).ok();
        self.given += 1;
    }

    fn put_aside(&mut self, dialect: usize, event: &Event) {
        if let Some(position) = event.position() {
            self.newest = position;
        }
        self.since.push((dialect, event.clone()));
        if self.since.len() > BACKLOG_MAX {
            self.since.retain(|(_, event)| event.position().is_none());
            self.request(None, self.newest);
            if self.since.len() > BACKLOG_MAX / 2 {
                self.client.cut();
            }
        }
    }
}
