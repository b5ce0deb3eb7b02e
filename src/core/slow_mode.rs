//! Slow mode: how long somebody waits between two messages in a group or a room. Owners and administrators do not wait.

use std::time::Duration;

use super::error::{Error, Result};
use super::limits;
use super::model::{AccountId, ConversationId, Standing, Time};
use super::store::{Tx, View};

/// What somebody wants to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum Saying {
    Message,
    File,
}

/// That somebody speaks now, where it has to be remembered.
#[derive(Debug, Clone, Copy)]
pub(in crate::core) struct Turn {
    conversation: ConversationId,
    who: AccountId,
    /// Files that were shared, for a message that is still to come; 0: this is the message.
    files: u32,
}

/// May this person, who may speak there, do so already? A turn is a message, or as many files as a message has and then the
/// message. Where there is no slow mode, nothing is looked up.
///
/// # Errors
/// `TooSoon`.
pub(in crate::core) fn turn(
    view: &View<'_>,
    conversation: ConversationId,
    who: AccountId,
    standing: Standing,
    saying: Saying,
) -> Result<Option<Turn>> {
    if standing.slow_mode == 0 || standing.owner || view.directory.is_admin(who) {
        return Ok(None);
    }
    let wait = Duration::from_secs(standing.slow_mode.into());
    let (last, files) = view.last_turn(conversation, who)?.unzip();
    let left = last.map_or(0, |last: Time| last.plus(wait).0 - view.now.0);
    // A clock that was put back must keep nobody waiting for longer.
    let left = Duration::from_millis(left.max(0).unsigned_abs()).min(wait);
    let files = match (saying, files.filter(|_| !left.is_zero())) {
        (Saying::Message, None) => 0,
        (Saying::File, None) => 1,
        (Saying::Message, Some(1..)) => 0,
        (Saying::File, Some(files)) if (1..limits::ATTACHMENTS as u32).contains(&files) => {
            files + 1
        }
        _ => return Err(Error::TooSoon { retry_after: left }),
    };
    Ok(Some(Turn {
        conversation,
        who,
        files,
    }))
}

/// Remembers that somebody speaks now.
pub(in crate::core) fn take(tx: &Tx<'_>, turn: Option<Turn>) -> Result<()> {
    match turn {
        Some(turn) => tx.note_turn(turn.conversation, turn.who, turn.files),
        None => Ok(()),
    }
}

/// What was said before this time keeps nobody waiting.
pub(in crate::core) fn forgotten_before(now: Time) -> Time {
    Time(now.0 - i64::from(limits::SLOW_MODE) * 1_000)
}
