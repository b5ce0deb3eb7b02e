//! Who may do what to which conversation? One function decides, for every route and every event.

use std::collections::HashSet;

use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Place};
use super::store::View;

/// What somebody wants to do in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Read, and subscribe.
    Hear,
    /// Post, type, share a file.
    Speak,
}

/// The conversation, if this person may do that; and whether they are a member.
///
/// Everybody may hear open rooms, also without an account, and every account may speak in them. All other conversations are
/// for their members only.
///
/// # Errors
/// `NotFound`, the same for what is not there and for what is not for this person.
pub(in crate::core) fn may(
    view: &View<'_>,
    who: Option<AccountId>,
    wish: Wish,
    conversation: ConversationId,
) -> Result<(Place, bool)> {
    let found = view.place_for(conversation, who)?;
    found
        .filter(|(place, member)| match (place.kind, wish) {
            (Kind::Room, Wish::Hear) => true,
            (Kind::Room, Wish::Speak) => who.is_some(),
            (Kind::Direct | Kind::Group | Kind::Session, _) => *member,
        })
        .ok_or(Error::NotFound("Conversation"))
}

/// May this person know whether another is there? Who shares a conversation with them that is closed to others may. `own` are
/// the conversations that this person belongs to, and `of_other` those of the other that count.
pub(in crate::core) fn may_know(
    view: &View<'_>,
    (who, own): (AccountId, &HashSet<ConversationId>),
    other: AccountId,
    of_other: impl FnOnce() -> Result<Vec<ConversationId>>,
) -> Result<bool> {
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
