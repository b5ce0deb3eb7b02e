//! Bans and silences: what owners impose on people in their groups and rooms, for a time or for good.
//!
//! What is over holds no more from that moment on: [`may`] compares the times. Its row is deleted later, by
//! [`tidy`](super::tidy).

use std::time::Duration;

use super::error::{Error, Result};
use super::may::{Wish, may};
use super::model::{
    AccountId, ConversationId, Event, Kind, Listed, Me, Page, Restraint, RestraintKind, Until,
};
use super::owner::subject;
use super::store::{Tx, View};
use super::{change, conversation, limits};

/// Bans or silences somebody, for a time or for good (`None`). Whoever is banned is no member any more, hears nothing more,
/// and does not come back by any way. In a group that is for members only; into a room anybody might come. `wish` is by
/// which right: [`Wish::Moderate`] or [`Wish::Administer`].
///
/// # Errors
/// `NotFound` to a stranger, for who is no member of the group, and for who is not there; `Forbidden` to who does not own
/// the conversation, for an administrator, and to an owner for another; `Invalid` for too short or too long a time;
/// `Conflict` for oneself, and if the conversation has [`limits::RESTRAINTS`] of them already; `UsedUp`.
pub fn impose(
    tx: &Tx<'_>,
    me: &Me,
    wish: Wish,
    id: ConversationId,
    who: AccountId,
    kind: RestraintKind,
    lasts: Option<Duration>,
) -> Result<Restraint> {
    let (place, _) = may(tx, Some(me.id), wish, id)?;
    let (shortest, longest) = (limits::RESTRAINT_SHORTEST, limits::RESTRAINT_LONGEST);
    if lasts.is_some_and(|lasts| !(shortest..=longest).contains(&lasts)) {
        let (shortest, longest) = (shortest.as_secs(), longest.as_secs());
        let wrong = format!("must be from {shortest} to {longest}, or null");
        return Err(Error::invalid("seconds", wrong));
    }
    if who == me.id {
        return Err(Error::Conflict("Nobody bans or silences themselves"));
    }
    let theirs = tx.place_for(id, Some(who))?.map(|(_, theirs)| theirs);
    let theirs = theirs.unwrap_or_default();
    let before = tx.restraint(id, who, kind)?;
    if tx.account(who)?.is_none() {
        return Err(Error::NotFound("User"));
    }
    if place.kind == Kind::Group && !theirs.member && !theirs.is_restrained() {
        return Err(Error::NotFound("Member"));
    }
    let is_admin = |who| tx.directory.is_admin(who);
    if is_admin(who) {
        return Err(Error::Forbidden(
            "Administrators are neither banned nor silenced",
        ));
    }
    if theirs.owner && !is_admin(me.id) {
        return Err(Error::Forbidden(
            "Only an administrator bans or silences an owner",
        ));
    }
    change::not_too_often(tx, me)?;
    if before.is_none() && tx.has_restraints(id, kind, limits::RESTRAINTS)? {
        return Err(Error::Conflict(
            "This conversation has as many of them as it may: lift some first",
        ));
    }
    let until = lasts.map_or(Until::Lifted, |lasts| Until::At(tx.now.plus(lasts)));
    tx.put_restraint(id, who, kind, until, me.id, tx.now)?;
    if kind == RestraintKind::Ban && theirs.member {
        conversation::leave_for(tx, id, who)?;
    }
    let lasting = until.time().map_or("for good".to_owned(), |until| {
        format!("until {}", until.iso())
    });
    let detail = format!("user {} {lasting}", who.number());
    tx.record(Some(me.id), action(kind), &subject(id), &detail)?;
    tell(tx, id, who, kind, Some(until))?;
    let made = tx.restraint(id, who, kind)?;
    made.ok_or_else(|| Error::Internal("a restraint was not stored".into()))
}

/// Ends a ban or a silence. What is not so changes nothing. Whoever was banned becomes no member by that.
///
/// # Errors
/// `NotFound` to a stranger, `Forbidden` to who does not own the conversation and for oneself, `UsedUp`.
pub fn lift(
    tx: &Tx<'_>,
    me: &Me,
    wish: Wish,
    id: ConversationId,
    who: AccountId,
    kind: RestraintKind,
) -> Result<()> {
    may(tx, Some(me.id), wish, id)?;
    if tx.restraint(id, who, kind)?.is_none() {
        return Ok(());
    }
    if who == me.id && !tx.directory.is_admin(me.id) {
        return Err(Error::Forbidden("Somebody else has to lift it"));
    }
    change::not_too_often(tx, me)?;
    tx.delete_restraint(id, who, kind)?;
    let detail = format!("user {}", who.number());
    let action = match kind {
        RestraintKind::Ban => "conversation.lift-ban",
        RestraintKind::Silence => "conversation.lift-silence",
    };
    tx.record(Some(me.id), action, &subject(id), &detail)?;
    tell(tx, id, who, kind, None)
}

/// Who is banned or silenced there.
///
/// # Errors
/// `NotFound` to a stranger, `Forbidden` to who does not own the conversation.
pub fn list(
    view: &View<'_>,
    me: &Me,
    wish: Wish,
    id: ConversationId,
    page: Page,
) -> Result<Listed<Restraint>> {
    may(view, Some(me.id), wish, id)?;
    view.restraints(id, page)
}

fn tell(
    tx: &Tx<'_>,
    id: ConversationId,
    who: AccountId,
    kind: RestraintKind,
    until: Option<Until>,
) -> Result<()> {
    let owners = tx.owners(id)?;
    tx.announce(Event::RestraintChanged {
        conversation: id,
        account: who,
        kind,
        until,
        owners: owners.into_iter().filter(|owner| *owner != who).collect(),
    });
    Ok(())
}

fn action(kind: RestraintKind) -> &'static str {
    match kind {
        RestraintKind::Ban => "conversation.ban",
        RestraintKind::Silence => "conversation.silence",
    }
}
