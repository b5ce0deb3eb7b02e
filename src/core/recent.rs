//! Which conversation was last active? Kept in memory, so that the order of somebody's conversations needs no look into
//! the log of each. What is not known yet is read once; from then on the commits' events keep it true.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::error::Result;
use super::model::{Announcement, ConversationId, Event, Kind, Time};

/// Conversations that are remembered, at 40 bytes or so each. Past that all are forgotten, and read again by whoever asks.
const REMEMBERED: usize = 1_000_000;

/// When somebody spoke last; the greater one is the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activity {
    /// If nobody has spoken: when the conversation was made.
    pub at: Time,
    /// The last message; 0 if there is none.
    pub message: i64,
    /// Is it open to every account?
    pub is_open: bool,
}

/// The last activity of conversations.
#[derive(Debug, Default)]
pub struct Recent(RwLock<HashMap<ConversationId, Activity>>);

impl Recent {
    /// The last activity of each of these; `read` finds out what is not known.
    ///
    /// # Errors
    /// What `read` fails with.
    pub(in crate::core) fn of(
        &self,
        conversations: &[ConversationId],
        read: impl Fn(ConversationId) -> Result<Activity>,
    ) -> Result<Vec<(Activity, ConversationId)>> {
        let mut found = Vec::with_capacity(conversations.len());
        let mut unknown = Vec::new();
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            for id in conversations {
                match known.get(id) {
                    Some(activity) => found.push((*activity, *id)),
                    None => unknown.push(*id),
                }
            }
        }
        let before = found.len();
        for id in unknown {
            found.push((read(id)?, id));
        }
        if found.len() > before {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for (activity, id) in &mut found[before..] {
                *activity = note(&mut known, *id, *activity);
            }
        }
        Ok(found)
    }

    /// Takes in what a commit has changed.
    pub(in crate::core) fn learn(&self, announced: &[Announcement]) {
        let posted = |announcement: &Announcement| match announcement {
            Announcement::Event(Event::MessagePosted(message)) => Some((
                message.place.id,
                Activity {
                    at: message.sent_at,
                    message: message.id.number(),
                    is_open: message.place.kind == Kind::Room,
                },
            )),
            _ => None,
        };
        let mut posted = announced.iter().filter_map(posted).peekable();
        if posted.peek().is_some() {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for (id, activity) in posted {
                note(&mut known, id, activity);
            }
        }
    }
}

/// Of what a reader found and what a commit has said since, the later one stays.
fn note(
    known: &mut HashMap<ConversationId, Activity>,
    id: ConversationId,
    activity: Activity,
) -> Activity {
    if known.len() >= REMEMBERED && !known.contains_key(&id) {
        known.clear();
    }
    let noted = known.entry(id).or_insert(activity);
    if activity.message > noted.message {
        *noted = activity;
    }
    *noted
}
