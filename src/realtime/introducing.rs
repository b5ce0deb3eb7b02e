//! How do people hear of somebody's new name or picture? Each socket once, if it listens to a direct, group or session
//! conversation of that person.
//!
//! The conversations are read from the database page by page, and the fan-out does other work between two pages. One person
//! is introduced after the other, and as they are when a page is read: so nobody hears an older name after a newer one,
//! and who changes often while others wait is introduced once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::client::Client;
use super::context::Context;
use super::retelling::packets;
use super::send_queue::Packet;
use super::signal::{Introduction, Signal, Signals};
use crate::core::conversation;
use crate::core::error::Result;
use crate::core::model::{AccountId, ConversationId, Event, Person};

/// Conversations in one page: of full groups with a socket for each member, some milliseconds of the fan-out's time.
const PAGE: u32 = 64;

/// Who is to be introduced, and who has heard of the one who is being introduced now.
#[derive(Default)]
pub struct Introductions {
    waiting: VecDeque<AccountId>,
    known: HashSet<AccountId>,
    is_busy: bool,
    /// Sockets, each with the index of a dialect.
    told: HashSet<(u64, usize)>,
    packets: HashMap<usize, Option<Arc<Packet>>>,
    /// As the packets tell of them.
    person: Option<Arc<Person>>,
}

impl Introductions {
    /// Somebody has another name or picture. Answers whom to begin with, if nobody is being introduced.
    pub fn note(&mut self, who: AccountId) -> Option<AccountId> {
        if self.known.insert(who) {
            self.waiting.push_back(who);
        }
        match self.is_busy {
            true => None,
            false => self.next(),
        }
    }

    /// The next one, when everybody has heard of the one before.
    pub fn next(&mut self) -> Option<AccountId> {
        self.told.clear();
        self.person = None;
        let next = self.waiting.pop_front();
        self.is_busy = next.is_some();
        if let Some(next) = next {
            // Whoever changes from here on is introduced again.
            self.known.remove(&next);
        }
        next
    }

    /// A person as of this page. If that is not as of the page before, those who have heard of them hear again.
    pub fn begin_page(&mut self, person: Arc<Person>) {
        let looks = |person: &Person| (person.name.clone(), person.picture.clone());
        if self.person.as_deref().map(looks) != Some(looks(&person)) {
            self.packets.clear();
            self.told.clear();
        }
        self.person = Some(person);
    }

    /// Tells these sockets, in this dialect, unless they have heard it; answers how many, and what they were told.
    pub fn tell<'c>(
        &mut self,
        context: &Context,
        dialect: usize,
        clients: impl Iterator<Item = &'c Arc<Client>>,
    ) -> (usize, Option<Arc<Packet>>) {
        let Some(person) = &self.person else {
            return (0, None);
        };
        let shape = || packets(context, dialect, &Event::PersonChanged(person.clone())).pop();
        let mut to = 0;
        for client in clients {
            if client.has_ended() || !self.told.insert((client.number, dialect)) {
                continue;
            }
            if let Some(packet) = self.packets.entry(dialect).or_insert_with(shape) {
                client.tell(packet);
                to += 1;
            }
        }
        (to, self.packets.get(&dialect).cloned().flatten())
    }
}

/// Reads the conversations of a person, and has the fan-out tell those who listen to them.
pub async fn introduce(context: Arc<Context>, signals: Signals, who: AccountId) {
    if let Err(error) = page_by_page(&context, &signals, who).await {
        tracing::warn!(%error, "a new name or picture was not told to everybody");
    }
    signals.send(Signal::Introduced).ok();
}

async fn page_by_page(context: &Context, signals: &Signals, who: AccountId) -> Result<()> {
    let mut after: Option<ConversationId> = None;
    loop {
        let read = context
            .core
            .read_inline(move |view| conversation::acquaintance(view, who, after, PAGE));
        let Some(page) = read.await? else {
            return Ok(());
        };
        let (told, answer) = oneshot::channel();
        let introduction = Introduction {
            person: Arc::new(page.person),
            conversations: page.closed,
            told,
        };
        signals.send(Signal::Introduces(introduction)).ok();
        // If nobody answers, the server is stopping.
        if answer.await.is_err() || page.next.is_none() {
            return Ok(());
        }
        after = page.next;
    }
}
