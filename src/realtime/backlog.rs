//! What happens while a socket is being told what it missed? It is put aside here, and told in its order afterwards.
//!
//! A client keeps one position, that of the last event that it was shown. So a socket first hears what it missed in all its
//! conversations, in the order of the log, and only then what has happened since in any of them. Both meet at a position
//! that the fan-out has reached before the first event is read: events up to there come from the database, later ones
//! from here. So no event is told twice, and none is left out.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::client::Client;
use super::registry::Room;
use crate::core::model::{Event, MessageId, Position};
use crate::dialects::ALL;

/// Events that are put aside for a socket; all of them fit into its send queue. If there are more, those that are in the log
/// are dropped here and read from the database later.
const BACKLOG_MAX: usize = 2_048;

/// The sockets that are being told what they missed.
#[derive(Default)]
pub struct Backlog {
    replays: HashMap<u64, Replay>,
    /// Which of them listen to a room.
    rooms: HashMap<Room, Vec<u64>>,
}

/// What one socket is told, in all rooms that it listens to.
struct Replay {
    client: Arc<Client>,
    /// The task that reads the database goes on with a room while its value lives.
    rooms: HashMap<Room, Arc<()>>,
    /// Events up to here are told from the database.
    upto: Position,
    /// Events after that, each with the index of a dialect.
    since: Vec<(usize, Event)>,
    newest: Position,
    /// To the task that reads the database.
    requests: mpsc::UnboundedSender<Request>,
    /// How many requests it was sent.
    requested: usize,
}

/// What is to be told from the database, beside earlier requests.
pub struct Request {
    /// One more room.
    pub room: Option<RoomReplay>,
    /// In all rooms, events up to here.
    pub upto: Position,
}

/// A room in which a socket missed something.
pub struct RoomReplay {
    pub room: Room,
    /// Events after this position are told.
    pub after: Position,
    /// Lives until the socket leaves the room.
    pub wanted: Weak<()>,
}

/// Messages that were read as they were after a later change than a replay goes, with the position of that change.
pub type Newer = HashMap<MessageId, Position>;

/// A socket that has been told everything from the database.
pub struct CaughtUp {
    pub client: Arc<Client>,
    pub rooms: Vec<Room>,
    /// What is told now, each with the index of a dialect.
    pub since: Vec<(usize, Event)>,
}

impl Backlog {
    /// Is this socket being told what it missed?
    pub fn has(&self, number: u64) -> bool {
        self.replays.contains_key(&number)
    }

    /// From now on this socket is being told what it missed. The requests that this returns say what that is.
    pub fn begin(
        &mut self,
        client: Arc<Client>,
        upto: Position,
    ) -> mpsc::UnboundedReceiver<Request> {
        let (requests, receiver) = mpsc::unbounded_channel();
        let replay = Replay {
            rooms: HashMap::new(),
            upto,
            since: Vec::new(),
            newest: upto,
            requests,
            requested: 0,
            client,
        };
        self.replays.insert(replay.client.number, replay);
        receiver
    }

    /// From now on what happens in the room is put aside for this socket. It is told first what stands in the log between
    /// `after` and `upto`.
    pub fn follow(&mut self, room: Room, number: u64, after: Position, upto: Position) {
        let Some(replay) = self.replays.get_mut(&number) else {
            return;
        };
        let wanted = Arc::new(());
        let replayed = RoomReplay {
            room,
            after,
            wanted: Arc::downgrade(&wanted),
        };
        replay.rooms.insert(room, wanted);
        self.rooms.entry(room).or_default().push(number);
        replay.request(Some(replayed), upto);
    }

    /// Puts an event aside for the sockets here that listen to it.
    pub fn note(&mut self, event: &Event) {
        let Some(conversation) = event.conversation().filter(|_| !self.replays.is_empty()) else {
            return;
        };
        for dialect in 0..ALL.len() {
            let numbers = self.rooms.get(&(dialect, conversation));
            for number in numbers.into_iter().flatten() {
                if let Some(replay) = self.replays.get_mut(number) {
                    replay.put_aside(dialect, event);
                }
            }
        }
    }

    /// The sockets here that listen to a room.
    pub fn subscribers(&self, room: &Room) -> impl Iterator<Item = &Arc<Client>> {
        let numbers = self.rooms.get(room);
        let replays = numbers.into_iter().flatten();
        replays.filter_map(|number| self.replays.get(number).map(|replay| &replay.client))
    }

    /// This socket hears nothing more of this room, nor what was put aside.
    pub fn leave(&mut self, room: &Room, number: u64) {
        let Some(replay) = self.replays.get_mut(&number) else {
            return;
        };
        if replay.rooms.remove(room).is_some() {
            let is_its = |dialect: usize, event: &Event| {
                room.0 == dialect && event.conversation() == Some(room.1)
            };
            replay
                .since
                .retain(|(dialect, event)| !is_its(*dialect, event));
            self.remove_from(room, number);
        }
    }

    /// This socket has been told what the first `handled` requests ask for. If those are all, it has caught up. What it was
    /// told as it was at a later position than it was asked for must not be followed by an older state of it.
    pub fn end(&mut self, number: u64, handled: usize, newer: &Newer) -> Option<CaughtUp> {
        // If another request is under way, this is called again after it.
        let replay = self.replays.get(&number)?;
        if replay.requested != handled {
            return None;
        }
        let mut replay = self.take(number)?;
        let is_new = |event: &Event| {
            let told = match event {
                Event::MessageUpdated(message) => newer.get(&message.id).copied(),
                _ => None,
            };
            let upto = replay.upto.max(told.unwrap_or(replay.upto));
            event.position().is_none_or(|at| at > upto)
        };
        replay.since.retain(|(_, event)| is_new(event));
        Some(CaughtUp {
            client: replay.client,
            rooms: replay.rooms.into_keys().collect(),
            since: replay.since,
        })
    }

    /// Forgets a socket. The rooms' lists lose it by [`Self::remove_from`].
    pub fn remove(&mut self, number: u64) {
        self.replays.remove(&number);
    }

    fn take(&mut self, number: u64) -> Option<Replay> {
        let replay = self.replays.remove(&number)?;
        for room in replay.rooms.keys() {
            self.remove_from(room, number);
        }
        Some(replay)
    }

    /// Takes a socket out of a room's list, if it is there.
    pub fn remove_from(&mut self, room: &Room, number: u64) {
        if let Some(list) = self.rooms.get_mut(room) {
            list.retain(|one| *one != number);
            if list.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}

impl Replay {
    fn request(&mut self, room: Option<RoomReplay>, upto: Position) {
        self.upto = self.upto.max(upto);
        self.newest = self.newest.max(upto);
        let request = Request {
            room,
            upto: self.upto,
        };
        // The task may have ended the socket, and is gone then.
        self.requests.send(request).ok();
        self.requested += 1;
    }

    fn put_aside(&mut self, dialect: usize, event: &Event) {
        if let Some(position) = event.position() {
            self.newest = position;
        }
        if let Event::MessageDeleted(gone) = event {
            // Its words are gone, also here.
            self.since
                .retain(|(of, before)| *of != dialect || !before.is_about(gone.id));
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
