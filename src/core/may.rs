//! Who may do what to which conversation? One function decides, for every route and every event.

use std::collections::HashSet;

use super::block;
use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Me, Place, Standing};
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
}

/// The conversation, if this person may do that; and what they are there.
///
/// Everybody may hear open rooms, also without an account, and every account may speak in them. All other conversations are
/// for their members only, administrators too. Groups and rooms are moderated by their owners, and by administrators who may
/// hear them; a conversation of two by nobody. Nobody speaks in a direct conversation of two people of whom one blocks the
/// other.
///
/// # Errors
/// `NotFound`, the same for what is not there and for what is not for this person; `Forbidden` for speaking in an archived
/// conversation or where one of two blocks the other, and for moderating one that this person may only hear.
pub(in crate::core) fn may(
    view: &View<'_>,
    who: Option<AccountId>,
    wish: Wish,
    conversation: ConversationId,
) -> Result<(Place, Standing)> {
    let found = view.place_for(conversation, who)?;
    let (place, standing) = found
        .filter(|(place, standing)| match (place.kind, wish) {
            (Kind::Room, Wish::Hear) => true,
            (Kind::Room, Wish::Speak | Wish::Moderate) => who.is_some(),
            (Kind::Direct | Kind::Group | Kind::Session, _) => standing.member,
        })
        .ok_or(Error::NotFound("Conversation"))?;
    match (wish, place.kind) {
        (Wish::Hear, _) => {}
        (Wish::Speak, _) if standing.archived => {
            return Err(Error::Forbidden("This conversation is archived"));
        }
        (Wish::Speak, Kind::Direct) => {
            if let Some(who) = who {
                block::may_write(view, who, place)?;
            }
        }
        (Wish::Speak, _) => {}
        (Wish::Moderate, Kind::Group | Kind::Room)
            if standing.owner || who.is_some_and(|who| view.directory.is_admin(who)) => {}
        (Wish::Moderate, _) => {
            return Err(Error::Forbidden(
                "Only an owner of this conversation may do this",
            ));
        }
    }
    Ok((place, standing))
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
