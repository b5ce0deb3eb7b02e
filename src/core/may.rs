//! Who may do what to which conversation? One function decides, for every route and every event.

use super::error::{Error, Result};
use super::model::{AccountId, ConversationId, Kind, Place};
use super::store::View;

/// What somebody wants to do with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Read what was said, and listen to what will be.
    Hear,
    /// Say something, type, share a file.
    Speak,
}

/// The conversation, as far as this person may know it; and whether they belong to it.
///
/// Open rooms are heard by everybody, without an account too, and every account may speak in them. All else is for
/// members; to others it is not there.
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
