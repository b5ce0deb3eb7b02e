//! A member's own settings of a conversation: what they want to be told of while they are away.

use super::error::{Error, Result};
use super::may::{Wish, may};
use super::model::{ConversationId, Event, Level, Me, Settings, Time};
use super::store::{Tx, View};

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct SettingsChange {
    pub level: Option<Level>,
    /// `Some(None)`: muted no more.
    pub muted_until: Option<Option<Time>>,
}

/// A member's settings.
///
/// # Errors
/// `NotFound` to a stranger, `Forbidden` in an open room to who is no member of it.
pub fn settings(view: &View<'_>, me: &Me, id: ConversationId) -> Result<Settings> {
    may(view, Some(me.id), Wish::Hear, id)?;
    let settings = view.settings(id, me.id)?;
    settings.ok_or(Error::Forbidden("Only members have settings here"))
}

/// Changes them; all of this person's sockets that listen hear of it. A digest that waits is dropped if they want to hear
/// less: they are here.
///
/// # Errors
/// As [`settings`].
pub fn set(tx: &Tx<'_>, me: &Me, id: ConversationId, change: SettingsChange) -> Result<Settings> {
    let before = settings(tx, me, id)?;
    let until = change.muted_until.unwrap_or(before.muted_until);
    let after = Settings {
        level: change.level.unwrap_or(before.level),
        muted_until: until.filter(|until| *until > tx.now),
    };
    if after == before {
        return Ok(after);
    }
    tx.update_settings(id, me.id, after)?;
    if !after.let_through(false, tx.now) {
        tx.drop_digests(me.id)?;
    }
    tx.announce(Event::SettingsChanged {
        conversation: id,
        account: me.id,
        settings: after,
    });
    Ok(after)
}
