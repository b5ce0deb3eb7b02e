//! The document's objects, block by block.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{
    AccountId, Attachment, Conversation, ConversationId, Deletion, File, Level, Message, Notice,
    Overview, Person, Presence, Reading, Receipt, Settings,
};
use crate::core::short::Short;
use crate::dialects::added::{Added, Uuids, added};
use crate::dialects::beyond;
use crate::web::people::{file_url, picture_url};

/// `{ id, fullName, avatarUrl }`
pub fn person(spell: &Spelling, person: &Person) -> Value {
    json!({
        "id": spell.uuid(person.id),
        "fullName": person.name,
        "avatarUrl": picture_url(spell, person.picture.as_ref()),
    })
}

/// `GET /api/conversations`, an item; `mentor`, `mentee` and `session` are null if it has none. Beyond the document it has
/// what says something: `description`, `pictureUrl`, `owners`, `archivedAt`, and the reader's `level`, `mutedUntil` and
/// `unreadMentions`, counted to 100.
pub fn conversation(spell: &Spelling, overview: &Overview) -> Value {
    let known = &overview.conversation;
    let in_role = |who: Option<AccountId>| {
        let found = overview.people.iter().find(|person| Some(person.id) == who);
        found.map(|found| person(spell, found))
    };
    let session = overview.session.as_ref();
    let mut shape = json!({
        "id": spell.uuid(known.place.id),
        "type": known.place.kind.name(),
        "name": known.name,
        "mentor": in_role(session.map(|session| session.mentor)),
        "mentee": in_role(session.map(|session| session.mentee)),
        "session": session.map(|session| json!({
            "id": session.uuid,
            "startAt": session.start_at.iso(),
            "status": session.status,
        })),
        "participants": overview.people.iter().map(|one| person(spell, one)).collect::<Value>(),
        "lastMessage": overview.last.as_ref().map(|message| json!({
            "id": spell.uuid(message.id),
            "content": message.text,
            "createdAt": message.sent_at.iso(),
            "senderId": spell.uuid(message.author.id),
        })),
        "unreadCount": overview.unread,
        "updatedAt": overview.updated_at.iso(),
    });
    if overview.unread_mentions > 0 {
        shape["unreadMentions"] = json!(overview.unread_mentions);
    }
    if !known.description.is_empty() {
        shape["description"] = json!(known.description);
    }
    beyond::add_to(&mut shape, spell, known, |owner| spell.uuid(owner));
    let own = overview.settings;
    if own.level != Level::default() {
        shape["level"] = json!(own.level.name());
    }
    if let Some(until) = own.muted_until {
        shape["mutedUntil"] = json!(until.iso());
    }
    if let Some(until) = overview.silenced {
        shape["silencedUntil"] = json!(until.time().map(|until| until.iso()));
    }
    shape
}

/// `conversation_updated`: `{ conversationId, name, description }`, and what it has beyond that.
pub fn changed(spell: &Spelling, known: &Conversation) -> Value {
    let mut shape = json!({
        "conversationId": spell.uuid(known.place.id),
        "name": known.name,
        "description": known.description,
    });
    beyond::add_to(&mut shape, spell, known, |owner| spell.uuid(owner));
    shape
}

/// A message. It is serialized without a `Value` in between, because there are many at a time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShapedMessage<'m> {
    id: Short,
    conversation_id: Short,
    sender_id: Short,
    content: &'m str,
    content_type: &'m str,
    attachments: Vec<Attached<'m>>,
    created_at: Short,
    #[serde(flatten)]
    added: Added<'m, Uuids<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attached<'m> {
    filename: &'m str,
    mime_type: &'m str,
    url: &'m str,
    size: i64,
}

/// `{ id, conversationId, senderId, content, contentType, attachments, createdAt }`, and what was added to it.
pub fn message<'m>(spell: &'m Spelling, message: &'m Message) -> ShapedMessage<'m> {
    let attached = |attachment: &'m Attachment| Attached {
        filename: &attachment.filename,
        mime_type: &attachment.media_type,
        url: &attachment.url,
        size: attachment.size,
    };
    ShapedMessage {
        id: spell.uuid(message.id),
        conversation_id: spell.uuid(message.place.id),
        sender_id: spell.uuid(message.author.id),
        content: &message.text,
        content_type: &message.content_type,
        attachments: message.attachments.iter().map(attached).collect(),
        created_at: message.sent_at.iso(),
        added: added(message, Uuids(spell)),
    }
}

/// The payload of `new_message` and `message_updated`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage<'m> {
    conversation_id: Short,
    message: ShapedMessage<'m>,
}

/// `new_message`
pub fn new_message<'m>(spell: &'m Spelling, posted: &'m Message) -> NewMessage<'m> {
    NewMessage {
        conversation_id: spell.uuid(posted.place.id),
        message: message(spell, posted),
    }
}

/// `message_updated`
pub fn updated<'m>(spell: &'m Spelling, changed: &'m Message) -> NewMessage<'m> {
    NewMessage {
        conversation_id: spell.uuid(changed.place.id),
        message: ShapedMessage {
            added: added(changed, Uuids(spell)).with_position(),
            ..message(spell, changed)
        },
    }
}

/// `message_deleted`
pub fn deleted(spell: &Spelling, gone: &Deletion) -> Value {
    json!({
        "conversationId": spell.uuid(gone.conversation),
        "messageId": spell.uuid(gone.id),
        "deletedAt": gone.at.iso(),
        "position": spell.uuid(gone.position),
    })
}

/// A file, ready to be attached: `{ filename, mimeType, url, size }`.
pub fn attachment(spell: &Spelling, file: &File) -> Value {
    json!({
        "filename": file.original,
        "mimeType": file.media_type,
        "url": file_url(spell, file),
        "size": file.size,
    })
}

/// `GET /api/conversations/:id/messages`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History<'m> {
    pub messages: Vec<ShapedMessage<'m>>,
    pub has_more: bool,
    pub next_cursor: Option<Short>,
}

/// `GET /api/conversations/:id/pins`
#[derive(Serialize)]
pub struct Pinned<'m> {
    pub messages: Vec<ShapedMessage<'m>>,
}

/// `user_typing`
pub fn typing(spell: &Spelling, conversation: ConversationId, who: AccountId, on: bool) -> Value {
    json!({ "conversationId": spell.uuid(conversation), "userId": spell.uuid(who), "isTyping": on })
}

/// `messages_read`, with the fields of both documents that have this event.
pub fn receipt(spell: &Spelling, conversation: ConversationId, receipt: &Receipt) -> Value {
    json!({
        "conversationId": spell.uuid(conversation),
        "readBy": spell.uuid(receipt.reader),
        "count": receipt.count,
        "userId": spell.uuid(receipt.reader),
        "readAt": receipt.at.iso(),
        "messageId": spell.uuid(receipt.upto),
        "messageCreatedAt": receipt.upto_sent_at.iso(),
    })
}

/// `conversation_read`, to all sockets of the reader.
pub fn own_reading(spell: &Spelling, conversation: ConversationId, receipt: &Receipt) -> Value {
    json!({ "conversationId": spell.uuid(conversation), "unreadCount": receipt.left })
}

/// `conversation_joined` and `conversation_left`, to whoever became a member or is no longer one.
pub fn membership(spell: &Spelling, conversation: ConversationId) -> Value {
    json!({ "conversationId": spell.uuid(conversation) })
}

/// `member_joined` and `member_left`, to who listens.
pub fn member(spell: &Spelling, conversation: ConversationId, who: AccountId) -> Value {
    json!({ "conversationId": spell.uuid(conversation), "userId": spell.uuid(who) })
}

/// `GET /api/conversations/:id/reads`, an item.
pub fn reading(spell: &Spelling, reading: &Reading) -> Value {
    json!({
        "userId": spell.uuid(reading.reader),
        "messageId": spell.uuid(reading.upto),
        "messageCreatedAt": reading.upto_sent_at.iso(),
    })
}

/// `new_notification`
pub fn notice(spell: &Spelling, notice: &Notice) -> Value {
    json!({
        "id": spell.uuid(notice.id),
        "userId": spell.uuid(notice.account),
        "title": notice.title,
        "message": notice.text,
        "type": notice.kind,
        "createdAt": notice.created_at.iso(),
    })
}

/// A member's settings: `{ conversationId, level, mutedUntil }`.
pub fn settings(spell: &Spelling, conversation: ConversationId, own: Settings) -> Value {
    json!({
        "conversationId": spell.uuid(conversation),
        "level": own.level.name(),
        "mutedUntil": own.muted_until.map(|until| until.iso()),
    })
}

/// `block_changed`, to the sockets of who blocks
pub fn block(spell: &Spelling, other: AccountId, blocked: bool) -> Value {
    json!({ "userId": spell.uuid(other), "blocked": blocked })
}

/// `user_presence`, and an item of the list
pub fn presence(spell: &Spelling, presence: &Presence) -> Value {
    json!({
        "userId": spell.uuid(presence.account),
        "online": presence.online,
        "lastSeenAt": presence.last_seen_at.map(|at| at.iso()),
    })
}
