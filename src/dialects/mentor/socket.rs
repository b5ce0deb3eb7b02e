//! The events that clients send.

use crate::core::error::Result;
use crate::dialects::socket_event::{Reaction, SocketEvent};
use crate::web::fields::Fields;

/// `typing` `{ conversationId, isTyping }`
pub fn typing(mut event: SocketEvent) -> Result<Reaction> {
    let mut fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let on = fields.flag("isTyping", true);
    event.input = fields.rest()?;
    event.type_in(on)
}
