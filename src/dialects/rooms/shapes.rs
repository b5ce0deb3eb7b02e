//! The document's objects, block by block.

use serde::Serialize;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{Conversation, Deletion, File, Listed, Message, Page};
use crate::core::search::Found;
use crate::core::short::Short;
use crate::web::people::file_url;

/// A room, as `POST /api/rooms` and the list show it.
pub fn room(spell: &Spelling, room: &Conversation) -> Value {
    json!({
        "_id": spell.hex(room.place.id),
        "name": room.name,
        "description": room.description,
        "type": room.place.kind.name(),
        "createdBy": room.creator.map(|creator| spell.hex(creator)),
        "createdAt": room.created_at.iso(),
    })
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

/// A message, as `POST /api/messages` answers it: `sender` is an id.
pub fn sent(spell: &Spelling, message: &Message) -> Value {
    json!({
        "_id": spell.hex(message.id),
        "content": message.text,
        "sender": spell.hex(message.author.id),
        "room": spell.hex(message.place.id),
        "createdAt": message.sent_at.iso(),
    })
}

/// A message, as `GET /api/messages/:roomId` lists it: `sender` is an object.
pub fn listed<'m>(spell: &Spelling, message: &'m Message) -> ShapedMessage<'m> {
    said(spell, message, None)
}

/// A message. It is serialized without a `Value` in between, because there are many at a time.
#[derive(Serialize)]
pub struct ShapedMessage<'m> {
    _id: Short,
    content: &'m str,
    sender: Sender<'m>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Short>,
    #[serde(rename = "createdAt")]
    created_at: Short,
}

#[derive(Serialize)]
struct Sender<'m> {
    _id: Short,
    username: &'m str,
}

/// A message, as the room hears it: `{ _id, content, sender: { _id, username }, room, createdAt }`.
pub fn heard<'m>(spell: &Spelling, message: &'m Message) -> ShapedMessage<'m> {
    said(spell, message, Some(spell.hex(message.place.id)))
}

fn said<'m>(spell: &Spelling, message: &'m Message, room: Option<Short>) -> ShapedMessage<'m> {
    ShapedMessage {
        _id: spell.hex(message.id),
        content: &message.text,
        sender: Sender {
            _id: spell.hex(message.author.id),
            username: &message.author.name,
        },
        room,
        created_at: message.sent_at.iso(),
    }
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

/// Messages that were found, each with its room, and where the next page begins:
/// `{ success, message, data: […], pagination: { hasMore, nextCursor } }`.
pub fn found<'f>(spell: &Spelling, found: &'f Found) -> List<ShapedMessage<'f>> {
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
