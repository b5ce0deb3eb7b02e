//! The document's objects, block by block.

use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{AccountId, ConversationId, Message, Notice, Overview, Person, Receipt};
use crate::web::people::picture_url;

/// `{ id, fullName, avatarUrl }`
fn person(spell: &Spelling, person: &Person) -> Value {
    json!({
        "id": spell.uuid(person.id),
        "fullName": person.name,
        "avatarUrl": picture_url(spell, person.picture.as_ref()),
    })
}

/// `GET /api/conversations`, an item; `mentor`, `mentee` and `session` are null where there are none.
pub fn conversation(spell: &Spelling, overview: &Overview) -> Value {
    let known = &overview.conversation;
    let in_role = |who: Option<AccountId>| {
        let found = overview.people.iter().find(|person| Some(person.id) == who);
        found.map(|found| person(spell, found))
    };
    let session = overview.session.as_ref();
    json!({
        "id": spell.uuid(known.place.id),
        "type": known.place.sort.name(),
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

/// `{ id, conversationId, senderId, content, contentType, attachments, createdAt }`
pub fn message(spell: &Spelling, message: &Message) -> Value {
    let attachments = message.attachments.iter().map(|attachment| {
        json!({
            "filename": attachment.filename,
            "mimeType": attachment.media_type,
            "url": attachment.url,
            "size": attachment.size,
        })
    });
    json!({
        "id": spell.uuid(message.id),
        "conversationId": spell.uuid(message.place.id),
        "senderId": spell.uuid(message.author.id),
        "content": message.text,
        "contentType": message.content_type,
        "attachments": attachments.collect::<Value>(),
        "createdAt": message.sent_at.iso(),
    })
}

/// `new_message`
pub fn new_message(spell: &Spelling, posted: &Message) -> Value {
    json!({ "conversationId": spell.uuid(posted.place.id), "message": message(spell, posted) })
}

/// `user_typing`
pub fn typing(spell: &Spelling, conversation: ConversationId, who: AccountId, on: bool) -> Value {
    json!({ "conversationId": spell.uuid(conversation), "userId": spell.uuid(who), "isTyping": on })
}

/// `messages_read`, with the fields of both documents that have it.
pub fn receipt(spell: &Spelling, conversation: ConversationId, receipt: &Receipt) -> Value {
    json!({
        "conversationId": spell.uuid(conversation),
        "readBy": spell.uuid(receipt.reader),
        "count": receipt.count,
        "userId": spell.uuid(receipt.reader),
        "readAt": receipt.at.iso(),
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
