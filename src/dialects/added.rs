//! What messages have beyond the documents: each field only where it says something, so that a message to which nothing was
//! added is what its document says.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::core::id::{Id, IdKind, Spelling};
use crate::core::model::{Message, Position, Reaction};

/// How a dialect spells ids.
pub trait Spells: Copy {
    fn id<K: IdKind>(self, id: Id<K>) -> impl Serialize;
    /// Are its fields in snake_case?
    const SNAKE: bool = false;
}

/// Ids as UUIDs.
#[derive(Clone, Copy)]
pub struct Uuids<'s>(pub &'s Spelling);

/// Ids as 24 hex digits.
#[derive(Clone, Copy)]
pub struct Hexes<'s>(pub &'s Spelling);

/// Ids as JSON numbers.
#[derive(Clone, Copy)]
pub struct Numbers;

impl Spells for Uuids<'_> {
    fn id<K: IdKind>(self, id: Id<K>) -> impl Serialize {
        self.0.uuid(id)
    }
}

impl Spells for Hexes<'_> {
    fn id<K: IdKind>(self, id: Id<K>) -> impl Serialize {
        self.0.hex(id)
    }
}

impl Spells for Numbers {
    fn id<K: IdKind>(self, id: Id<K>) -> impl Serialize {
        id.number()
    }

    const SNAKE: bool = true;
}

/// The added fields of a message, to be flattened into its shape: `{ editedAt?, replyTo?, reactions?: [{ emoji, count,
/// users }], mentions?, pinnedAt?, pinnedBy?, position? }`.
pub struct Added<'m, S> {
    message: &'m Message,
    spells: S,
    position: Option<Position>,
}

/// What was added to a message.
pub fn added<S: Spells>(message: &Message, spells: S) -> Added<'_, S> {
    Added {
        message,
        spells,
        position: None,
    }
}

impl<S> Added<'_, S> {
    /// The same in an event about a change, which says the position of the change.
    pub fn with_position(self) -> Self {
        Self {
            position: self.message.changed,
            ..self
        }
    }
}

impl<S: Spells> Serialize for Added<'_, S> {
    fn serialize<Z: Serializer>(&self, to: Z) -> Result<Z::Ok, Z::Error> {
        let name = |camel, snake| if S::SNAKE { snake } else { camel };
        let (message, spells) = (self.message, self.spells);
        let mut map = to.serialize_map(None)?;
        if let Some(at) = message.edited_at {
            map.serialize_entry(name("editedAt", "edited_at"), &at.iso())?;
        }
        if let Some(answered) = message.reply_to {
            map.serialize_entry(name("replyTo", "reply_to"), &spells.id(answered))?;
        }
        if !message.reactions.is_empty() {
            let shaped: Vec<_> = message
                .reactions
                .iter()
                .map(|reaction| Reacted { reaction, spells })
                .collect();
            map.serialize_entry("reactions", &shaped)?;
        }
        if !message.mentions.is_empty() {
            let people: Vec<_> = message.mentions.iter().map(|who| spells.id(*who)).collect();
            map.serialize_entry("mentions", &people)?;
        }
        if let Some(pin) = message.pinned {
            map.serialize_entry(name("pinnedAt", "pinned_at"), &pin.at.iso())?;
            map.serialize_entry(name("pinnedBy", "pinned_by"), &spells.id(pin.by))?;
        }
        if let Some(position) = self.position {
            map.serialize_entry("position", &spells.id(position))?;
        }
        map.end()
    }
}

/// `{ emoji, count, users }`
struct Reacted<'m, S> {
    reaction: &'m Reaction,
    spells: S,
}

impl<S: Spells> Serialize for Reacted<'_, S> {
    fn serialize<Z: Serializer>(&self, to: Z) -> Result<Z::Ok, Z::Error> {
        let people = self.reaction.first.iter();
        let people: Vec<_> = people.map(|who| self.spells.id(*who)).collect();
        let mut map = to.serialize_map(Some(3))?;
        map.serialize_entry("emoji", &self.reaction.emoji)?;
        map.serialize_entry("count", &self.reaction.count)?;
        map.serialize_entry("users", &people)?;
        map.end()
    }
}
