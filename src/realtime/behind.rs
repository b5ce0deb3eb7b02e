//! What happens while somebody is still told what they missed? It is put aside, and told in its order when they have
//! heard the rest.
//!
//! A client keeps one position, that of the last thing that it was shown. So a socket is told one thing at a time: what it
//! missed in all its conversations, in the order of the log, and only then what has happened in any of them. The cut is
//! at a position: what stands in the log up to there comes from the database, what happened after it from here. The hall has come
//! to it before anybody is told, so nothing is on both sides, and nothing between them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::guest::Guest;
use super::seats::Room;
use crate::core::model::{Event, Position};
use crate::dialects::ALL;

/// Events that are put aside for a socket. Where there are more, those of the log are forgotten here and read back later;
/// and all of them fit into its outbox.
const MOST_BEHIND: usize = 2_048;

/// All sockets that are being told what they missed.
#[derive(Default)]
pub struct Behind {
    groups: HashMap<u64, Group>,
    /// Who of them hears what.
    rooms: HashMap<Room, Vec<u64>>,
}

/// What one socket hears together: everything that it listens to.
struct Group {
    guest: Arc<Guest>,
    /// While such a one lives, its room is told.
    rooms: HashMap<Room, Arc<()>>,
    /// Up to here everything is told from the database.
    upto: Position,
    /// In which dialect, and what; told once everything before it has been.
    since: Vec<(usize, Event)>,
    newest: Position,
    /// To whoever tells it; so many have been given.
    orders: mpsc::UnboundedSender<Order>,
    given: usize,
}

/// What is to be told from the database, beside what was ordered before.
pub struct Order {
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
    pub guest: Arc<Guest>,
    pub rooms: Vec<Room>,
    /// In which dialect, and what.
    pub since: Vec<(usize, Event)>,
}

impl Behind {
    pub fn has(&self, number: u64) -> bool {
        self.groups.contains_key(&number)
    }

    /// From here on this socket is told what it missed; whoever tells it finds here what.
    pub fn begin(&mut self, guest: Arc<Guest>, upto: Position) -> mpsc::UnboundedReceiver<Order> {
        let (orders, given) = mpsc::unbounded_channel();
        let group = Group {
            rooms: HashMap::new(),
            upto,
            since: Vec::new(),
            newest: upto,
            orders,
            given: 0,
            guest,
        };
        self.groups.insert(group.guest.number, group);
        given
    }

    /// From here on what happens in the room is put aside for this socket; what stands in the log `after` a position
    /// and up to here is to be told first.
    pub fn follow(&mut self, room: Room, number: u64, after: Position, upto: Position) {
        let Some(group) = self.groups.get_mut(&number) else {
            return;
        };
        let wanted = Arc::new(());
        let follow = Following {
            room,
            after,
            wanted: Arc::downgrade(&wanted),
        };
        group.rooms.insert(room, wanted);
        self.rooms.entry(room).or_default().push(number);
        group.order(Some(follow), upto);
    }

    /// Puts aside what happens, for whom it concerns.
    pub fn note(&mut self, event: &Event) {
        let Some(conversation) = event.conversation().filter(|_| !self.groups.is_empty()) else {
            return;
        };
        for dialect in 0..ALL.len() {
            for number in self
                .rooms
                .get(&(dialect, conversation))
                .into_iter()
                .flatten()
            {
                if let Some(group) = self.groups.get_mut(number) {
                    group.put_aside(dialect, event);
                }
            }
        }
    }

    /// Nothing more of this room for this socket, nor what was put aside.
    pub fn leave(&mut self, room: &Room, number: u64) {
        let Some(group) = self.groups.get_mut(&number) else {
            return;
        };
        if group.rooms.remove(room).is_some() {
            let of_it = |dialect: usize, event: &Event| {
                room.0 == dialect && event.conversation() == Some(room.1)
            };
            group
                .since
                .retain(|(dialect, event)| !of_it(*dialect, event));
            self.take_out(room, number);
        }
    }

    /// Has this socket been told everything, after as many orders? Then it is behind no more.
    pub fn end(&mut self, number: u64, obeyed: usize) -> Option<CaughtUp> {
        // Where there is another order under way, it will be said again.
        let group = self.groups.get(&number)?;
        if group.given != obeyed {
            return None;
        }
        let mut group = self.forget(number)?;
        let is_new = |event: &Event| event.position().is_none_or(|at| at > group.upto);
        group.since.retain(|(_, event)| is_new(event));
        Some(CaughtUp {
            guest: group.guest,
            rooms: group.rooms.into_keys().collect(),
            since: group.since,
        })
    }

    /// This socket has gone.
    pub fn gone(&mut self, number: u64) {
        self.forget(number);
    }

    fn forget(&mut self, number: u64) -> Option<Group> {
        let group = self.groups.remove(&number)?;
        for room in group.rooms.keys() {
            self.take_out(room, number);
        }
        Some(group)
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

impl Group {
    fn order(&mut self, follow: Option<Following>, upto: Position) {
        self.upto = self.upto.max(upto);
        self.newest = self.newest.max(upto);
        let order = Order {
            follow,
            upto: self.upto,
        };
        // Whoever tells it may have been cut off; then it is about to be gone.
        self.orders.send(order).ok();
        self.given += 1;
    }

    fn put_aside(&mut self, dialect: usize, event: &Event) {
        if let Some(position) = event.position() {
            self.newest = position;
        }
        self.since.push((dialect, event.clone()));
        if self.since.len() > MOST_BEHIND {
            self.since.retain(|(_, event)| event.position().is_none());
            self.order(None, self.newest);
            if self.since.len() > MOST_BEHIND / 2 {
                self.guest.cut();
            }
        }
    }
}
