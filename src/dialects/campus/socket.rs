//! The document's events, as its clients say them.

use super::{rest, shapes};
use crate::core::error::Result;
use crate::dialects::said::{Reaction, Said, ack};
use crate::web::fields::Fields;

/// `send-message` and `send-group-message` `{ conversationId, message }`
pub fn send(mut said: Said) -> Result<Reaction> {
    let fields = Fields::new(std::mem::take(&mut said.given), said.core.spelling());
    let draft = rest::draft(fields)?;
    said.post(draft, |spell, message| {
        ack("message", shapes::message(spell, message))
    })
}
