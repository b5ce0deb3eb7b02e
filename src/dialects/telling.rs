//! Who hears what? A dialect's retelling of one event. A shape is made once, and only if somebody listens.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::core::directory::Directory;
use crate::core::id::Spelling;
use crate::core::model::AccountId;

/// Who gets an outgoing event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// All who listen to the conversation in this dialect.
    Room,
    /// All of these but one person's sockets.
    Others(AccountId),
    /// One person's sockets that listen to it.
    Own(AccountId),
    /// All sockets of one person.
    Person(AccountId),
    /// Those of one person's sockets that have joined something in this dialect, or nothing in any yet, whatever they listen to now.
    Speaker(AccountId),
}

/// An event for clients: its name and encoded body, and who gets it.
#[derive(Debug)]
pub struct OutgoingEvent {
    pub to: Audience,
    pub event: &'static str,
    pub body: Arc<RawValue>,
}

/// The retelling of one event in one dialect.
pub struct Telling<'t> {
    pub spell: &'t Spelling,
    pub people: &'t Directory,
    /// Does anybody listen to the conversation in this dialect?
    room: bool,
    /// Does this person have a socket in the dialect's namespace?
    here: &'t dyn Fn(AccountId) -> bool,
    events: Vec<OutgoingEvent>,
}

impl<'t> Telling<'t> {
    pub fn new(
        spell: &'t Spelling,
        people: &'t Directory,
        room: bool,
        here: &'t dyn Fn(AccountId) -> bool,
    ) -> Self {
        Self {
            spell,
            people,
            room,
            here,
            events: Vec::new(),
        }
    }

    /// Tells all who listen to the conversation in this dialect.
    pub fn room<S: Serialize>(
        &mut self,
        event: &'static str,
        shape: impl FnOnce(&'t Spelling) -> S,
    ) {
        if self.room {
            self.tell(Audience::Room, event, &shape(self.spell));
        }
    }

    /// Tells them all, but not this person.
    pub fn others<S: Serialize>(
        &mut self,
        than: AccountId,
        event: &'static str,
        shape: impl FnOnce(&'t Spelling) -> S,
    ) {
        if self.room {
            self.tell(Audience::Others(than), event, &shape(self.spell));
        }
    }

    /// Tells one person, on those of their sockets that listen to the conversation in this dialect.
    pub fn own<S: Serialize>(
        &mut self,
        who: AccountId,
        event: &'static str,
        shape: impl FnOnce(&'t Spelling) -> S,
    ) {
        if self.room && (self.here)(who) {
            self.tell(Audience::Own(who), event, &shape(self.spell));
        }
    }

    /// Tells one person, on all their sockets.
    pub fn person<S: Serialize>(
        &mut self,
        who: AccountId,
        event: &'static str,
        shape: impl FnOnce(&'t Spelling) -> S,
    ) {
        if (self.here)(who) {
            self.tell(Audience::Person(who), event, &shape(self.spell));
        }
    }

    /// Tells one person, on those of their sockets that have joined something in this dialect.
    pub fn speaker<S: Serialize>(
        &mut self,
        who: AccountId,
        event: &'static str,
        shape: impl FnOnce(&'t Spelling) -> S,
    ) {
        if (self.here)(who) {
            self.tell(Audience::Speaker(who), event, &shape(self.spell));
        }
    }

    /// Encodes the shape, once for all listeners.
    fn tell(&mut self, to: Audience, event: &'static str, shape: &impl Serialize) {
        match to_raw_value(shape) {
            Ok(body) => self.events.push(OutgoingEvent {
                to,
                event,
                body: body.into(),
            }),
            Err(error) => tracing::error!(%error, event, "a shape could not be encoded"),
        }
    }

    pub fn into_events(self) -> Vec<OutgoingEvent> {
        self.events
    }
}
