//! The events that clients send.

use super::shapes;
use crate::core::error::{Error, Result};
use crate::core::id::Spelling;
use crate::core::message::Draft;
use crate::core::model::Message;
use crate::core::{Lookup, conversation, level, message};
use crate::dialects::socket_event::{Ack, Reaction, SocketEvent, ack};
use crate::dialects::{beyond, changing};
use crate::web::fields::{CONTENT, Fields};

/// `send_message` `{ conversationId?, content, toUserId? }`: one of the two ids must be there
pub fn send_message(mut event: SocketEvent) -> Result<Reaction> {
    let mut fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let place = fields.optional_id(event.place_names);
    let to = fields.optional_id(&["toUserId"]);
    let text = fields.required_text(CONTENT);
    let client_id = fields.optional_text(&["clientMessageId"]);
    let reply_to = changing::reply_to(&mut fields);
    if place.is_none() && to.is_none() && !fields.is_wrong() {
        fields.fault("conversationId", "is required where there is no toUserId");
    }
    let most = event.core.limits().message_chars;
    fields.name_also(|| Vec::from_iter(message::wrong_with_text(CONTENT[0], &text, most)));
    let (text, client_id) = fields.done(Some((text, client_id)))?;
    let screened = event.core.screened_text(&text);
    let lookup = Lookup::of(&event.me, place, client_id.as_deref());
    event.queue_after(
        lookup,
        move |tx, me, subscriber| {
            // Before the permission is checked: a repeat gets the first message even if its sender may no longer speak there.
            if let Some(first) = message::repeated(tx, me, client_id.as_deref())? {
                return Ok(first);
            }
            let conversation = match (place, to) {
                (Some(id), to) => {
                    let place = conversation::subscribe(tx, me, id, subscriber)?;
                    if to.is_some() && to != place.other(me.id) {
                        return Err(Error::invalid("toUserId", "must be the other member"));
                    }
                    id
                }
                (None, Some(to)) => {
                    let (place, _) = conversation::between(tx, me, to)?;
                    conversation::subscribe(tx, me, place.id, subscriber)?.id
                }
                (None, None) => return Err(Error::invalid("conversationId", "is required")),
            };
            let draft = Draft {
                reply_to,
                screened,
                ..Draft::text("direct", conversation, text, client_id)
            };
            message::post(tx, me, draft)
        },
        |spell, message| shaped(spell, &message),
    )
}

/// `edit_message` `{ messageId, content }`
pub fn edit(event: SocketEvent) -> Result<Reaction> {
    changing::edit_by_event(event, CONTENT, shaped)
}

/// `delete_message` `{ messageId }`
pub fn delete(event: SocketEvent) -> Result<Reaction> {
    changing::delete_by_event(event, |_, gone| ack("message", shapes::deleted(gone)))
}

/// `react_message` `{ messageId, emoji, remove? }`
pub fn react(event: SocketEvent) -> Result<Reaction> {
    changing::react_by_event(event, shaped)
}

/// `pin_message` `{ messageId, remove? }`
pub fn pin(event: SocketEvent) -> Result<Reaction> {
    changing::pin_by_event(event, shaped)
}

/// `report_message` `{ messageId, reason? }`
pub fn report(event: SocketEvent) -> Result<Reaction> {
    changing::report_by_event(event)
}

fn shaped(_: &Spelling, message: &Message) -> Ack {
    ack("message", shapes::message(message))
}

/// `set_level` `{ conversationId, level?, mutedUntil? }`
pub fn set_level(mut event: SocketEvent) -> Result<Reaction> {
    let mut fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let place = fields.id(event.place_names);
    let change = beyond::settings(&mut fields);
    let place = fields.done(place)?;
    event.queue(
        move |tx, me, _| Ok((place, level::set(tx, me, place, change)?)),
        |_, (place, own)| ack("settings", shapes::settings(place, own)),
    )
}
