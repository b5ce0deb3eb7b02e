//! Who may do what to which conversation? One function decides, for every route and every event.

use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Place, Standing};
use super::store::View;

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
/// hear them; a conversation of two by nobody.
///
/// # Errors
/// `NotFound`, the same for what is not there and for what is not for this person; `Forbidden` for speaking in an archived
/// conversation, and for moderating one that this person may only hear.
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
