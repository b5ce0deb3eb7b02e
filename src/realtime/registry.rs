//! Who sits where? The sockets that were let in, by number, by person, and by what they listen to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::context::Context;
use super::handshake::Handshake;
use crate::core::model::{AccountId, ConversationId, NoticeId, Time};
use crate::dialects::{ALL, Dialect};
use crate::web::watch::SocketSeen;

/// What is listened to: a conversation, in a dialect.
pub type Room = (usize, ConversationId);

/// A socket that was admitted but never came in is forgotten after this.
const CONNECT_GRACE: Duration = Duration::from_secs(15);

/// All sockets.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<u64, Entry>,
    people: HashMap<AccountId, ClientSet>,
    rooms: HashMap<Room, ClientSet>,
    /// When who was admitted, the earliest first.
    connecting: VecDeque<(Instant, u64)>,
}

/// One socket, and what is remembered of it.
pub struct Entry {
    pub client: Arc<Client>,
    /// When its token ends.
    pub expires_at: Time,
    /// CONNECT has been answered.
    pub connected: bool,
    pub joined: HashSet<Room>,
    /// Where it has caught up, or needs not: only the first joining does.
    pub caught_up: HashSet<Room>,
    /// While it joins all that is its person's, piece by piece: what that person has left since it came.
    pub left: Option<HashSet<ConversationId>>,
    /// From this notification on it has heard all of them as they were made.
    pub first_notice: Option<NoticeId>,
}

impl Entry {
    /// This socket, as whoever runs the server sees it.
    pub fn seen(&self, context: &Context) -> SocketSeen {
        let client = &self.client;
        let joins = |(index, dialect): (usize, &&'static dyn Dialect)| {
            let mut joined = self.joined.iter();
            joined
                .any(|(joined, _)| *joined == index)
                .then_some(dialect.name())
        };
        let user_agent = Handshake::of(&client.socket).map(|handshake| &*handshake.user_agent);
        let name = context.core.directory().name(client.me.id);
        SocketSeen {
            number: client.number,
            account: client.me.id,
            name: name.unwrap_or_else(|| client.me.name.clone()),
            namespace: client.namespace.path(),
            transport: match client.is_websocket() {
                true => "websocket",
                false => "polling",
            },
            dialects: ALL.iter().enumerate().filter_map(joins).collect(),
            rooms: self.joined.len(),
            address: client.asker.address,
            user_agent: user_agent.unwrap_or_default().to_owned(),
            since: client.since,
        }
    }
}

impl Registry {
    /// Takes in a socket; does it join by itself what is its person's?
    pub fn admit(&mut self, client: Arc<Client>, expires_at: Time, joins: bool) {
        let number = client.number;
        self.people
            .entry(client.me.id)
            .or_default()
            .push(client.clone());
        self.connecting.push_back((Instant::now(), number));
        let (joined, caught_up) = (HashSet::new(), HashSet::new());
        let entry = Entry {
            client,
            expires_at,
            connected: false,
            joined,
            caught_up,
            left: joins.then(HashSet::new),
            first_notice: None,
        };
        self.entries.insert(number, entry);
    }

    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(&number)
    }

    pub fn get_mut(&mut self, number: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&number)
    }

    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The sockets of a person.
    pub fn of(&self, account: AccountId) -> &[Arc<Client>] {
        self.people.get(&account).map_or(&[], |set| &set.clients)
    }

    /// Who listens; `None` where nobody does.
    pub fn subscribers(&self, room: &Room) -> Option<&[Arc<Client>]> {
        self.rooms.get(room).map(|set| &*set.clients)
    }

    pub fn subscribe(&mut self, room: Room, client: Arc<Client>) {
        self.rooms.entry(room).or_default().push(client);
    }

    pub fn unsubscribe(&mut self, room: &Room, number: u64) {
        take_out(&mut self.rooms, room, number);
    }

    /// Takes a socket out of all that it listens to, and says what that is.
    pub fn unsubscribe_from_all(&mut self, number: u64) -> Vec<Room> {
        let Some(entry) = self.entries.get(&number) else {
            return Vec::new();
        };
        let mut rooms: Vec<_> = entry.joined.iter().copied().collect();
        rooms.retain(|room| take_out(&mut self.rooms, room, number));
        rooms
    }

    /// Takes a socket out of everything.
    pub fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.entries.remove(&number)?;
        for room in &entry.joined {
            take_out(&mut self.rooms, room, number);
        }
        take_out(&mut self.people, &entry.client.me.id, number);
        Some(entry)
    }

    /// Who was admitted a while ago and has never come in.
    pub fn never_connected(&mut self) -> Vec<u64> {
        let mut lost = Vec::new();
        while let Some((since, number)) = self.connecting.front().copied() {
            if since.elapsed() < CONNECT_GRACE {
                break;
            }
            self.connecting.pop_front();
            lost.extend(
                self.entries
                    .get(&number)
                    .filter(|entry| !entry.connected)
                    .map(|_| number),
            );
        }
        lost
    }
}

/// Takes one socket out of a set, and an empty set out of its map; was it there?
fn take_out<K: Hash + Eq>(sets: &mut HashMap<K, ClientSet>, key: &K, number: u64) -> bool {
    let Some(set) = sets.get_mut(key) else {
        return false;
    };
    let was_there = set.take_out(number);
    if set.clients.is_empty() {
        sets.remove(key);
    }
    was_there
}

/// Sockets among which one is looked for one by one.
const FEW: usize = 32;

/// Sockets that are told the same. One leaves at the cost of coming, however many stay.
#[derive(Default)]
struct ClientSet {
    clients: Vec<Arc<Client>>,
    /// Where each one is, once they are more than a few.
    places: HashMap<u64, usize>,
}

impl ClientSet {
    fn push(&mut self, client: Arc<Client>) {
        let place = self.clients.len();
        if place == FEW {
            let places = self.clients.iter().enumerate();
            self.places = places
                .map(|(place, client)| (client.number, place))
                .collect();
        }
        if place >= FEW {
            self.places.insert(client.number, place);
        }
        self.clients.push(client);
    }

    fn take_out(&mut self, number: u64) -> bool {
        let place = if self.places.is_empty() {
            self.clients
                .iter()
                .position(|client| client.number == number)
        } else {
            self.places.remove(&number)
        };
        let Some(place) = place else {
            return false;
        };
        self.clients.swap_remove(place);
        if self.clients.len() <= FEW {
            self.places = HashMap::new();
        } else if let Some(moved) = self.clients.get(place) {
            self.places.insert(moved.number, place);
        }
        true
    }
}
