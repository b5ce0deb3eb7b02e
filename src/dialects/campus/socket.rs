//! The events that clients send.

use super::{rest, shapes};
use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::model::Message;
use crate::dialects::changing;
use crate::dialects::socket_event::{Ack, Reaction, SocketEvent, ack};
use crate::web::fields::Fields;

/// `send-message` and `send-group-message` `{ conversationId, message }`
pub fn send(mut event: SocketEvent) -> Result<Reaction> {
    let fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let draft = rest::draft(fields, event.core.limits().message_chars)?;
    event.post(draft, shaped)
}

/// `edit-message` `{ messageId, message }`
pub fn edit(event: SocketEvent) -> Result<Reaction> {
    changing::edit_by_event(event, rest::WORDS, shaped)
}

/// `delete-message` `{ messageId }`
pub fn delete(event: SocketEvent) -> Result<Reaction> {
    changing::delete_by_event(event, |spell, gone| {
        ack("message", shapes::deleted(spell, gone))
    })
}

/// `react-message` `{ messageId, emoji, remove? }`
pub fn react(event: SocketEvent) -> Result<Reaction> {
    changing::react_by_event(event, shaped)
}

/// `pin-message` `{ messageId, remove? }`
pub fn pin(event: SocketEvent) -> Result<Reaction> {
    changing::pin_by_event(event, shaped)
}

fn shaped(spell: &Spelling, message: &Message) -> Ack {
    ack("message", shapes::message(spell, message))
}
