//! What is a verb about to look up? On PostgreSQL the writer reads that for all verbs of a commit in one trip, before it
//! runs the first. On a file nothing is faster than to look it up.

use crate::core::model::{AccountId, ConversationId, Me, MessageId};

/// What a verb is about to look up, as far as it is known before the verb runs. It need not be true: a verb that looks up
/// something else asks for it.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Who does it, and where.
    pub(super) standing: Option<(AccountId, ConversationId)>,
    /// Whose message with which client id.
    pub(super) repeat: Option<(AccountId, String)>,
    /// Who moves their read mark, where, and up to which message.
    pub(super) mark: Option<(AccountId, ConversationId, Option<MessageId>)>,
}

impl Lookup {
    /// Of somebody who does something in a conversation, or posts there under a client id.
    pub fn of(who: &Me, place: Option<ConversationId>, client_id: Option<&str>) -> Self {
        Self {
            standing: place.map(|place| (who.id, place)),
            repeat: client_id.map(|client_id| (who.id, client_id.to_owned())),
            mark: None,
        }
    }

    /// Of somebody who marks messages as read, up to one of them or all.
    pub fn to_read(who: &Me, place: ConversationId, upto: Option<MessageId>) -> Self {
        Self {
            mark: Some((who.id, place, upto)),
            ..Self::of(who, Some(place), None)
        }
    }
}
