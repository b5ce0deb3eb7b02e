//! Who sits where? The sockets that were let in, by number, by person, and by what they listen to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::guest::Guest;
use crate::core::model::{AccountId, ConversationId, NoticeId, Time};

/// What is listened to: a conversation, in a dialect.
pub type Room = (usize, ConversationId);

/// A socket that was admitted but never came in is forgotten after this.
const DOORWAY: Duration = Duration::from_secs(15);

/// All sockets.
#[derive(Default)]
pub struct Seats {
    seats: HashMap<u64, Seat>,
    people: HashMap<AccountId, Circle>,
    rooms: HashMap<Room, Circle>,
    /// When who was admitted, the earliest first.
    doorway: VecDeque<(Instant, u64)>,
}

/// One socket, and what is remembered of it.
pub struct Seat {
    pub guest: Arc<Guest>,
    /// When its token ends.
    pub expires_at: Time,
    /// CONNECT has been answered.
    pub inside: bool,
    pub joined: HashSet<Room>,
    /// Where it has caught up, or needs not: only the first joining does.
    pub caught_up: HashSet<Room>,
    /// While it joins all that is its person's, piece by piece: what that person has left since it came.
    pub left: Option<HashSet<ConversationId>>,
    /// From this notification on it has heard all of them as they were made.
    pub first_notice: Option<NoticeId>,
}

impl Seats {
    /// Takes in a socket; does it join by itself what is its person's?
    pub fn admit(&mut self, guest: Arc<Guest>, expires_at: Time, joins: bool) {
        let number = guest.number;
        self.people
            .entry(guest.me.id)
            .or_default()
            .push(guest.clone());
        self.doorway.push_back((Instant::now(), number));
        let (joined, caught_up) = (HashSet::new(), HashSet::new());
        let seat = Seat {
            guest,
            expires_at,
            inside: false,
            joined,
            caught_up,
            left: joins.then(HashSet::new),
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
        self.people
            .get(&account)
            .map_or(&[], |circle| &circle.guests)
    }

    /// Who listens; `None` where nobody does.
    pub fn listeners(&self, room: &Room) -> Option<&[Arc<Guest>]> {
        self.rooms.get(room).map(|circle| &*circle.guests)
    }

    pub fn listen(&mut self, room: Room, guest: Arc<Guest>) {
        self.rooms.entry(room).or_default().push(guest);
    }

    pub fn deafen(&mut self, room: &Room, number: u64) {
        take_out(&mut self.rooms, room, number);
    }

    /// Takes a socket out of all that it listens to, and says what that is.
    pub fn deafen_to_all(&mut self, number: u64) -> Vec<Room> {
        let Some(seat) = self.seats.get(&number) else {
            return Vec::new();
        };
        let mut rooms: Vec<_> = seat.joined.iter().copied().collect();
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

/// Takes one socket out of a circle, and an empty circle out of its map; was it there?
fn take_out<K: Hash + Eq>(circles: &mut HashMap<K, Circle>, key: &K, number: u64) -> bool {
    let Some(circle) = circles.get_mut(key) else {
        return false;
    };
    let was_there = circle.take_out(number);
    if circle.guests.is_empty() {
        circles.remove(key);
    }
    was_there
}

/// Sockets among which one is looked for one by one.
const FEW: usize = 32;

/// Sockets that are told the same. One leaves at the cost of coming, however many stay.
#[derive(Default)]
struct Circle {
    guests: Vec<Arc<Guest>>,
    /// Where each one is, once they are more than a few.
    places: HashMap<u64, usize>,
}

impl Circle {
    fn push(&mut self, guest: Arc<Guest>) {
        let place = self.guests.len();
        if place == FEW {
            let places = self.guests.iter().enumerate();
            self.places = places.map(|(place, guest)| (guest.number, place)).collect();
        }
        if place >= FEW {
            self.places.insert(guest.number, place);
        }
        self.guests.push(guest);
    }

    fn take_out(&mut self, number: u64) -> bool {
        let place = if self.places.is_empty() {
            self.guests.iter().position(|guest| guest.number == number)
        } else {
            self.places.remove(&number)
        };
        let Some(place) = place else {
            return false;
        };
        self.guests.swap_remove(place);
        if self.guests.len() <= FEW {
            self.places = HashMap::new();
        } else if let Some(moved) = self.guests.get(place) {
            self.places.insert(moved.number, place);
        }
        true
    }
}
