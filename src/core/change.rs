//! Changing messages: edit, react, pin, delete. Each is one change in the log: the next position becomes that of the
//! message's latest change, and whoever hears the conversation is told the message as it is now.

use std::sync::Arc;

use super::error::{Error, Result};
use super::may::{Act, Wish, may, may_to};
use super::model::{AccountId, ConversationId, Deletion, Event, Me, Message, MessageId, Pin};
use super::store::{Placed, Reacted, Tx, View};
use super::unwanted::{self, Screened};
use super::{digest, limits, mention, message, report, text};

/// A message that somebody wants to change, as a request names it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub id: MessageId,
    /// The conversation that the request says it is in, if its route has one: any other is not there.
    pub within: Option<ConversationId>,
}

impl From<MessageId> for Target {
    fn from(id: MessageId) -> Self {
        Self { id, within: None }
    }
}

fn placed(view: &View<'_>, target: Target) -> Result<Placed> {
    let found = view.placed(target.id)?;
    found
        .filter(|placed| {
            target
                .within
                .is_none_or(|within| within == placed.conversation)
        })
        .ok_or(Error::NotFound("Message"))
}

/// The message as it is, for somebody who may do this to it.
fn for_act(view: &View<'_>, me: &Me, act: Act, target: Target) -> Result<Message> {
    let placed = placed(view, target)?;
    let place = may_to(view, me, act, &placed)?;
    let message = view.one_message(place, placed.id)?;
    message.ok_or(Error::NotFound("Message"))
}

/// Notes that a message was changed, and announces what it is now.
fn changed(tx: &Tx<'_>, message: &Message) -> Result<Arc<Message>> {
    tx.note_change(message.id)?;
    let now = tx.one_message(message.place, message.id)?;
    let now = Arc::new(now.ok_or(Error::NotFound("Message"))?);
    tx.announce(Event::MessageUpdated(now.clone()));
    Ok(now)
}

/// Replaces the text of one's own message, which is named by `field` in refusals. The same text again changes nothing.
///
/// # Errors
/// `NotFound` to a stranger and for a deleted message, `Forbidden` to all but the author, to an author who may not speak
/// there any more, and after the edit window; `Invalid` for an empty or overlong text and one with an unwanted word;
/// `UsedUp`.
pub fn edit(
    tx: &Tx<'_>,
    me: &Me,
    target: Target,
    field: &str,
    text: String,
    screened: Screened,
) -> Result<Arc<Message>> {
    let before = for_act(tx, me, Act::Edit, target)?;
    let most = tx.limits.message_chars;
    let alone = before.attachments.is_empty();
    if let Some(fault) = message::wrong_with_words(field, &text, most, alone) {
        return Err(Error::Invalid(vec![fault]));
    }
    let text = text::without_hidden(text);
    if text == before.text {
        return Ok(Arc::new(before));
    }
    let verdict = unwanted::verdict(tx, &screened, std::iter::once(&*text));
    verdict.let_through(field)?;
    not_too_often(tx, me)?;
    let mentions = mention::mentioned_in(tx, before.place.id, me.id, &text)?;
    tx.edit_message(&before, &text, &mentions)?;
    digest::unsay(tx, before.place.id)?;
    let now = changed(tx, &before)?;
    if let Some(word) = &verdict.reported {
        report::by_itself(tx, &now, word)?;
    }
    Ok(now)
}

/// Counts a text that is changed or deleted, a ban, a silence, or the end of one.
pub(in crate::core) fn not_too_often(tx: &Tx<'_>, me: &Me) -> Result<()> {
    let quota = "You have edited or deleted many messages lately";
    let changes = tx.directory.changes();
    changes.count(me.id, tx.now, 1, tx.limits.changes, quota)
}

/// Reacts to a message with an emoji, or takes that back. What is so already changes nothing. Reacting in an open room makes
/// no member.
///
/// # Errors
/// `NotFound` to a stranger and for a deleted message; `Invalid` for what is no emoji, `Conflict` if the message has as many
/// as it may.
pub fn react(tx: &Tx<'_>, me: &Me, target: Target, emoji: &str, on: bool) -> Result<Arc<Message>> {
    let before = for_act(tx, me, Act::React, target)?;
    if let Some(wrong) = wrong_with_emoji(emoji) {
        return Err(Error::invalid("emoji", wrong));
    }
    let is_news = match on {
        true => match tx.add_reaction(before.id, emoji, me.id)? {
            Reacted::Done => true,
            Reacted::Already => false,
            Reacted::TooManyEmoji => {
                return Err(Error::Conflict("This message has as many emoji as it may"));
            }
            Reacted::TooMany => {
                return Err(Error::Conflict(
                    "This message has as many reactions as it may",
                ));
            }
        },
        false => tx.remove_reaction(before.id, emoji, me.id)?,
    };
    match is_news {
        true => changed(tx, &before),
        false => Ok(Arc::new(before)),
    }
}

/// What is wrong with an emoji: it is short and visible. Which ones there are is for clients to say.
pub(in crate::core) fn wrong_with_emoji(emoji: &str) -> Option<String> {
    if emoji.len() > limits::EMOJI_BYTES {
        return Some(format!("must be at most {} bytes", limits::EMOJI_BYTES));
    }
    if emoji.contains(char::is_whitespace) {
        return Some("must not contain spaces".into());
    }
    text::wrong_with_line(emoji, limits::EMOJI_BYTES)
}

/// Pins a message, or takes the pin away. What is so already changes nothing.
///
/// # Errors
/// `NotFound` to a stranger and for a deleted message, `Forbidden` to who may not, `Conflict` if the conversation has as many
/// pins as it may.
pub fn pin(tx: &Tx<'_>, me: &Me, target: Target, on: bool) -> Result<Arc<Message>> {
    let before = for_act(tx, me, Act::Pin, target)?;
    if before.pinned.is_some() == on {
        return Ok(Arc::new(before));
    }
    let pin = on.then_some(Pin {
        at: tx.now,
        by: me.id,
    });
    if !tx.pin_message(&before, pin)? {
        return Err(Error::Conflict(
            "This conversation has as many pinned messages as it may",
        ));
    }
    changed(tx, &before)
}

/// Deletes a message for everybody: the author's, an owner's, or an administrator's deletion, which is in the audit log.
/// Deleting it again changes nothing.
///
/// # Errors
/// `NotFound` to a stranger, `Forbidden` to a member who may not; `UsedUp`.
pub fn delete(tx: &Tx<'_>, me: &Me, target: Target) -> Result<Deletion> {
    let placed = placed(tx, target)?;
    may_to(tx, me, Act::Delete, &placed)?;
    if let Some((at, position)) = placed.deleted {
        return Ok(Deletion {
            id: placed.id,
            conversation: placed.conversation,
            at,
            position,
        });
    }
    not_too_often(tx, me)?;
    if me.id != placed.author && me.admin {
        return erase_as_admin(tx, Some(me.id), placed.id);
    }
    erase(tx, placed.id)
}

/// As [`erase`], and notes in the audit log who did it: an administrator, or the command line.
///
/// # Errors
/// As [`erase`].
pub(in crate::core) fn erase_as_admin(
    tx: &Tx<'_>,
    by: Option<AccountId>,
    id: MessageId,
) -> Result<Deletion> {
    let deletion = erase(tx, id)?;
    let subject = format!("message {}", id.number());
    tx.record(by, "message.delete", &subject, "")?;
    Ok(deletion)
}

/// Deletes a message's text and attachments for everybody. Its sequence number stays, empty, and counts as unread for
/// nobody. The caller has checked who may.
///
/// # Errors
/// `NotFound`, also if it is deleted already.
pub(in crate::core) fn erase(tx: &Tx<'_>, id: MessageId) -> Result<Deletion> {
    let blanked = tx.blank_message(id)?;
    let conversation = blanked.ok_or(Error::NotFound("Message"))?;
    digest::unsay(tx, conversation)?;
    let deletion = Deletion {
        id,
        conversation,
        at: tx.now,
        position: tx.note_change(id)?,
    };
    tx.announce(Event::MessageDeleted(deletion.clone()));
    Ok(deletion)
}

/// One message, for somebody who may read it.
///
/// # Errors
/// `NotFound`, also for a position that names no message, and for a deleted message.
pub fn one(view: &View<'_>, me: &Me, target: Target) -> Result<Message> {
    for_act(view, me, Act::Read, target)
}

/// The pinned messages of a conversation, the latest pin first.
///
/// # Errors
/// `NotFound`.
pub fn pins(
    view: &View<'_>,
    who: Option<AccountId>,
    conversation: ConversationId,
) -> Result<Vec<Message>> {
    let (place, _) = may(view, who, Wish::Hear, conversation)?;
    view.pinned(place)
}
