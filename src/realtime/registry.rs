//! Which sockets are there? Those that were let in, by number, by account, and by the rooms that they listen to.

use std::collections::{HashMap, HashSet, VecDeque, hash_set};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::context::Context;
use super::handshake::Handshake;
use crate::core::model::{AccountId, ConversationId, Notice, SocketSeen, Time};
use crate::dialects::{ALL, Dialect};

/// What a socket listens to: a conversation, in the dialect with this index.
pub type Room = (usize, ConversationId);

/// Rooms that a socket is taken out of between two commits: some 50 µs.
const LEAVE_AT_ONCE: usize = 256;
/// A socket that was let in but has not connected is forgotten after this.
const CONNECT_GRACE: Duration = Duration::from_secs(15);

/// All sockets.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<u64, Entry>,
    by_account: HashMap<AccountId, ClientSet>,
    by_room: HashMap<Room, ClientSet>,
    /// When each socket was let in, the earliest first.
    connecting: VecDeque<(Instant, u64)>,
    /// Sockets that are gone, and the rooms that they have still to be taken out of.
    leaving: VecDeque<(u64, hash_set::IntoIter<Room>)>,
}

/// One socket, and what the fan-out remembers of it.
pub struct Entry {
    pub client: Arc<Client>,
    /// When its token expires.
    pub expires_at: Time,
    /// CONNECT has been answered.
    pub connected: bool,
    pub joined: HashSet<Room>,
    /// The dialects by which it has joined something at any time, a bit for each index.
    pub dialects: u32,
    /// The rooms that it has joined at any time: only the first time it is told what it missed there.
    pub caught_up: HashSet<Room>,
    /// While it joins all conversations of its account, page by page: those that the account has left meanwhile.
    pub left: Option<HashSet<ConversationId>>,
    /// Until it is told the notifications that nobody had heard: those that were made meanwhile, which it hears behind them. At
    /// most as many as the writer has in its queue when the socket is let in.
    pub held_notices: Option<Vec<Arc<Notice>>>,
}

impl Entry {
    /// This socket, as whoever runs the server sees it.
    pub fn seen(&self, context: &Context) -> SocketSeen {
        let client = &self.client;
        let joins = |(index, dialect): (usize, &&'static dyn Dialect)| {
            let mut joined = self.joined.iter();
            joined
                .any(|(joined, _)| *joined == index)
                .then_some(dialect.name().into())
        };
        let user_agent = Handshake::of(&client.socket).map(|handshake| &*handshake.user_agent);
        let name = context.core.directory().name(client.me.id);
        SocketSeen {
            number: client.number,
            account: client.me.id,
            name: name.unwrap_or_else(|| client.me.name.clone()),
            namespace: client.namespace.path().into(),
            transport: match client.is_websocket() {
                true => "websocket".into(),
                false => "polling".into(),
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
    /// Takes in a socket. `joins` if it joins all conversations of its account by itself.
    pub fn admit(&mut self, client: Arc<Client>, expires_at: Time, joins: bool) {
        let number = client.number;
        let own = self.by_account.entry(client.me.id).or_default();
        own.push(client.clone());
        self.connecting.push_back((Instant::now(), number));
        let entry = Entry {
            client,
            expires_at,
            connected: false,
            joined: HashSet::new(),
            dialects: 0,
            caught_up: HashSet::new(),
            left: joins.then(HashSet::new),
            held_notices: Some(Vec::new()),
        };
        self.entries.insert(number, entry);
    }

    pub fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(&number)
    }

    pub fn get_mut(&mut self, number: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&number)
    }

    /// Is this socket yet to be told the notifications that nobody had heard?
    pub fn holds_notices(&self, number: u64) -> bool {
        let entry = self.get(number);
        entry.is_some_and(|entry| entry.held_notices.is_some())
    }

    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The sockets of an account.
    pub fn of(&self, account: AccountId) -> &[Arc<Client>] {
        self.by_account
            .get(&account)
            .map_or(&[], |set| &set.clients)
    }

    /// Changes what is remembered of the sockets of an account.
    pub fn each_of(&mut self, account: AccountId, mut change: impl FnMut(&mut Entry)) {
        let set = self.by_account.get(&account);
        for client in set.iter().flat_map(|set| &set.clients) {
            self.entries.get_mut(&client.number).map(&mut change);
        }
    }

    /// The sockets that listen to a room; `None` if there are none.
    pub fn subscribers(&self, room: &Room) -> Option<&[Arc<Client>]> {
        self.by_room.get(room).map(|set| &*set.clients)
    }

    pub fn subscribe(&mut self, room: Room, client: Arc<Client>) {
        self.by_room.entry(room).or_default().push(client);
    }

    pub fn unsubscribe(&mut self, room: &Room, number: u64) {
        remove_from(&mut self.by_room, room, number);
    }

    /// Takes a socket out of all rooms, and returns those that it listened to.
    pub fn unsubscribe_from_all(&mut self, number: u64) -> Vec<Room> {
        let Some(entry) = self.entries.get(&number) else {
            return Vec::new();
        };
        let mut rooms: Vec<_> = entry.joined.iter().copied().collect();
        rooms.retain(|room| remove_from(&mut self.by_room, room, number));
        rooms
    }

    /// Forgets a socket. It stays in its rooms, as one that has ended, until [`Self::leave_some`] takes it out of them.
    pub fn remove(&mut self, number: u64) -> Option<Entry> {
        let mut entry = self.entries.remove(&number)?;
        remove_from(&mut self.by_account, &entry.client.me.id, number);
        let joined = std::mem::take(&mut entry.joined);
        self.leaving.push_back((number, joined.into_iter()));
        Some(entry)
    }

    /// Must sockets that are gone be taken out of rooms?
    pub fn has_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Takes a socket that is gone out of some rooms, and returns these. A socket may have joined very many rooms, so that
    /// all of them at once would delay everybody's events.
    pub fn leave_some(&mut self) -> (u64, Vec<Room>) {
        let Some((number, rooms)) = self.leaving.front_mut() else {
            return (0, Vec::new());
        };
        let (number, some) = (*number, rooms.take(LEAVE_AT_ONCE).collect::<Vec<_>>());
        if some.len() < LEAVE_AT_ONCE {
            self.leaving.pop_front();
        }
        for room in &some {
            remove_from(&mut self.by_room, room, number);
        }
        (number, some)
    }

    /// The sockets that were let in longer than [`CONNECT_GRACE`] ago and have never connected.
    pub fn never_connected(&mut self) -> Vec<u64> {
        let mut lost = Vec::new();
        while let Some((since, number)) = self.connecting.front().copied() {
            if since.elapsed() < CONNECT_GRACE {
                break;
            }
            self.connecting.pop_front();
            let entry = self.entries.get(&number);
            lost.extend(entry.filter(|entry| !entry.connected).map(|_| number));
        }
        lost
    }
}

/// Takes a socket out of a set, and an empty set out of its map. Was the socket there?
fn remove_from<K: Hash + Eq>(sets: &mut HashMap<K, ClientSet>, key: &K, number: u64) -> bool {
    let Some(set) = sets.get_mut(key) else {
        return false;
    };
    let was_there = set.remove(number);
    if set.clients.is_empty() {
        sets.remove(key);
    }
    was_there
}

/// A set of at most this many sockets is searched one by one.
const FEW: usize = 32;

/// Sockets that are told the same. Taking one out costs as much as putting it in, however many there are.
#[derive(Default)]
struct ClientSet {
    clients: Vec<Arc<Client>>,
    /// The index of each socket, if they are more than a [`FEW`].
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

    fn remove(&mut self, number: u64) -> bool {
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
