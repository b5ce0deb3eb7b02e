//! What owners do to a group or a room: they name, describe, archive and slow it down, give it a
//! picture, and name further owners.

use std::sync::Arc;

use super::change::not_too_often;
use super::error::{Error, Fault, Result};
use super::may::{Wish, may};
use super::model::{AccountId, Conversation, ConversationId, Event, FileId, Me, Named, Standing};
use super::retention::{self, Chosen};
use super::store::{Tx, View};
use super::{conversation, file, limits, text, unwanted};

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub description: Option<String>,
    /// `Some(None)`: none any more.
    pub picture: Option<Option<Named>>,
    pub archived: Option<bool>,
    /// For how long messages and files are kept.
    pub kept: Chosen,
    /// Seconds between two messages of one account; 0: any number at once.
    pub slow_mode: Option<u32>,
}

/// Changes a group or a room. Whoever may read there may see its picture from now on.
///
/// # Errors
/// `NotFound` to a stranger, `Forbidden` to who does not own it and in a conversation of two, `Invalid` for an empty or
/// overlong name, an overlong description, too slow a mode, or what is no image that this person may read; `UsedUp` for
/// slow mode. `wish` is by which right: [`Wish::Moderate`] or [`Wish::Administer`].
pub fn change(tx: &Tx<'_>, me: &Me, wish: Wish, id: ConversationId, change: Change) -> Result<()> {
    let (_, standing) = may(tx, Some(me.id), wish, id)?;
    let before = known(tx, id)?;
    let mut after = before.clone();
    if let Some(name) = change.name {
        after.name = name.trim().to_owned();
    }
    if let Some(description) = change.description {
        after.description = description.trim().to_owned();
    }
    let mut faults = conversation::wrong_with(&after.name, &after.description);
    for (field, before, after) in [
        ("name", &before.name, &after.name),
        ("description", &before.description, &after.description),
    ] {
        let wrong = (before != after).then(|| unwanted::wrong_with(tx, after));
        faults.extend(wrong.flatten().map(|wrong| Fault::new(field, wrong)));
    }
    after.description = text::without_hidden(after.description);
    match change.picture {
        Some(Some(named)) => match image(tx, me, named)? {
            Some(file) => after.picture = Some(file),
            None => faults.push(Fault::new("picture", "must be an image that you may read")),
        },
        Some(None) => after.picture = None,
        None => {}
    }
    if let Some(archived) = change.archived {
        after.archived_at = archived.then_some(before.archived_at.unwrap_or(tx.now));
    }
    if let Some(slow_mode) = change.slow_mode {
        if slow_mode > limits::SLOW_MODE {
            let wrong = format!("must be from 0 to {} seconds", limits::SLOW_MODE);
            faults.push(Fault::new("slowMode", wrong));
        }
        after.slow_mode = slow_mode;
    }
    match change.kept.by_owner(before.kept, tx.limits) {
        Ok(kept) => after.kept = kept,
        Err(wrong) => faults.extend(wrong),
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if after == before {
        return Ok(());
    }
    if after.slow_mode != before.slow_mode {
        not_too_often(tx, me)?;
        let detail = format!("{} s", after.slow_mode);
        tx.record(Some(me.id), "conversation.slow-mode", &subject(id), &detail)?;
    }
    tx.update_conversation(&before, &after)?;
    let slowed_only = Conversation {
        slow_mode: before.slow_mode,
        ..after.clone()
    } == before;
    match after.kept == before.kept {
        true if slowed_only => {}
        true => note(tx, me, standing, "conversation.change", id, "")?,
        // What is removed is gone for everybody, so it is noted who wanted that.
        false => {
            let (limit, quota) = (
                tx.limits.profile_changes,
                "You have changed for how long things are kept often lately",
            );
            let changes = tx.directory.rule_changes();
            changes.count(me.id, tx.now, 1, limit, quota)?;
            retention::note(tx, Some(me.id), id, after.kept)?;
        }
    }
    tx.announce(Event::ConversationChanged(Arc::new(after)));
    Ok(())
}

/// A picture that this person may read; `None` if it is none.
fn image(view: &View<'_>, me: &Me, named: Named) -> Result<Option<FileId>> {
    match file::get(view, Some(me.id), named) {
        Ok(file) => Ok(file::is_picture(&file.media_type).then_some(file.id)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a member an owner.
///
/// # Errors
/// `NotFound` to a stranger and for who is no member, `Forbidden` to who does not own it, `Conflict` if it has
/// [`limits::OWNERS`] already.
pub fn appoint(tx: &Tx<'_>, me: &Me, id: ConversationId, who: AccountId) -> Result<()> {
    let (_, standing) = may(tx, Some(me.id), Wish::Moderate, id)?;
    if member(tx, id, who)?.owner {
        return Ok(());
    }
    if tx.owners(id)?.len() >= limits::OWNERS {
        return Err(Error::Conflict("A conversation has at most 100 owners"));
    }
    tx.set_owner(id, who, true)?;
    let detail = format!("user {}", who.number());
    note(tx, me, standing, "conversation.appoint", id, &detail)?;
    changed(tx, id)
}

/// Makes an owner a member like others.
///
/// # Errors
/// `NotFound` to a stranger and for who is no member, `Forbidden` to who does not own it, `Conflict` for its last owner.
pub fn dismiss(tx: &Tx<'_>, me: &Me, id: ConversationId, who: AccountId) -> Result<()> {
    let (_, standing) = may(tx, Some(me.id), Wish::Moderate, id)?;
    if !member(tx, id, who)?.owner {
        return Ok(());
    }
    if tx.owners(id)?.len() == 1 {
        return Err(Error::Conflict("Name another owner first"));
    }
    tx.set_owner(id, who, false)?;
    let detail = format!("user {}", who.number());
    note(tx, me, standing, "conversation.dismiss", id, &detail)?;
    changed(tx, id)
}

/// Announces what a conversation is now.
pub(in crate::core) fn changed(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    let now = known(tx, id)?;
    tx.announce(Event::ConversationChanged(Arc::new(now)));
    Ok(())
}

fn known(view: &View<'_>, id: ConversationId) -> Result<Conversation> {
    view.conversation(id)?
        .ok_or(Error::NotFound("Conversation"))
}

fn member(view: &View<'_>, id: ConversationId, who: AccountId) -> Result<Standing> {
    let found = view.place_for(id, Some(who))?;
    let standing = found.map(|(_, standing)| standing);
    standing
        .filter(|standing| standing.member)
        .ok_or(Error::NotFound("Member"))
}

/// What administrators do where they are no owners stands in the audit log.
pub(in crate::core) fn note(
    tx: &Tx<'_>,
    me: &Me,
    standing: Standing,
    action: &str,
    id: ConversationId,
    detail: &str,
) -> Result<()> {
    if standing.owner {
        return Ok(());
    }
    tx.record(Some(me.id), action, &subject(id), detail)
}

/// A conversation, as the audit log names it.
pub(in crate::core) fn subject(id: ConversationId) -> String {
    format!("conversation {}", id.number())
}
