//! What did they miss? A socket that comes back with a position is told what came since, page by page, no faster than
//! it takes it.
//!
//! The cut is exact: the hall puts aside what happens in the conversation from the moment of joining on, this reads from
//! the database what is there from that moment or later, and the hall drops of what it put aside what was told here. What
//! is read may even be ahead of the hall, which takes what was committed a little later: that, too, is told only once.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::guest::Guest;
use super::outbox::Told;
use super::seats::Room;
use super::{Shared, Word};
use crate::core::error::Result;
use crate::core::model::{Event, Message, MessageId};
use crate::core::{View, message};
use crate::dialects::ALL;
use crate::dialects::telling::{Audience, Telling};

/// Messages that are read at once: held until they are told, and that may take long.
const PAGE: u32 = 64;
/// Events that may wait behind what somebody is still being told; who is further behind is too slow.
const MOST_BEHIND: usize = 10_000;
/// How long what was handed to a wire may take to reach the client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who is being told what they missed, and what has happened there meanwhile.
#[derive(Default)]
pub struct Behind {
    waiting: HashMap<Room, Vec<Waiting>>,
    /// By socket: the sequence number up to which it was told here what the hall may still have to tell.
    ahead: HashMap<Room, Vec<(u64, i64)>>,
}

struct Waiting {
    guest: Arc<Guest>,
    /// While this lives, the telling goes on.
    _wanted: Arc<()>,
    /// Told once everything before it has been.
    since: Vec<Event>,
}

impl Behind {
    /// From here on what happens in the room is put aside for this socket; for as long as the answer lives.
    pub fn begin(&mut self, room: Room, guest: Arc<Guest>) -> Weak<()> {
        let wanted = Arc::new(());
        let weak = Arc::downgrade(&wanted);
        let waiting = Waiting {
            guest,
            _wanted: wanted,
            since: Vec::new(),
        };
        self.waiting.entry(room).or_default().push(waiting);
        weak
    }

    /// Puts aside what happens, for whom it concerns.
    pub fn note(&mut self, event: &Event) {
        let Some(conversation) = event.conversation().filter(|_| !self.waiting.is_empty()) else {
            return;
        };
        for dialect in 0..ALL.len() {
            for waiting in self
                .waiting
                .get_mut(&(dialect, conversation))
                .into_iter()
                .flatten()
            {
                waiting.since.push(event.clone());
                if waiting.since.len() > MOST_BEHIND {
                    waiting.guest.cut();
                }
            }
        }
    }

    /// The socket, and what was put aside for it.
    pub fn end(&mut self, room: &Room, number: u64) -> Option<(Arc<Guest>, Vec<Event>)> {
        keep(&mut self.ahead, room, |(ahead, _)| *ahead != number);
        let list = self.waiting.get_mut(room)?;
        let at = list
            .iter()
            .position(|waiting| waiting.guest.number == number)?;
        let waiting = list.swap_remove(at);
        if list.is_empty() {
            self.waiting.remove(room);
        }
        Some((waiting.guest, waiting.since))
    }

    /// This socket has been told everything up to this sequence number, whether or not the hall has come so far.
    pub fn note_ahead(&mut self, room: Room, number: u64, upto: i64) {
        self.ahead.entry(room).or_default().push((number, upto));
    }

    /// Has this socket been told this message before the hall came to it?
    pub fn has_heard(&self, room: &Room, number: u64, seq: i64) -> bool {
        let ahead = self.ahead.get(room).into_iter().flatten();
        ahead.into_iter().any(|one| one.0 == number && seq <= one.1)
    }

    /// The hall has come to this message.
    pub fn come_to(&mut self, room: &Room, seq: i64) {
        keep(&mut self.ahead, room, |(_, upto)| *upto > seq);
    }
}

fn keep<T>(lists: &mut HashMap<Room, Vec<T>>, room: &Room, which: impl FnMut(&T) -> bool) {
    if let Some(list) = lists.get_mut(room) {
        list.retain(which);
        if list.is_empty() {
            lists.remove(room);
        }
    }
}

/// Tells a socket what it missed in one conversation, in one dialect, in a task of its own; for as long as that is
/// `wanted`, that is until the socket leaves.
pub fn start(
    shared: Arc<Shared>,
    words: mpsc::UnboundedSender<Word>,
    guest: Arc<Guest>,
    room: Room,
    position: MessageId,
    wanted: Weak<()>,
) {
    tokio::spawn(async move {
        match tell_missed(&shared, &guest, room, position, &wanted).await {
            Ok(upto) => drop(words.send(Word::CaughtUp(guest.number, room, upto))),
            Err(error) => {
                // It would hear what comes without what came: better that it asks again.
                tracing::warn!(%error, socket = guest.number, "a socket could not catch up and is ended");
                guest.cut();
            }
        }
    });
}

/// Answers the sequence number up to which everything was told.
async fn tell_missed(
    shared: &Shared,
    guest: &Arc<Guest>,
    (dialect, conversation): Room,
    position: MessageId,
    wanted: &Weak<()>,
) -> Result<i64> {
    let who = guest.me.id;
    let mut past = read(shared, move |view| {
        message::seq_at(view, who, conversation, position)
    })
    .await?;
    loop {
        let page: Vec<Message> = read(shared, move |view| {
            message::after(view, who, conversation, past, PAGE)
        })
        .await?;
        let last_page = page.len() < PAGE as usize;
        for message in page {
            if guest.has_ended() || wanted.strong_count() == 0 {
                return Ok(past);
            }
            past = message.seq;
            let event = Event::MessagePosted(Arc::new(message));
            tell_one(shared, guest, dialect, &event);
            taken(guest).await;
        }
        if last_page {
            return Ok(past);
        }
    }
}

/// Reads when it is its turn. The turn ends with the read: who takes long to listen holds up nobody.
async fn read<T, V>(shared: &Shared, verb: V) -> Result<T>
where
    V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let _turn = shared.catching_up.acquire().await;
    shared.core.read(verb).await
}

/// Waits until everything that the socket was told has been handed to its wire.
async fn taken(guest: &Guest) {
    let (mut since, mut before) = (Instant::now(), guest.progress());
    while guest.is_behind() && !guest.has_ended() {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let now = guest.progress();
        if now != before {
            (since, before) = (Instant::now(), now);
        } else if since.elapsed() > PATIENCE {
            return guest.cut();
        }
    }
}

/// Tells one socket an event in one dialect, as the conversation's listeners hear it.
pub fn tell_one(shared: &Shared, guest: &Arc<Guest>, dialect: usize, event: &Event) {
    // What goes to a person when it happens went to all their sockets then; what waited for one is for this one.
    let waited = matches!(event, Event::NoticesWaiting { .. });
    let here = |who| waited && who == guest.me.id;
    let core = &shared.core;
    let mut telling = Telling::new(core.spelling(), core.directory(), true, &here);
    ALL[dialect].retell(event, &mut telling);
    for told in telling.into_told() {
        if told.to == Audience::Others(guest.me.id) {
            continue;
        }
        guest.tell(&Arc::new(Told {
            event: told.event,
            body: told.body,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::ConversationId;

    #[test]
    fn who_was_told_ahead_of_the_hall_is_not_told_again() {
        let mut behind = Behind::default();
        let room = (0, ConversationId::new(1).expect("an id"));
        behind.note_ahead(room, 7, 10);
        assert!(behind.has_heard(&room, 7, 9) && behind.has_heard(&room, 7, 10));
        assert!(!behind.has_heard(&room, 7, 11) && !behind.has_heard(&room, 8, 10));
        behind.come_to(&room, 9);
        assert!(behind.has_heard(&room, 7, 10));
        behind.come_to(&room, 10);
        assert!(behind.ahead.is_empty());
        behind.note_ahead(room, 7, 10);
        assert!(behind.end(&room, 7).is_none() && behind.ahead.is_empty());
    }
}
