//! Who may do what to which conversation? One function decides, for every route and every event.

use std::collections::HashSet;

use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Place};
use super::presence;
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

/// May this person know whether another is there? `own` are the conversations that they belong to.
pub(in crate::core) fn may_know(
    view: &View<'_>,
    who: AccountId,
    own: &HashSet<ConversationId>,
    other: AccountId,
) -> Result<bool> {
    if who == other || view.direct_between(who, other)?.is_some() {
        return Ok(true);
    }
    let circle = presence::circle(view, other)?;
    Ok(circle.iter().any(|shared| own.contains(shared)))
}
