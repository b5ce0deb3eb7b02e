//! A socket event in hand: who sent it, with which input, and what follows.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::limits::{TYPING_EVERY, TYPING_LASTS};
use crate::core::message::{self, Draft};
use crate::core::model::{ConversationId, Me, Message, SubscriberId};
use crate::core::{Core, Lookup, Tx, conversation};
use crate::web::fields::Fields;
use crate::web::input::Input;
use crate::web::rates::{Asker, Rates};

/// The names that the documents give the field with a conversation's id.
pub const PLACE: &[&str] = &["conversationId", "roomId", "conversation"];

/// The names of the field with the last message that was read, if not all were.
pub const UPTO: &[&str] = &["messageId", "message_id"];

/// The argument of a callback: `ok: true`, and one shape under a name if there is one.
#[derive(Debug, Default)]
pub struct Ack(Option<(&'static str, Box<RawValue>)>);

/// A handler that is still running.
pub type AckFuture = Pin<Box<dyn Future<Output = Result<Ack>> + Send>>;

/// Called with the result, after the commit.
pub type Completion = Box<dyn FnOnce(Result<Ack>) + Send>;

/// What a handler wants to be done.
pub enum Reaction {
    /// One verb, which this function queues at once: so the events of a socket take effect in the order in which they were
    /// sent, without waiting for each other's commit.
    Verb(Box<dyn FnOnce(Completion) + Send>),
    /// More than one verb: the socket's next event waits until this future has finished.
    Held(AckFuture),
}

/// Handles an event of one name.
pub type EventHandler = fn(SocketEvent) -> Result<Reaction>;

/// A socket event in hand.
pub struct SocketEvent {
    pub core: Core,
    pub me: Me,
    /// This socket in the dialect whose event it sent.
    pub subscriber: SubscriberId,
    pub input: Input,
    /// What the dialect's document calls the id of a conversation, and what the others do.
    pub place_names: &'static [&'static str],
    pub rates: Arc<Rates>,
    pub asker: Asker,
    /// When this socket last typed in which conversation.
    pub typing: Arc<Typing>,
}

impl SocketEvent {
    /// Queues a verb; `ack` makes the argument of the callback from its result.
    pub fn queue<T, V, A>(self, verb: V, ack: A) -> Result<Reaction>
    where
        V: FnOnce(&Tx<'_>, &Me, SubscriberId) -> Result<T> + Send + 'static,
        T: Send + 'static,
        A: FnOnce(&Spelling, T) -> Ack + Send + 'static,
    {
        self.queue_after(Lookup::default(), verb, ack)
    }

    /// The same for a verb that is about to look something up.
    pub fn queue_after<T, V, A>(self, lookup: Lookup, verb: V, ack: A) -> Result<Reaction>
    where
        V: FnOnce(&Tx<'_>, &Me, SubscriberId) -> Result<T> + Send + 'static,
        T: Send + 'static,
        A: FnOnce(&Spelling, T) -> Ack + Send + 'static,
    {
        let Self {
            core,
            me,
            subscriber,
            ..
        } = self;
        Ok(Reaction::Verb(Box::new(move |answer| {
            let spells = core.clone();
            core.write_then(
                lookup,
                move |tx| verb(tx, &me, subscriber),
                move |written| answer(written.map(|done| ack(spells.spelling(), done))),
            );
        })))
    }

    /// Posts a message and joins its conversation, so that the sender hears the answers in this dialect.
    pub fn post<A>(self, draft: Draft, ack: A) -> Result<Reaction>
    where
        A: FnOnce(&Spelling, &Message) -> Ack + Send + 'static,
    {
        let draft = self.core.screened(draft);
        let lookup = draft.lookup(&self.me);
        self.queue_after(
            lookup,
            move |tx, me, subscriber| message::post_and_subscribe(tx, me, draft, subscriber),
            move |spell, message| ack(spell, &message),
        )
    }

    /// Joins the conversation whose id is the input, or a field of it.
    ///
    /// # Errors
    /// `Invalid` if it is not an id.
    pub fn join(mut self) -> Result<Reaction> {
        let place = self.place()?;
        let lookup = Lookup::of(&self.me, Some(place), None);
        self.queue_after(
            lookup,
            move |tx, me, subscriber| conversation::subscribe(tx, me, place, subscriber),
            |_, _| Ack::default(),
        )
    }

    /// Leaves that conversation, with this socket alone.
    ///
    /// # Errors
    /// `Invalid` if it is not an id.
    pub fn leave(mut self) -> Result<Reaction> {
        let place = self.place()?;
        self.queue(
            move |tx, me, subscriber| conversation::unsubscribe(tx, me, place, subscriber),
            |_, ()| Ack::default(),
        )
    }

    /// Marks the messages of that conversation as read, all or up to a `messageId`; the callback gets the `count`.
    ///
    /// # Errors
    /// `Invalid` if it is not an id.
    pub fn mark_read(mut self) -> Result<Reaction> {
        let mut fields = Fields::new(std::mem::take(&mut self.input), self.core.spelling());
        let upto = fields.optional_id(UPTO);
        let place = fields.bare_id(self.place_names);
        let place = fields.done(place)?;
        let lookup = Lookup::to_read(&self.me, place, upto);
        self.queue_after(
            lookup,
            move |tx, me, _| conversation::mark_read(tx, me, place, upto),
            |_, count| ack("count", count),
        )
    }

    /// Tells the others that this person types, or has stopped. A repeat within two seconds is not passed on.
    ///
    /// # Errors
    /// `Invalid` if it is not an id.
    pub fn type_in(mut self, on: bool) -> Result<Reaction> {
        let place = self.place()?;
        if !self.typing.is_news(place, on) {
            return Ok(Reaction::Verb(Box::new(|answer| {
                answer(Ok(Ack::default()));
            })));
        }
        let lookup = Lookup::of(&self.me, Some(place), None);
        self.queue_after(
            lookup,
            move |tx, me, subscriber| conversation::type_in(tx, me, place, subscriber, on),
            |_, ()| Ack::default(),
        )
    }

    fn place(&mut self) -> Result<ConversationId> {
        let mut fields = Fields::new(std::mem::take(&mut self.input), self.core.spelling());
        let place = fields.bare_id(self.place_names);
        fields.done(place)
    }
}

/// An ack with one shape under one name.
pub fn ack(name: &'static str, shape: impl Serialize) -> Ack {
    // Never fails: all keys of our shapes are text.
    let shape = to_raw_value(&shape).unwrap_or_else(|_| RawValue::NULL.to_owned());
    Ack(Some((name, shape)))
}

impl Serialize for Ack {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if let Some((name, shape)) = &self.0 {
            map.serialize_entry(name, shape)?;
        }
        map.serialize_entry("ok", &true)?;
        map.end()
    }
}

/// When a socket last told that it types or has stopped, by conversation.
#[derive(Debug, Default)]
pub struct Typing {
    /// `false` if the operator has switched rate limits off.
    limited: bool,
    /// What was passed on lately: where, whether typing began, and when. The rate limit on events bounds its length.
    passed_on: Mutex<Vec<(ConversationId, bool, Instant)>>,
}

impl Typing {
    pub fn new(limited: bool) -> Self {
        Self {
            limited,
            passed_on: Mutex::default(),
        }
    }

    /// Is it to be passed on? Typing at most every two seconds in a conversation, and once after each that it has stopped.
    fn is_news(&self, place: ConversationId, on: bool) -> bool {
        if !self.limited {
            return true;
        }
        let mut passed_on = self.passed_on.lock();
        // An entry lives as long as clients show it, so that a late stop is still passed on.
        passed_on.retain(|(_, is_on, at)| {
            at.elapsed() < if *is_on { TYPING_LASTS } else { TYPING_EVERY }
        });
        let known = passed_on.iter_mut().find(|(there, ..)| *there == place);
        match (known, on) {
            (Some((_, _, at)), true) if at.elapsed() < TYPING_EVERY => return false,
            (Some(known), true) => *known = (place, true, Instant::now()),
            (Some((_, is_on, _)), false) => return std::mem::take(is_on),
            (None, on) => passed_on.push((place, on, Instant::now())),
        }
        true
    }
}
