//! Who has blocked whom? Between the two there is no direct conversation any more, and the one who blocks is not told of
//! what the other does. Only the one who blocks can see it.
//!
//! What was said stays readable, and in groups and rooms both hear each other's messages as before. Mentoring sessions are
//! as they were: another application arranges them, and both have a part in them.

use super::error::{Error, Result};
use super::limits;
use super::model::{AccountId, Blocked, Event, Kind, Me, Place};
use super::store::{Tx, View};

/// Blocks somebody; whom one has blocked already stays so. One's other devices hear of it, and nobody else.
///
/// # Errors
/// `Invalid` for oneself, `NotFound` if there is no such person, `Conflict` if one has blocked [`limits::BLOCKS`] people,
/// `UsedUp`.
pub fn block(tx: &Tx<'_>, me: &Me, other: AccountId) -> Result<()> {
    if other == me.id {
        return Err(Error::invalid("userId", "must be somebody else"));
    }
    if tx.blocks(me.id, other)? {
        return Ok(());
    }
    if tx.account(other)?.is_none() {
        return Err(Error::NotFound("User"));
    }
    if tx.count_blocked_by(me.id)? >= limits::BLOCKS {
        return Err(Error::Conflict("Nobody may block more than 1,000 people"));
    }
    not_too_often(tx, me)?;
    tx.insert_block(me.id, other, tx.now)?;
    // One that waits may tell of what this person says.
    tx.drop_digests(me.id)?;
    changed(tx, me, other, true);
    Ok(())
}

/// Ends that; whom one has not blocked stays so.
///
/// # Errors
/// `UsedUp`.
pub fn unblock(tx: &Tx<'_>, me: &Me, other: AccountId) -> Result<()> {
    if !tx.blocks(me.id, other)? {
        return Ok(());
    }
    not_too_often(tx, me)?;
    tx.delete_block(me.id, other)?;
    changed(tx, me, other, false);
    Ok(())
}

/// Counted with the messages that one changes: as seldom is enough.
fn not_too_often(tx: &Tx<'_>, me: &Me) -> Result<()> {
    let quota = "You have blocked or unblocked many people lately";
    let changes = tx.directory.changes();
    changes.count(me.id, tx.now, 1, tx.limits.changes, quota)
}

fn changed(tx: &Tx<'_>, me: &Me, other: AccountId, blocked: bool) {
    tx.announce(Event::BlockChanged {
        account: me.id,
        other,
        blocked,
    });
}

/// Whom this person has blocked, the latest first.
pub fn list(view: &View<'_>, me: &Me) -> Result<Vec<Blocked>> {
    view.blocked_by(me.id)
}

/// Nobody may write in the direct conversation of two people of whom one blocks the other. Which of them it is, only that
/// one is told.
///
/// # Errors
/// `Forbidden`.
pub(in crate::core) fn may_write(view: &View<'_>, who: AccountId, place: Place) -> Result<()> {
    match place.other(who) {
        Some(other) if place.kind == Kind::Direct => may_meet(view, who, other),
        _ => Ok(()),
    }
}

/// May these two write to each other?
///
/// # Errors
/// As [`may_write`].
pub(in crate::core) fn may_meet(view: &View<'_>, who: AccountId, other: AccountId) -> Result<()> {
    if view.blocks(who, other)? {
        return Err(Error::Forbidden("You have blocked this person"));
    }
    may_reach(view, who, other)
}

/// Somebody is not taken into a group by whom they have blocked.
///
/// # Errors
/// `Forbidden`.
pub(in crate::core) fn may_reach(view: &View<'_>, who: AccountId, other: AccountId) -> Result<()> {
    match view.blocks(other, who)? {
        true => Err(Error::Forbidden("You cannot write to this person")),
        false => Ok(()),
    }
}
