//! Who hears what? A dialect's retelling of one event, shaped once, and only where somebody listens.

use serde_json::Value;

use crate::core::directory::Directory;
use crate::core::id::Spelling;
use crate::core::model::AccountId;

/// To whom something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// All who listen to the conversation in this dialect.
    Room,
    /// The same, without one person's sockets.
    Others(AccountId),
    /// All sockets of one person.
    Person(AccountId),
}

/// Something told.
#[derive(Debug)]
pub struct Told {
    pub to: Audience,
    pub event: &'static str,
    pub body: Value,
}

/// The retelling of one event in one dialect.
pub struct Telling<'t> {
    pub spell: &'t Spelling,
    pub people: &'t Directory,
    /// Does anybody listen to the conversation in this dialect?
    room: bool,
    /// Has this person a socket here?
    here: &'t dyn Fn(AccountId) -> bool,
    told: Vec<Told>,
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
            told: Vec::new(),
        }
    }

    /// Tells all who listen to the conversation in this dialect.
    pub fn room(&mut self, event: &'static str, shape: impl FnOnce(&Spelling) -> Value) {
        if self.room {
            self.told.push(Told {
                to: Audience::Room,
                event,
                body: shape(self.spell),
            });
        }
    }

    /// Tells them all, but not this person.
    pub fn others(
        &mut self,
        than: AccountId,
        event: &'static str,
        shape: impl FnOnce(&Spelling) -> Value,
    ) {
        if self.room {
            self.told.push(Told {
                to: Audience::Others(than),
                event,
                body: shape(self.spell),
            });
        }
    }

    /// Tells one person, on all their sockets.
    pub fn person(
        &mut self,
        who: AccountId,
        event: &'static str,
        shape: impl FnOnce(&Spelling) -> Value,
    ) {
        if (self.here)(who) {
            self.told.push(Told {
                to: Audience::Person(who),
                event,
                body: shape(self.spell),
            });
        }
    }

    pub fn into_told(self) -> Vec<Told> {
        self.told
    }
}
