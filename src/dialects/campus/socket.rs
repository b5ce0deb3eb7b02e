//! The events that clients send.

use super::{rest, shapes};
use crate::core::error::Result;
use crate::dialects::socket_event::{Reaction, SocketEvent, ack};
use crate::web::fields::Fields;

/// `send-message` and `send-group-message` `{ conversationId, message }`
pub fn send(mut event: SocketEvent) -> Result<Reaction> {
    let fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let draft = rest::draft(fields, event.core.limits().message_chars)?;
    event.post(draft, |spell, message| {
        ack("message", shapes::message(spell, message))
    })
}
