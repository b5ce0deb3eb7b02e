//! The document's events, as its clients say them.

use crate::core::error::Result;
use crate::dialects::said::{Reaction, Said};
use crate::web::fields::Fields;

/// `typing` `{ conversationId, isTyping }`
pub fn typing(mut said: Said) -> Result<Reaction> {
    let mut fields = Fields::new(std::mem::take(&mut said.given), said.core.spelling());
    let on = fields.flag("isTyping", true);
    said.given = fields.rest()?;
    said.type_in(on)
}
