//! Saying something, and reading what was said.

use std::sync::Arc;

use super::error::{Error, Result};
use super::limits;
use super::may::{Wish, may};
use super::model::{AccountId, ConversationId, Event, Listed, Me, Message, MessageId, Page};
use super::store::{NewMessage, Tx, View};
use super::text;

/// What somebody wants to say.
#[derive(Debug)]
pub struct Draft {
    pub conversation: ConversationId,
    pub text: String,
    /// The sender's own id of the message: a repeat is the same message.
    pub client_id: Option<String>,
}

/// Posts to a conversation that the author may speak in. Posting in an open room makes a member.
///
/// A repeat of a `client_id` returns the first message, whatever else it says, and nobody hears it again.
///
/// # Errors
/// `NotFound` to a stranger, `Invalid` for an empty or overlong text.
pub fn post(tx: &Tx<'_>, author: &Me, draft: Draft) -> Result<Arc<Message>> {
    if let Some(first) = repeated(tx, author, draft.client_id.as_deref())? {
        return Ok(first);
    }
    let (place, member) = may(tx, Some(author.id), Wish::Speak, draft.conversation)?;
    let text = sayable(&draft.text, tx.limits.message_chars)?;
    if !member {
        tx.insert_member(place.id, author.id)?;
    }
    let message = Arc::new(tx.append_message(NewMessage {
        place,
        author,
        text,
        client_id: draft.client_id,
    })?);
    tx.announce(Event::MessagePosted(message.clone()));
    Ok(message)
}

/// The first message that this sender sent under this id of its own.
///
/// # Errors
/// `Invalid` for an id that is empty or too long.
pub fn repeated(tx: &Tx<'_>, author: &Me, client_id: Option<&str>) -> Result<Option<Arc<Message>>> {
    let Some(client_id) = client_id else {
        return Ok(None);
    };
    if let Some(wrong) = text::wrong_with_line(client_id, limits::CLIENT_ID_CHARS) {
        return Err(Error::invalid("clientMessageId", wrong));
    }
    Ok(tx.already_sent(author.id, client_id)?.map(Arc::new))
}

fn sayable(said: &str, most: usize) -> Result<String> {
    let wrong = if said.trim().is_empty() {
        Some("must not be empty".to_owned())
    } else {
        text::wrong_with_text(said, most)
    };
    match wrong {
        Some(wrong) => Err(Error::invalid("content", wrong)),
        None => Ok(said.to_owned()),
    }
}

/// A page of what was said, for somebody who may read it.
///
/// # Errors
/// `NotFound`.
pub fn page(
    view: &View<'_>,
    who: Option<AccountId>,
    conversation: ConversationId,
    page: Page,
) -> Result<Listed<Message>> {
    may(view, who, Wish::Hear, conversation)?;
    view.messages_page(conversation, page)
}

/// How far a conversation had come when the whole log stood at this position. A position is no more than that: it
/// shows nothing of the message that it names.
///
/// # Errors
/// `NotFound` where this person may not hear the conversation.
pub fn seq_at(
    view: &View<'_>,
    who: AccountId,
    conversation: ConversationId,
    position: MessageId,
) -> Result<i64> {
    may(view, Some(who), Wish::Hear, conversation)?;
    view.seq_at(conversation, position)
}

/// Up to `limit` messages after this sequence number, oldest first.
///
/// # Errors
/// `NotFound` where this person may not hear the conversation.
pub fn after(
    view: &View<'_>,
    who: AccountId,
    conversation: ConversationId,
    seq: i64,
    limit: u32,
) -> Result<Vec<Message>> {
    may(view, Some(who), Wish::Hear, conversation)?;
    view.messages_after(conversation, seq, limit)
}
