//! Who may do what to which conversation? One function decides, for every route and every event.

use std::collections::HashSet;

use super::block;
use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Me, Place, RestraintKind, Standing, Until};
use super::store::{Placed, View};

/// What somebody wants to do in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Read, and subscribe.
    Hear,
    /// Post, type, share a file.
    Speak,
    /// Change a group or a room, and what others have said there.
    Moderate,
    /// The same as an administrator at `/admin`, in any group or room.
    Administer,
}

/// The conversation, if this person may do that; and what they are there.
///
/// Everybody may hear open rooms, also without an account, and every account may speak in them. All other conversations are
/// for their members only, administrators too. Groups and rooms are moderated by their owners, and by administrators who may
/// hear them; a conversation of two by nobody. Whoever is banned may do nothing there, and whoever is silenced may not speak;
/// administrators are neither. Nobody speaks in a direct conversation of two people of whom one blocks the other.
///
/// # Errors
/// `NotFound`, the same for what is not there and for what is not for this person; `Restrained` to who is banned or silenced;
/// `Forbidden` for speaking in an archived conversation or where one of two blocks the other, and for moderating one that this
/// person may only hear.
pub(in crate::core) fn may(
    view: &View<'_>,
    who: Option<AccountId>,
    wish: Wish,
    conversation: ConversationId,
) -> Result<(Place, Standing)> {
    let is_admin = || who.is_some_and(|who| view.directory.is_admin(who));
    let found = view.place_for(conversation, who)?;
    let (place, standing) = found
        .map(
            |(place, standing)| match standing.is_restrained() && is_admin() {
                true => (place, standing.without_restraints()),
                false => (place, standing),
            },
        )
        .filter(|(place, standing)| match (place.kind, wish) {
            (Kind::Group | Kind::Room, Wish::Administer) => is_admin(),
            (Kind::Room, Wish::Hear) => true,
            (Kind::Room, Wish::Speak | Wish::Moderate) => who.is_some(),
            // Whoever is banned was a member: they know that it is there.
            (Kind::Group, _) => standing.member || standing.banned.is_some(),
            (Kind::Direct | Kind::Session, _) => standing.member && wish != Wish::Administer,
        })
        .ok_or(Error::NotFound("Conversation"))?;
    if let Some(until) = standing.banned {
        let kind = RestraintKind::Ban;
        return Err(Error::Restrained { kind, until });
    }
    match (wish, place.kind) {
        (Wish::Hear | Wish::Administer, _) => {}
        (Wish::Speak, _) if standing.archived => {
            return Err(Error::Forbidden("This conversation is archived"));
        }
        (Wish::Speak, Kind::Direct) => {
            if let Some(who) = who {
                block::may_write(view, who, place)?;
            }
        }
        (Wish::Speak, _) => {
            if let Some(until) = standing.silenced {
                let kind = RestraintKind::Silence;
                return Err(Error::Restrained { kind, until });
            }
        }
        (Wish::Moderate, Kind::Group | Kind::Room) if standing.owner || is_admin() => {}
        (Wish::Moderate, _) => {
            return Err(Error::Forbidden(
                "Only an owner of this conversation may do this",
            ));
        }
    }
    Ok((place, standing))
}

/// Until when somebody may not speak in a conversation that they may hear.
pub(in crate::core) fn silenced(
    view: &View<'_>,
    who: AccountId,
    conversation: ConversationId,
) -> Result<Option<Until>> {
    match may(view, Some(who), Wish::Speak, conversation) {
        Err(Error::Restrained { until, .. }) => Ok(Some(until)),
        Ok(_) | Err(Error::Forbidden(_) | Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What somebody wants to do to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Read,
    /// Change its text.
    Edit,
    Delete,
    React,
    Pin,
}

/// The place of a message, if this person may do that to it. Only the author changes words; the author, owners and
/// administrators delete; owners and administrators pin, and in a conversation of two either of them. The message names its
/// conversation, never the request.
///
/// # Errors
/// `NotFound`, the same for what is not there, what is not for this person, and what is deleted (which can be deleted again);
/// `Forbidden` to somebody who may hear the conversation.
pub(in crate::core) fn may_to(
    view: &View<'_>,
    me: &Me,
    act: Act,
    message: &Placed,
) -> Result<Place> {
    let own = message.author == me.id;
    let ask = |wish| may(view, Some(me.id), wish, message.conversation).map(|(place, _)| place);
    let allowed = match act {
        Act::Delete if own => {
            let place = view.place_for(message.conversation, None)?;
            return place
                .map(|(place, _)| place)
                .ok_or(Error::NotFound("Message"));
        }
        Act::Delete => ask(Wish::Moderate),
        _ if message.deleted.is_some() => Err(Error::NotFound("Message")),
        Act::Read => ask(Wish::Hear),
        Act::React => ask(Wish::Speak),
        Act::Edit => ask(Wish::Speak).and_then(|place| match view.limits.edit_window {
            _ if !own => Err(Error::Forbidden("Only its author may edit a message")),
            Some(window) if message.sent_at.plus(window) < view.now => Err(Error::Forbidden(
                "This message was sent too long ago to be edited",
            )),
            _ => Ok(place),
        }),
        Act::Pin => ask(Wish::Speak).and_then(|place| match place.kind {
            Kind::Direct | Kind::Session => Ok(place),
            Kind::Group | Kind::Room => ask(Wish::Moderate),
        }),
    };
    allowed.map_err(|error| match error {
        Error::NotFound(_) => Error::NotFound("Message"),
        other => other,
    })
}

/// May this person know whether another is there? Who shares a conversation with them that is closed to others may, unless
/// one of them blocks the other. `own` are
/// the conversations that this person belongs to, and `of_other` those of the other that count.
pub(in crate::core) fn may_know(
    view: &View<'_>,
    (who, own): (AccountId, &HashSet<ConversationId>),
    other: AccountId,
    of_other: impl FnOnce() -> Result<Vec<ConversationId>>,
) -> Result<bool> {
    if view.directory.are_apart(who, other) {
        return Ok(false);
    }
    if who == other || view.direct_between(who, other)?.is_some() {
        return Ok(true);
    }
    for shared in of_other()?.iter().filter(|one| own.contains(one)) {
        let place = view.place_for(*shared, Some(who))?;
        if place.is_some_and(|(place, _)| place.kind != Kind::Room) {
            return Ok(true);
        }
    }
    Ok(false)
}
