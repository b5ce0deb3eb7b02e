//! Who sits where? The sockets that were let in, by number, by person, and by what they listen to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::guest::Guest;
use crate::core::model::{AccountId, ConversationId, NoticeId};

/// What is listened to: a conversation, in a dialect.
pub type Room = (usize, ConversationId);

/// A socket that was admitted but never came in is forgotten after this.
const DOORWAY: Duration = Duration::from_secs(15);

/// All sockets.
#[derive(Default)]
pub struct Seats {
    seats: HashMap<u64, Seat>,
    people: HashMap<AccountId, Vec<Arc<Guest>>>,
    rooms: HashMap<Room, Vec<Arc<Guest>>>,
    /// When who was admitted, the earliest first.
    doorway: VecDeque<(Instant, u64)>,
}

/// One socket, and what is remembered of it.
pub struct Seat {
    pub guest: Arc<Guest>,
    /// CONNECT has been answered.
    pub inside: bool,
    pub joined: Vec<Room>,
    /// Where it has caught up, or needs not: only the first joining does.
    pub caught_up: HashSet<Room>,
    /// From this notification on it has heard all of them as they were made.
    pub first_notice: Option<NoticeId>,
}

impl Seats {
    pub fn admit(&mut self, guest: Arc<Guest>) {
        let number = guest.number;
        self.people
            .entry(guest.me.id)
            .or_default()
            .push(guest.clone());
        self.doorway.push_back((Instant::now(), number));
        let (joined, caught_up) = (Vec::new(), HashSet::new());
        let seat = Seat {
            guest,
            inside: false,
            joined,
            caught_up,
            first_notice: None,
        };
        self.seats.insert(number, seat);
    }

    pub fn get(&self, number: u64) -> Option<&Seat> {
        self.seats.get(&number)
    }

    pub fn get_mut(&mut self, number: u64) -> Option<&mut Seat> {
        self.seats.get_mut(&number)
    }

    pub fn all(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    /// The sockets of a person.
    pub fn of(&self, account: AccountId) -> &[Arc<Guest>] {
        self.people.get(&account).map_or(&[], Vec::as_slice)
    }

    /// Who listens; `None` where nobody does.
    pub fn listeners(&self, room: &Room) -> Option<&[Arc<Guest>]> {
        self.rooms.get(room).map(Vec::as_slice)
    }

    pub fn listen(&mut self, room: Room, guest: Arc<Guest>) {
        self.rooms.entry(room).or_default().push(guest);
    }

    pub fn deafen(&mut self, room: &Room, number: u64) {
        take_out(&mut self.rooms, room, number);
    }

    /// Takes a socket out of all that it listens to, and says what that is.
    pub fn deafen_to_all(&mut self, number: u64) -> Vec<Room> {
        let joined = self.seats.get(&number).map(|seat| seat.joined.clone());
        let mut rooms = joined.unwrap_or_default();
        rooms.retain(|room| take_out(&mut self.rooms, room, number));
        rooms
    }

    /// Takes a socket out of everything.
    pub fn remove(&mut self, number: u64) -> Option<Seat> {
        let seat = self.seats.remove(&number)?;
        for room in &seat.joined {
            take_out(&mut self.rooms, room, number);
        }
        take_out(&mut self.people, &seat.guest.me.id, number);
        Some(seat)
    }

    /// Who was admitted a while ago and has never come in.
    pub fn lost(&mut self) -> Vec<u64> {
        let mut lost = Vec::new();
        while let Some((since, number)) = self.doorway.front().copied() {
            if since.elapsed() < DOORWAY {
                break;
            }
            self.doorway.pop_front();
            lost.extend(
                self.seats
                    .get(&number)
                    .filter(|seat| !seat.inside)
                    .map(|_| number),
            );
        }
        lost
    }
}

/// Takes one socket out of a list of them, and an empty list out of its map; was it there?
fn take_out<K: Hash + Eq>(lists: &mut HashMap<K, Vec<Arc<Guest>>>, key: &K, number: u64) -> bool {
    let Some(list) = lists.get_mut(key) else {
        return false;
    };
    let before = list.len();
    list.retain(|guest| guest.number != number);
    let was_there = list.len() < before;
    if list.is_empty() {
        lists.remove(key);
    }
    was_there
}
