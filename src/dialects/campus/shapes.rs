//! The document's objects, block by block.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{
    Account, AccountId, Blocked, Conversation, ConversationId, Deletion, Device, DeviceId, Message,
    Person, Presence, Receipt, Settings,
};
use crate::core::short::Short;
use crate::dialects::added::{Added, Uuids, added};
use crate::dialects::beyond;
use crate::web::people::picture_url;

/// `{ id, full_name, email, gender, dateOfBirth, role, profile, createdAt }`
pub fn user(spell: &Spelling, account: &Account) -> Value {
    json!({
        "id": spell.uuid(account.id),
        "full_name": account.name,
        "email": account.email,
        "gender": account.gender,
        "dateOfBirth": account.born_on,
        "role": account.role,
        "profile": picture_url(spell, account.picture.as_ref()),
        "createdAt": account.created_at.iso(),
    })
}

/// `{ message, token, user }`
pub fn logged_in(spell: &Spelling, message: &str, token: &str, account: &Account) -> Value {
    json!({ "message": message, "token": token, "user": user(spell, account) })
}

/// `{ id, userAgent, ip, createdAt, lastSeenAt, current }`
pub fn device(spell: &Spelling, device: &Device, current: DeviceId) -> Value {
    json!({
        "id": spell.uuid(device.id),
        "userAgent": device.user_agent,
        "ip": device.address,
        "createdAt": device.created_at.iso(),
        "lastSeenAt": device.seen_at.iso(),
        "current": device.id == current,
    })
}

/// `{ id, full_name, profile }`
pub fn participant(spell: &Spelling, person: &Person) -> Value {
    json!({
        "id": spell.uuid(person.id),
        "full_name": person.name,
        "profile": picture_url(spell, person.picture.as_ref()),
    })
}

/// Somebody whom the caller has blocked: `{ id, full_name, profile, blockedAt }`
pub fn blocked(spell: &Spelling, one: &Blocked) -> Value {
    let mut shape = participant(spell, &one.person);
    shape["blockedAt"] = json!(one.at.iso());
    shape
}

/// `block-changed`, to the caller's own sockets
pub fn block(spell: &Spelling, other: AccountId, blocked: bool) -> Value {
    json!({ "userId": spell.uuid(other), "blocked": blocked })
}

/// `{ id, type, name, participants, createdAt }`, and what it has beyond that.
pub fn conversation(spell: &Spelling, known: &Conversation, people: &[Person]) -> Value {
    let mut shape = json!({
        "id": spell.uuid(known.place.id),
        "type": known.place.kind.name(),
        "name": known.name,
        "participants": people.iter().map(|person| participant(spell, person)).collect::<Value>(),
        "createdAt": known.created_at.iso(),
    });
    if !known.description.is_empty() {
        shape["description"] = json!(known.description);
    }
    beyond::add_to(&mut shape, spell, known, |owner| spell.uuid(owner));
    shape
}

/// `conversation-updated`: `{ id, type, name, description, createdAt }`, and what it has beyond that.
pub fn changed(spell: &Spelling, known: &Conversation) -> Value {
    let mut shape = json!({
        "id": spell.uuid(known.place.id),
        "type": known.place.kind.name(),
        "name": known.name,
        "description": known.description,
        "createdAt": known.created_at.iso(),
    });
    beyond::add_to(&mut shape, spell, known, |owner| spell.uuid(owner));
    shape
}

/// `conversation-joined` and `conversation-left`, to whoever became a member or is no longer one.
pub fn membership(spell: &Spelling, conversation: ConversationId) -> Value {
    json!({ "conversationId": spell.uuid(conversation) })
}

/// `member-joined` and `member-left`, to who listens.
pub fn member(spell: &Spelling, conversation: ConversationId, who: AccountId) -> Value {
    json!({ "conversationId": spell.uuid(conversation), "userId": spell.uuid(who) })
}

/// A message. It is serialized without a `Value` in between, because there are many at a time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShapedMessage<'m> {
    id: Short,
    message: &'m str,
    sender_id: Short,
    conversation_id: Short,
    created_at: Short,
    #[serde(flatten)]
    added: Added<'m, Uuids<'m>>,
}

/// `{ id, message, senderId, conversationId, createdAt }`, and what was added to it.
pub fn message<'m>(spell: &'m Spelling, message: &'m Message) -> ShapedMessage<'m> {
    ShapedMessage {
        id: spell.uuid(message.id),
        message: &message.text,
        sender_id: spell.uuid(message.author.id),
        conversation_id: spell.uuid(message.place.id),
        created_at: message.sent_at.iso(),
        added: added(message, Uuids(spell)),
    }
}

/// `message-updated`
pub fn updated<'m>(spell: &'m Spelling, changed: &'m Message) -> ShapedMessage<'m> {
    ShapedMessage {
        added: added(changed, Uuids(spell)).with_position(),
        ..message(spell, changed)
    }
}

/// A deleted message: `{ id, conversationId, deletedAt, position }`.
pub fn deleted(spell: &Spelling, gone: &Deletion) -> Value {
    json!({
        "id": spell.uuid(gone.id),
        "conversationId": spell.uuid(gone.conversation),
        "deletedAt": gone.at.iso(),
        "position": spell.uuid(gone.position),
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

/// `conversation-read`, to the reader's own sockets.
pub fn own_reading(spell: &Spelling, conversation: ConversationId, receipt: &Receipt) -> Value {
    json!({ "conversationId": spell.uuid(conversation), "unreadCount": receipt.left })
}

/// `user-presence`, and an item of the list: `{ userId, online, lastSeenAt }`
pub fn presence(spell: &Spelling, presence: &Presence) -> Value {
    json!({
        "userId": spell.uuid(presence.account),
        "online": presence.online,
        "lastSeenAt": presence.last_seen_at.map(|at| at.iso()),
    })
}
