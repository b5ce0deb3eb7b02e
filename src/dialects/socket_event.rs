//! A socket event in hand: who said it, with what, and what follows.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::limits::{TYPING_EVERY, TYPING_LASTS};
use crate::core::message::{self, Draft};
use crate::core::model::{ConversationId, Me, Message, SubscriberId};
use crate::core::{Core, Tx, conversation};
use crate::web::fields::Fields;
use crate::web::input::Input;
use crate::web::rates::{Asker, Rates};

/// The names that the documents give a conversation's id.
pub const PLACE: &[&str] = &["conversationId", "roomId", "conversation"];

/// How far somebody has read, where it is not all.
pub const UPTO: &[&str] = &["messageId", "message_id"];

/// What a callback gets beside `ok: true`.
#[derive(Debug, Default)]
pub struct Ack(Option<(&'static str, Box<RawValue>)>);

/// An answer on its way.
pub type AckFuture = Pin<Box<dyn Future<Output = Result<Ack>> + Send>>;

/// What is done with an answer.
pub type Completion = Box<dyn FnOnce(Result<Ack>) + Send>;

/// What follows from an event.
pub enum Reaction {
    /// One verb, which this queues at once: so one socket's events take effect in the order in which they were said,
    /// without waiting for each other's commit.
    Verb(Box<dyn FnOnce(Completion) + Send>),
    /// There is more to do than one verb: the socket's next event waits until it is done.
    Held(AckFuture),
}

/// What hears an event of one name.
pub type EventHandler = fn(SocketEvent) -> Result<Reaction>;

/// A socket event in hand.
pub struct SocketEvent {
    pub core: Core,
    pub me: Me,
    /// This socket, as a listener of the dialect whose event it said.
    pub subscriber: SubscriberId,
    pub input: Input,
    pub rates: Arc<Rates>,
    pub asker: Asker,
    /// What this socket remembers of its own typing.
    pub typing: Arc<Typing>,
}

impl SocketEvent {
    /// Queues a verb; its result becomes what a callback gets.
    pub fn queue<T, V, A>(self, verb: V, ack: A) -> Result<Reaction>
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
                move |tx| verb(tx, &me, subscriber),
                move |written| answer(written.map(|done| ack(spells.spelling(), done))),
            );
        })))
    }

    /// Posts, and joins what is posted to: who says something in a dialect's words hears the answers in them.
    pub fn post<A>(self, draft: Draft, ack: A) -> Result<Reaction>
    where
        A: FnOnce(&Spelling, &Message) -> Ack + Send + 'static,
    {
        self.queue(
            move |tx, me, subscriber| message::post_and_subscribe(tx, me, draft, subscriber),
            move |spell, message| ack(spell, &message),
        )
    }

    /// Joins the conversation whose id was said, alone or in an object.
    ///
    /// # Errors
    /// `Invalid` for what is no id.
    pub fn join(mut self) -> Result<Reaction> {
        let place = self.place()?;
        self.queue(
            move |tx, me, subscriber| conversation::subscribe(tx, me, place, subscriber),
            |_, _| Ack::default(),
        )
    }

    /// Leaves it, for this socket alone.
    ///
    /// # Errors
    /// `Invalid` for what is no id.
    pub fn leave(mut self) -> Result<Reaction> {
        let place = self.place()?;
        self.queue(
            move |tx, me, subscriber| conversation::unsubscribe(tx, me, place, subscriber),
            |_, ()| Ack::default(),
        )
    }

    /// Marks what was said there as read, all of it or up to a `messageId`; a callback gets the `count`.
    ///
    /// # Errors
    /// `Invalid` for what is no id.
    pub fn mark_read(mut self) -> Result<Reaction> {
        let mut fields = Fields::new(std::mem::take(&mut self.input), self.core.spelling());
        let upto = fields.optional_id(UPTO);
        let place = fields.bare_id(PLACE);
        let place = fields.done(place)?;
        self.queue(
            move |tx, me, _| conversation::mark_read(tx, me, place, upto),
            |_, count| ack("count", count),
        )
    }

    /// Types, or has stopped. Saying the same again within two seconds is nothing new to the others.
    ///
    /// # Errors
    /// `Invalid` for what is no id.
    pub fn type_in(mut self, on: bool) -> Result<Reaction> {
        let place = self.place()?;
        if !self.typing.is_news(place, on) {
            return Ok(Reaction::Verb(Box::new(|answer| {
                answer(Ok(Ack::default()));
            })));
        }
        self.queue(
            move |tx, me, subscriber| conversation::type_in(tx, me, place, subscriber, on),
            |_, ()| Ack::default(),
        )
    }

    fn place(&mut self) -> Result<ConversationId> {
        let mut fields = Fields::new(std::mem::take(&mut self.input), self.core.spelling());
        let place = fields.bare_id(PLACE);
        fields.done(place)
    }
}

/// What a callback gets: one thing under one name.
pub fn ack(name: &'static str, shape: impl Serialize) -> Ack {
    // Not reached: what we shape has text for keys.
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

/// When one socket last said that it types, where.
#[derive(Debug, Default)]
pub struct Typing {
    /// `false` where the operator has switched off all limits on how often.
    limited: bool,
    /// What was passed on of late, and whether it was that typing had begun: no more of them than events are allowed.
    passed_on: Mutex<Vec<(ConversationId, bool, Instant)>>,
}

impl Typing {
    pub fn new(limited: bool) -> Self {
        Self {
            limited,
            passed_on: Mutex::default(),
        }
    }

    /// May the others hear this? Once in a while that somebody types in a conversation, and after each of these once that
    /// they have stopped.
    fn is_news(&self, place: ConversationId, on: bool) -> bool {
        if !self.limited {
            return true;
        }
        let passed_on = self.passed_on.lock();
        let mut passed_on = passed_on.unwrap_or_else(PoisonError::into_inner);
        // Whoever types on is still typing when this is forgotten, and may stop then.
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
