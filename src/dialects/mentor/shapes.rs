//! The document's objects, block by block.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{
    AccountId, Attachment, ConversationId, Deletion, File, Message, Notice, Overview, Person,
    Reading, Receipt,
};
use crate::core::short::Short;
use crate::web::people::{file_url, picture_url};

/// `{ id, fullName, avatarUrl }`
pub fn person(spell: &Spelling, person: &Person) -> Value {
    json!({
        "id": spell.uuid(person.id),
        "fullName": person.name,
        "avatarUrl": picture_url(spell, person.picture.as_ref()),
    })
}

/// `GET /api/conversations`, an item; `mentor`, `mentee` and `session` are null if it has none.
pub fn conversation(spell: &Spelling, overview: &Overview) -> Value {
    let known = &overview.conversation;
    let in_role = |who: Option<AccountId>| {
        let found = overview.people.iter().find(|person| Some(person.id) == who);
        found.map(|found| person(spell, found))
    };
    let session = overview.session.as_ref();
    json!({
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
    })
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
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attached<'m> {
    filename: &'m str,
    mime_type: &'m str,
    url: &'m str,
    size: i64,
}

/// `{ id, conversationId, senderId, content, contentType, attachments, createdAt }`
pub fn message<'m>(spell: &Spelling, message: &'m Message) -> ShapedMessage<'m> {
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
    }
}

/// The payload of `new_message`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage<'m> {
    conversation_id: Short,
    message: ShapedMessage<'m>,
}

/// `new_message`
pub fn new_message<'m>(spell: &Spelling, posted: &'m Message) -> NewMessage<'m> {
    NewMessage {
        conversation_id: spell.uuid(posted.place.id),
        message: message(spell, posted),
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
