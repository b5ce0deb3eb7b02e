//! Who has come, and who has gone? Whoever listens to a direct, group or session conversation with them is told so, once,
//! unless one of the two blocks the other.
//!
//! Somebody comes with their first socket, and goes [`GRACE`] after their last one: a connection that is replaced tells
//! nothing. What is told is how it is at that moment, so changes that wait become one.
//!
//! One person may share conversations with everybody, and thousands may come and go at the same time. So people are told in
//! slices, each in turn, and everything else goes on between two [turns](TURN). However many come and go, that takes a
//! few percent of one processor, and a person with few listeners waits for one slice of each of those before.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::client::{Client, subscriber};
use super::context::Context;
use super::registry::Registry;
use super::retelling::{note_told, packets};
use super::send_queue::Packet;
use crate::core::directory::Directory;
use crate::core::model::{AccountId, ConversationId, Event, SubscriberId};
use crate::dialects::ALL;

/// How long somebody counts as being there after their last socket has gone.
const GRACE: Duration = Duration::from_secs(10);
/// The time between two turns.
pub const TURN: Duration = Duration::from_millis(10);
/// People of whom others are told in one turn.
const PEOPLE: usize = 4;
/// Of each of them, sockets that are told in one turn,
const SOCKETS: usize = 32;
/// and subscribers that are looked at, a room counting as ten of them: as many may listen to several of their conversations.
const LOOKS: usize = 1_024;
/// People whose conversations are read from the database at the same time,
const READS: usize = 2;
/// and of whom others are being told: it is remembered who has been told.
const UNDER_WAY: usize = 64;

/// Who is there, and what others have still to be told of it.
#[derive(Default)]
pub struct PresenceNow {
    /// The connected sockets of each account; for [`GRACE`] an account may have none.
    here: HashMap<AccountId, Here>,
    /// Accounts whose last socket has gone, the earliest first.
    gone: VecDeque<(Instant, AccountId)>,
    /// Who was there when others were last told of it, or will be when they are.
    online: HashSet<AccountId>,
    /// Of whom others are to be told.
    waiting: VecDeque<AccountId>,
    queued: HashSet<AccountId>,
    /// Of whom others are being told: their conversations are read, or some of the listeners have heard it.
    under_way: HashSet<AccountId>,
    reading: usize,
    slices: VecDeque<Slices>,
}

#[derive(Default)]
struct Here {
    sockets: usize,
    /// When the last one went.
    since: Option<Instant>,
}

/// Others are told of one person, slice by slice.
struct Slices {
    event: Event,
    who: AccountId,
    /// Conversations whose listeners have not been gathered.
    circle: Vec<ConversationId>,
    /// Those who are told next, each in the dialect with this index.
    listeners: Vec<(Arc<Client>, usize)>,
    /// Those who were gathered at any time.
    known: HashSet<SubscriberId>,
    /// What is told in each dialect, once it is needed.
    packets: Vec<Option<Vec<Arc<Packet>>>>,
}

impl PresenceNow {
    /// A socket of this account has connected; answers whether it is the first.
    pub fn came(&mut self, people: &Directory, account: AccountId) -> bool {
        let here = self.here.entry(account).or_default();
        here.sockets += 1;
        here.since = None;
        let is_new = people.appear(account);
        self.look(people, account);
        is_new
    }

    /// A connected socket of this account has gone.
    pub fn went(&mut self, account: AccountId) {
        let Some(here) = self.here.get_mut(&account) else {
            return;
        };
        here.sockets -= 1;
        if here.sockets == 0 {
            let now = Instant::now();
            here.since = Some(now);
            self.gone.push_back((now, account));
        }
    }

    /// Those whose last socket went longer than [`GRACE`] ago are there no more; answers who.
    pub fn settle(&mut self, people: &Directory) -> Vec<AccountId> {
        let mut vanished = Vec::new();
        while let Some((since, account)) = self.gone.front().copied() {
            if since.elapsed() < GRACE {
                break;
            }
            self.gone.pop_front();
            let here = self.here.get(&account);
            // They may have come back, and may even have gone again since.
            if here.is_some_and(|here| here.since == Some(since)) {
                self.here.remove(&account);
                people.vanish(account);
                self.look(people, account);
                vanished.push(account);
            }
        }
        vanished
    }

    /// If this person has come or gone, as others may know it, these are to be told.
    pub fn look(&mut self, people: &Directory, account: AccountId) {
        let has_changed = match people.presence(account).online {
            true => self.online.insert(account),
            false => self.online.remove(&account),
        };
        if has_changed {
            self.queue(account);
        }
    }

    fn queue(&mut self, account: AccountId) {
        if self.queued.insert(account) {
            self.waiting.push_back(account);
        }
    }

    /// Is there something to do in a turn?
    pub fn has_work(&self) -> bool {
        !self.slices.is_empty() || (!self.waiting.is_empty() && self.may_read())
    }

    fn may_read(&self) -> bool {
        self.reading < READS && self.under_way.len() < UNDER_WAY
    }

    /// The next person whose conversations are to be read, for [`Self::begin`].
    pub fn next(&mut self) -> Option<AccountId> {
        if !self.may_read() {
            return None;
        }
        let account = self.waiting.pop_front()?;
        if self.under_way.contains(&account) {
            // An older state must not be told after a newer one.
            self.waiting.push_back(account);
            return None;
        }
        self.queued.remove(&account);
        self.under_way.insert(account);
        self.reading += 1;
        Some(account)
    }

    /// These are the conversations whose listeners are told of this person; `None` if they could not be read.
    pub fn begin(
        &mut self,
        people: &Directory,
        who: AccountId,
        circle: Option<Vec<ConversationId>>,
    ) {
        self.reading -= 1;
        match circle {
            Some(circle) => self.slices.push_back(Slices {
                event: Event::PresenceChanged(people.presence(who)),
                who,
                circle,
                listeners: Vec::new(),
                known: HashSet::new(),
                packets: vec![None; ALL.len()],
            }),
            None => {
                self.under_way.remove(&who);
                self.queue(who);
            }
        }
    }

    /// Tells some sockets of some people.
    pub fn tell_some(&mut self, context: &Context, registry: &Registry, backlog: &Backlog) {
        for _ in 0..self.slices.len().min(PEOPLE) {
            let Some(mut slices) = self.slices.pop_front() else {
                return;
            };
            if slices.tell_some(context, registry, backlog) {
                self.slices.push_back(slices);
            } else {
                self.under_way.remove(&slices.who);
            }
        }
    }
}

impl Slices {
    /// Tells the next slice. Are there more?
    fn tell_some(&mut self, context: &Context, registry: &Registry, backlog: &Backlog) -> bool {
        let (mut told, mut looks) = (0, 0);
        let mut to = vec![0; ALL.len()];
        while told < SOCKETS {
            if let Some((client, dialect)) = self.listeners.pop() {
                let event = &self.event;
                let made =
                    self.packets[dialect].get_or_insert_with(|| packets(context, dialect, event));
                made.iter().for_each(|packet| client.tell(packet));
                to[dialect] += 1;
                told += 1;
            } else if looks < LOOKS
                && let Some(conversation) = self.circle.pop()
            {
                looks += self.gather(context, registry, backlog, conversation);
            } else {
                break;
            }
        }
        for (dialect, to) in to.into_iter().enumerate() {
            for packet in self.packets[dialect].iter().flatten() {
                note_told(context, dialect, (None, "room"), packet, to);
            }
        }
        !self.listeners.is_empty() || !self.circle.is_empty()
    }

    /// Adds the listeners of a conversation who have not been told. How many had to be looked at?
    fn gather(
        &mut self,
        context: &Context,
        registry: &Registry,
        backlog: &Backlog,
        conversation: ConversationId,
    ) -> usize {
        let (people, mut looks) = (context.core.directory(), 10);
        for dialect in 0..ALL.len() {
            let room = (dialect, conversation);
            let live = registry.subscribers(&room).unwrap_or_default().iter();
            // Presence has no position, so it may be told before what was missed.
            for client in live.chain(backlog.subscribers(&room)) {
                looks += 1;
                let other = client.me.id;
                if other != self.who
                    && !people.are_apart(other, self.who)
                    && self.known.insert(subscriber(client.number, dialect))
                {
                    self.listeners.push((client.clone(), dialect));
                }
            }
        }
        looks
    }
}
