//! When was each conversation last active? A cache in memory, so that sorting somebody's conversations does not read the log
//! of each. An unknown one is read once; from then on the commits' events keep it up to date.

use std::collections::HashMap;

use parking_lot::RwLock;

use super::error::Result;
use super::model::{Announcement, ConversationId, Event, Kind, Time};

/// Conversations that are cached, at about 40 bytes each. Beyond that the cache is emptied and fills again.
const REMEMBERED: usize = 1_000_000;

/// The last activity of a conversation; ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activity {
    /// Without a message: when the conversation was made.
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
    /// The last activity of each of these; `read` is asked for those that are not cached.
    ///
    /// # Errors
    /// The errors of `read`.
    pub(in crate::core) fn of(
        &self,
        conversations: &[ConversationId],
        read: impl Fn(ConversationId) -> Result<Activity>,
    ) -> Result<Vec<(Activity, ConversationId)>> {
        let mut found = Vec::with_capacity(conversations.len());
        let mut unknown = Vec::new();
        {
            let known = self.0.read();
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
            let mut known = self.0.write();
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
            let mut known = self.0.write();
            for (id, activity) in posted {
                note(&mut known, id, activity);
            }
        }
    }
}

/// A reader's result may be older than a commit's event: the later one stays.
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
