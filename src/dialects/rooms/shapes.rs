//! The document's objects, block by block.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{
    Account, AccountId, Blocked, Conversation, ConversationId, Deletion, Device, DeviceId, File,
    Listed, Message, Page, Person, Presence, Receipt, Restraint, Settings,
};
use crate::core::search::Found;
use crate::core::short::Short;
use crate::dialects::added::{Added, Hexes, added};
use crate::dialects::beyond;
use crate::web::people::{file_url, picture_url};

/// A room, as `POST /api/rooms`, the list and `roomUpdated` show it, and what it has beyond that.
pub fn room(spell: &Spelling, room: &Conversation) -> Value {
    let mut shape = json!({
        "_id": spell.hex(room.place.id),
        "name": room.name,
        "description": room.description,
        "type": room.place.kind.name(),
        "createdBy": room.creator.map(|creator| spell.hex(creator)),
        "createdAt": room.created_at.iso(),
    });
    beyond::add_to(&mut shape, spell, room, |owner| spell.hex(owner));
    shape
}

/// `roomJoined` and `roomLeft`, to whoever became a member or is no longer one.
pub fn membership(spell: &Spelling, room: ConversationId) -> Value {
    json!({ "roomId": spell.hex(room) })
}

/// `memberJoined` and `memberLeft`, to who listens.
pub fn member(spell: &Spelling, room: ConversationId, who: AccountId) -> Value {
    json!({ "roomId": spell.hex(room), "userId": spell.hex(who) })
}

/// A room with its latest messages, as `GET /api/rooms/:roomId` shows it.
pub fn room_with_messages(spell: &Spelling, shown: &Conversation, messages: &[Message]) -> Value {
    let mut shape = room(spell, shown);
    shape["messages"] = messages
        .iter()
        .map(|message| json!(listed(spell, message)))
        .collect();
    shape
}

/// A ban or a silence: `{ userId, name, kind, until, by, at }`.
pub fn restraint(spell: &Spelling, one: &Restraint) -> Value {
    beyond::restraint(one, |id| spell.hex(id))
}

/// A member's settings: `{ roomId, level, mutedUntil }`.
pub fn settings(spell: &Spelling, conversation: ConversationId, own: Settings) -> Value {
    json!({
        "roomId": spell.hex(conversation),
        "level": own.level.name(),
        "mutedUntil": own.muted_until.map(|until| until.iso()),
    })
}

/// `conversationRead`, to the reader's own sockets.
pub fn own_reading(spell: &Spelling, room: ConversationId, receipt: &Receipt) -> Value {
    json!({ "roomId": spell.hex(room), "unreadCount": receipt.left })
}

/// A message, as `POST /api/messages` answers it: `sender` is an id.
pub fn sent<'m>(spell: &'m Spelling, message: &'m Message) -> ShapedMessage<'m, Short> {
    ShapedMessage {
        _id: spell.hex(message.id),
        content: &message.text,
        sender: spell.hex(message.author.id),
        room: Some(spell.hex(message.place.id)),
        created_at: message.sent_at.iso(),
        added: added(message, Hexes(spell)),
    }
}

/// A message, as `GET /api/messages/:roomId` lists it: `sender` is an object.
pub fn listed<'m>(spell: &'m Spelling, message: &'m Message) -> ShapedMessage<'m, Sender<'m>> {
    said(spell, message, None)
}

/// A message. It is serialized without a `Value` in between, because there are many at a time.
#[derive(Serialize)]
pub struct ShapedMessage<'m, S> {
    _id: Short,
    content: &'m str,
    sender: S,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Short>,
    #[serde(rename = "createdAt")]
    created_at: Short,
    #[serde(flatten)]
    added: Added<'m, Hexes<'m>>,
}

#[derive(Serialize)]
pub struct Sender<'m> {
    _id: Short,
    username: &'m str,
}

/// A message, as the room hears it: `{ _id, content, sender: { _id, username }, room, createdAt }`.
pub fn heard<'m>(spell: &'m Spelling, message: &'m Message) -> ShapedMessage<'m, Sender<'m>> {
    said(spell, message, Some(spell.hex(message.place.id)))
}

/// `messageUpdated`
pub fn updated<'m>(spell: &'m Spelling, changed: &'m Message) -> ShapedMessage<'m, Sender<'m>> {
    ShapedMessage {
        added: added(changed, Hexes(spell)).with_position(),
        ..heard(spell, changed)
    }
}

fn said<'m>(
    spell: &'m Spelling,
    message: &'m Message,
    room: Option<Short>,
) -> ShapedMessage<'m, Sender<'m>> {
    ShapedMessage {
        _id: spell.hex(message.id),
        content: &message.text,
        sender: Sender {
            _id: spell.hex(message.author.id),
            username: &message.author.name,
        },
        room,
        created_at: message.sent_at.iso(),
        added: added(message, Hexes(spell)),
    }
}

/// Somebody with another name or picture: `{ _id, username, picture }`.
pub fn person(spell: &Spelling, person: &Person) -> Value {
    json!({
        "_id": spell.hex(person.id),
        "username": person.name,
        "picture": picture_url(spell, person.picture.as_ref()),
    })
}

/// Somebody whom the caller has blocked: `{ _id, username, picture, blockedAt }`.
pub fn blocked(spell: &Spelling, one: &Blocked) -> Value {
    let mut shape = person(spell, &one.person);
    shape["blockedAt"] = json!(one.at.iso());
    shape
}

/// `blockChanged`, to the caller's own sockets
pub fn block(spell: &Spelling, other: AccountId, blocked: bool) -> Value {
    json!({ "userId": spell.hex(other), "blocked": blocked })
}

/// The caller: `{ id, username, email, picture, createdAt }`.
pub fn account(spell: &Spelling, own: &Account) -> Value {
    json!({
        "id": spell.hex(own.id),
        "username": own.name,
        "email": own.email,
        "picture": picture_url(spell, own.picture.as_ref()),
        "createdAt": own.created_at.iso(),
    })
}

/// `{ _id, userAgent, address, createdAt, seenAt, current }`
pub fn device(spell: &Spelling, device: &Device, current: DeviceId) -> Value {
    json!({
        "_id": spell.hex(device.id),
        "userAgent": device.user_agent,
        "address": device.address,
        "createdAt": device.created_at.iso(),
        "seenAt": device.seen_at.iso(),
        "current": device.id == current,
    })
}

/// A deleted message: `{ _id, room, deletedAt, position }`.
pub fn deleted(spell: &Spelling, gone: &Deletion) -> Value {
    json!({
        "_id": spell.hex(gone.id),
        "room": spell.hex(gone.conversation),
        "deletedAt": gone.at.iso(),
        "position": spell.hex(gone.position),
    })
}

/// A file, as the room hears of it: with its position in the log, from which a client that comes back catches up.
pub fn shared(spell: &Spelling, shared: &File) -> Value {
    let mut shape = file(spell, shared);
    shape["position"] = json!(shared.position.map(|position| spell.hex(position)));
    shape
}

/// A file, as `POST /api/files/upload` answers it, and the list shows it.
pub fn file(spell: &Spelling, file: &File) -> Value {
    json!({
        "_id": spell.hex(file.id),
        "filename": file.name,
        "originalName": file.original,
        "mimetype": file.media_type,
        "size": file.size,
        "url": file_url(spell, file),
        "uploadedBy": spell.hex(file.uploader),
        "room": file.conversation.map(|room| spell.hex(room)),
        "createdAt": file.created_at.iso(),
    })
}

/// A list: `{ success, message, data: […], pagination: { page, limit, total, totalPages } }`.
pub fn list<'t, T, S: Serialize>(
    message: &'static str,
    listed: &'t Listed<T>,
    page: Page,
    shape: impl Fn(&'t T) -> S,
) -> List<S> {
    List {
        success: true,
        message,
        data: listed.items.iter().map(shape).collect(),
        pagination: crate::web::call::pagination(page, listed.total),
    }
}

#[derive(Serialize)]
pub struct List<S> {
    success: bool,
    message: &'static str,
    data: Vec<S>,
    pagination: Value,
}

impl<S> List<S> {
    /// Its pages have this many places, some of which are empty.
    pub fn over(mut self, places: i64, page: Page) -> Self {
        self.pagination["totalPages"] = json!(page.pages(places));
        self
    }
}

/// `userPresence`, and an item of the list
pub fn presence(spell: &Spelling, presence: &Presence) -> Value {
    json!({
        "userId": spell.hex(presence.account),
        "online": presence.online,
        "lastSeenAt": presence.last_seen_at.map(|at| at.iso()),
    })
}
/// Messages that were found, each with its room, and where the next page begins:
/// `{ success, message, data: […], pagination: { hasMore, nextCursor } }`.
pub fn found<'f>(spell: &'f Spelling, found: &'f Found) -> List<ShapedMessage<'f, Sender<'f>>> {
    let last = found.messages.last().filter(|_| found.more);
    let messages = found.messages.iter();
    List {
        success: true,
        message: "Messages retrieved successfully",
        data: messages.map(|message| heard(spell, message)).collect(),
        pagination: json!({
            "hasMore": found.more,
            "nextCursor": last.map(|last| spell.hex(last.id)),
        }),
    }
}
