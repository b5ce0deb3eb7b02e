//! The events that clients send.

use super::{rest, shapes};
use crate::core::error::Result;
use crate::core::id::Spelling;
use crate::core::model::Message;
use crate::core::{conversation, file};
use crate::dialects::changing;
use crate::dialects::socket_event::{Ack, Reaction, SocketEvent, ack};
use crate::web::fields::{CONTENT, Fields};
use crate::web::rates::Class;
use crate::web::uploads::Intake;

/// `message` `{ roomId, content }`: send a message to the room; the sender joins it, so hears it too
pub fn message(mut event: SocketEvent) -> Result<Reaction> {
    let fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let draft = rest::draft(fields, event.core.limits().message_chars)?;
    event.post(draft, shaped)
}

/// `fileUpload` `{ roomId, filename, mimetype, data: <binary> }`: share a file in the room
pub fn file_upload(mut event: SocketEvent) -> Result<Reaction> {
    let mut fields = Fields::new(std::mem::take(&mut event.input), event.core.spelling());
    let room = fields.id(event.place_names);
    let name = fields.required_text(&["filename", "originalName", "name"]);
    let data = fields.binary(&["data", "file"]);
    let client_id = fields.optional_text(&["clientMessageId"]);
    let (room, data) = fields.done(room.zip(data))?;
    if let Some((_, counted)) = event.rates.count(Class::Upload, "fileUpload", event.asker) {
        counted?;
    }
    Ok(Reaction::Held(Box::pin(async move {
        let SocketEvent {
            core,
            me,
            subscriber,
            rates,
            ..
        } = event;
        let asking = me.clone();
        core.write(move |tx| {
            file::may_share(tx, &asking, room)?;
            conversation::subscribe(tx, &asking, room, subscriber)
        })
        .await?;
        let mut intake = Intake::begin(core.clone(), me, name, &rates)?;
        intake.add(data).await?;
        let file = intake.finish(Some(room), client_id).await?;
        Ok(ack("file", shapes::file(core.spelling(), &file)))
    })))
}

/// `editMessage` `{ messageId, content }`
pub fn edit(event: SocketEvent) -> Result<Reaction> {
    changing::edit_by_event(event, CONTENT, shaped)
}

/// `deleteMessage` `{ messageId }`
pub fn delete(event: SocketEvent) -> Result<Reaction> {
    changing::delete_by_event(event, |spell, gone| {
        ack("message", shapes::deleted(spell, gone))
    })
}

/// `reactMessage` `{ messageId, emoji, remove? }`
pub fn react(event: SocketEvent) -> Result<Reaction> {
    changing::react_by_event(event, shaped)
}

/// `pinMessage` `{ messageId, remove? }`
pub fn pin(event: SocketEvent) -> Result<Reaction> {
    changing::pin_by_event(event, shaped)
}

fn shaped(spell: &Spelling, message: &Message) -> Ack {
    ack("message", shapes::heard(spell, message))
}
