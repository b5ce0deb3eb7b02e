//! Changing messages, as requests and events say it. The forms are the same in all dialects; the names of the events and the
//! shapes of the answers are each dialect's own.

use std::sync::Arc;

use crate::core::change::{self, Target};
use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::model::{Deletion, Message, MessageId};
use crate::core::report;
use crate::dialects::socket_event::{Ack, Reaction, SocketEvent};
use crate::web::call::Call;
use crate::web::fields::Fields;

/// The names of the field with the id of a message that an event changes.
const MESSAGE: &[&str] = &["messageId", "message_id", "id", "_id"];

/// Why somebody reports a message.
const REASON: &[&str] = &["reason"];
/// What whoever has reported a message is told.
pub const REPORTED: &str = "The message has been reported to the administrators";

/// The names of the field with the message that a new one answers.
const REPLY_TO: &[&str] = &["replyTo", "reply_to"];

/// The message that a new one answers, if its form names one.
pub fn reply_to(fields: &mut Fields<'_>) -> Option<MessageId> {
    fields.optional_id(REPLY_TO)
}

/// The message that a path names at this position.
pub fn target(call: &Call, position: usize) -> Result<Target> {
    call.id(position, MESSAGE[0]).map(MessageId::into)
}

/// The message that a path names, behind the conversation that it must be in.
pub fn target_within(call: &Call) -> Result<Target> {
    Ok(Target {
        within: Some(call.id(0, "id")?),
        ..target(call, 1)?
    })
}

/// Edits: the text is the body's field of one of these names.
pub async fn edit(call: &mut Call, target: Target, words: &'static [&str]) -> Result<Arc<Message>> {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let text = fields.text(words);
    let text = fields.done(Some(text))?;
    let screened = call.core().screened_text(&text);
    call.write(move |tx| change::edit(tx, &me, target, words[0], text, screened))
        .await
}

pub async fn delete(call: &Call, target: Target) -> Result<Deletion> {
    let me = call.me()?;
    call.write(move |tx| change::delete(tx, &me, target)).await
}

/// Reacts with the emoji that the path names at this position, or else the query or the body.
pub async fn react(
    call: &mut Call,
    target: Target,
    position: Option<usize>,
    on: bool,
) -> Result<Arc<Message>> {
    let me = call.me()?;
    let emoji = match position {
        Some(position) => call.decoded(position, "emoji")?,
        None => {
            let given = call.query_or_object(&["emoji"]).await?;
            let mut fields = Fields::new(given, call.core().spelling());
            let emoji = fields.required_text(&["emoji"]);
            fields.done(Some(emoji))?
        }
    };
    call.write(move |tx| change::react(tx, &me, target, &emoji, on))
        .await
}

pub async fn pin(call: &Call, target: Target, on: bool) -> Result<Arc<Message>> {
    let me = call.me()?;
    call.write(move |tx| change::pin(tx, &me, target, on)).await
}

/// Reports it to the administrators: `{ reason? }`.
pub async fn report(call: &mut Call, target: Target) -> Result<()> {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let reason = fields.optional_text(REASON);
    let reason = fields.done(Some(reason.unwrap_or_default()))?;
    call.write(move |tx| report::make(tx, &me, target, &reason))
        .await
}

pub async fn one(call: &Call, target: Target) -> Result<Message> {
    let me = call.me()?;
    call.read(move |view| change::one(view, &me, target)).await
}

/// The form of an event, and the event without it.
fn form<T>(
    mut event: SocketEvent,
    take: impl FnOnce(&mut Fields<'_>) -> T,
) -> Result<(SocketEvent, Target, T)> {
    let mut fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let id: Option<MessageId> = fields.bare_id(MESSAGE);
    let taken = take(&mut fields);
    let (id, taken) = fields.done(id.map(|id| (id, taken)))?;
    Ok((event, id.into(), taken))
}

/// `{ messageId, message or content }`
pub fn edit_by_event(
    event: SocketEvent,
    words: &'static [&str],
    shape: fn(&Spelling, &Message) -> Ack,
) -> Result<Reaction> {
    let (event, target, text) = form(event, |fields| fields.text(words))?;
    let screened = event.core.screened_text(&text);
    event.queue(
        move |tx, me, _| change::edit(tx, me, target, words[0], text, screened),
        move |spell, message| shape(spell, &message),
    )
}

/// `{ messageId }`
pub fn delete_by_event(
    event: SocketEvent,
    shape: fn(&Spelling, &Deletion) -> Ack,
) -> Result<Reaction> {
    let (event, target, ()) = form(event, |_| ())?;
    event.queue(
        move |tx, me, _| change::delete(tx, me, target),
        move |spell, gone| shape(spell, &gone),
    )
}

/// `{ messageId, emoji, remove? }`
pub fn react_by_event(
    event: SocketEvent,
    shape: fn(&Spelling, &Message) -> Ack,
) -> Result<Reaction> {
    let (event, target, (emoji, remove)) = form(event, |fields| {
        (
            fields.required_text(&["emoji"]),
            fields.flag("remove", false),
        )
    })?;
    event.queue(
        move |tx, me, _| change::react(tx, me, target, &emoji, !remove),
        move |spell, message| shape(spell, &message),
    )
}

/// `{ messageId, reason? }`
pub fn report_by_event(event: SocketEvent) -> Result<Reaction> {
    let (event, target, reason) = form(event, |fields| fields.optional_text(REASON))?;
    let reason = reason.unwrap_or_default();
    event.queue(
        move |tx, me, _| report::make(tx, me, target, &reason),
        |_, ()| Ack::default(),
    )
}

/// `{ messageId, remove? }`
pub fn pin_by_event(event: SocketEvent, shape: fn(&Spelling, &Message) -> Ack) -> Result<Reaction> {
    let (event, target, remove) = form(event, |fields| fields.flag("remove", false))?;
    event.queue(
        move |tx, me, _| change::pin(tx, me, target, !remove),
        move |spell, message| shape(spell, &message),
    )
}
