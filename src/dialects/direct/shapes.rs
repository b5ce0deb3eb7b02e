//! The document's objects, block by block. Ids are JSON numbers.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{
    AccountId, Conversation, ConversationId, Deletion, Message, Notice, Person, Presence, Receipt,
    Settings,
};
use crate::core::short::Short;
use crate::dialects::added::{Added, Numbers, added};
use crate::web::people::{picture_url, place_picture_url};

/// A message. It is serialized without a `Value` in between, because there are many at a time.
#[derive(Serialize)]
pub struct ShapedMessage<'m> {
    id: i64,
    conversation_id: i64,
    sender_id: i64,
    receiver_id: Option<i64>,
    content: &'m str,
    is_read: bool,
    read_at: Option<Short>,
    created_at: Short,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(flatten)]
    added: Added<'m, Numbers>,
}

/// `new_message`
pub fn message(message: &Message) -> ShapedMessage<'_> {
    let receiver = message.place.other(message.author.id);
    ShapedMessage {
        id: message.id.number(),
        conversation_id: message.place.id.number(),
        sender_id: message.author.id.number(),
        receiver_id: receiver.map(|receiver| receiver.number()),
        content: &message.text,
        is_read: message.read_at.is_some(),
        read_at: message.read_at.map(|at| at.iso()),
        created_at: message.sent_at.iso(),
        kind: None,
        added: added(message, Numbers),
    }
}

/// `message_updated`
pub fn updated(changed: &Message) -> ShapedMessage<'_> {
    ShapedMessage {
        added: added(changed, Numbers).with_position(),
        ..message(changed)
    }
}

/// `message_notification`
pub fn notification(posted: &Message) -> ShapedMessage<'_> {
    ShapedMessage {
        kind: Some("new_message"),
        ..message(posted)
    }
}

/// `message_deleted`
pub fn deleted(gone: &Deletion) -> Value {
    json!({
        "id": gone.id.number(),
        "conversation_id": gone.conversation.number(),
        "deleted_at": gone.at.iso(),
        "position": gone.position.number(),
    })
}

/// `user_updated`
pub fn person(spell: &Spelling, person: &Person) -> Value {
    json!({
        "id": person.id.number(),
        "name": person.name,
        "avatar_url": picture_url(spell, person.picture.as_ref()),
    })
}

/// `messages_read`, with the fields of both documents that have this event.
pub fn receipt(conversation: ConversationId, receipt: &Receipt) -> Value {
    json!({
        "conversationId": conversation.number(),
        "userId": receipt.reader.number(),
        "readAt": receipt.at.iso(),
        "readBy": receipt.reader.number(),
        "count": receipt.count,
        "messageId": receipt.upto.number(),
        "messageCreatedAt": receipt.upto_sent_at.iso(),
    })
}

/// `typing_start` and `typing_stop`
pub fn typing(conversation: ConversationId, who: AccountId) -> Value {
    json!({ "conversationId": conversation.number(), "userId": who.number() })
}

/// `new_notification`, and an item of the list.
pub fn notice(notice: &Notice) -> Value {
    json!({
        "id": notice.id.number(),
        "user_id": notice.account.number(),
        "title": notice.title,
        "message": notice.text,
        "type": notice.kind,
        "is_read": notice.read_at.is_some(),
        "read_at": notice.read_at.map(|at| at.iso()),
        "created_at": notice.created_at.iso(),
    })
}

/// A member's settings: `{ conversationId, level, mutedUntil }`.
pub fn settings(conversation: ConversationId, own: Settings) -> Value {
    json!({
        "conversationId": conversation.number(),
        "level": own.level.name(),
        "mutedUntil": own.muted_until.map(|until| until.iso()),
    })
}

/// `conversation_read`, to the reader's own sockets.
pub fn own_reading(conversation: ConversationId, receipt: &Receipt) -> Value {
    json!({ "conversationId": conversation.number(), "unreadCount": receipt.left })
}

/// `block_changed`, to the sockets of who blocks
pub fn block(other: AccountId, blocked: bool) -> Value {
    json!({ "userId": other.number(), "blocked": blocked })
}

/// `user_presence`
pub fn presence(presence: &Presence) -> Value {
    json!({
        "userId": presence.account.number(),
        "online": presence.online,
        "lastSeenAt": presence.last_seen_at.map(|at| at.iso()),
    })
}

/// `conversation_updated`: `{ conversationId, name, description }`, and `picture_url`, `owners`, `archived_at`,
/// `slow_mode` if it has them.
pub fn changed(spell: &Spelling, known: &Conversation) -> Value {
    let mut shape = json!({
        "conversationId": known.place.id.number(),
        "name": known.name,
        "description": known.description,
    });
    if let Some(picture) = known.picture {
        shape["picture_url"] = json!(place_picture_url(spell, picture));
    }
    if !known.owners.is_empty() {
        shape["owners"] = known.owners.iter().map(|owner| owner.number()).collect();
    }
    if let Some(at) = known.archived_at {
        shape["archived_at"] = json!(at.iso());
    }
    if known.slow_mode > 0 {
        shape["slow_mode"] = json!(known.slow_mode);
    }
    shape
}

/// `conversation_joined` and `conversation_left`, to whoever became a member or is no longer one.
pub fn membership(conversation: ConversationId) -> Value {
    json!({ "conversationId": conversation.number() })
}

/// `member_joined` and `member_left`, to who listens.
pub fn member(conversation: ConversationId, who: AccountId) -> Value {
    json!({ "conversationId": conversation.number(), "userId": who.number() })
}
