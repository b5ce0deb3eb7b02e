//! Posting messages, and reading them.

use std::borrow::Cow;
use std::sync::Arc;

use super::error::{Error, Fault, Result};
use super::limits;
use super::may::{Wish, may};
use super::model::{
    AccountId, Attachment, ConversationId, Event, Listed, Me, Message, MessageId, Page,
    StateChange, SubscriberId,
};
use super::slow_mode::Saying;
pub use super::store::PLAIN;
use super::store::{Lookup, NewMessage, Tx, View};
use super::unwanted::{self, Screened};
use super::{conversation, digest, file, mention, report, slow_mode, text};

/// A message to be posted.
#[derive(Debug)]
pub struct Draft {
    /// The dialect that it is posted in.
    pub dialect: &'static str,
    pub conversation: ConversationId,
    /// May be empty if something is attached.
    pub text: String,
    /// What the dialect's document calls the text: refusals go by it.
    pub text_field: &'static str,
    pub content_type: Cow<'static, str>,
    pub attachments: Vec<Attachment>,
    /// The client's id of the message: a repeat is the same message.
    pub client_id: Option<String>,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// By [`Core::screened`](super::Core::screened), before the verb; if not, the verb does it.
    pub screened: Screened,
}

impl Draft {
    /// A draft of a text only.
    pub fn text(
        dialect: &'static str,
        conversation: ConversationId,
        text: String,
        client_id: Option<String>,
    ) -> Self {
        Self {
            dialect,
            conversation,
            text,
            text_field: "content",
            content_type: PLAIN.into(),
            attachments: Vec::new(),
            client_id,
            reply_to: None,
            screened: Screened::default(),
        }
    }

    /// What posting it looks up.
    pub fn lookup(&self, author: &Me) -> Lookup {
        Lookup::of(author, Some(self.conversation), self.client_id.as_deref())
    }
}

/// Posts to a conversation that the author may speak in. Posting in an open room makes a member.
///
/// A repeat of a `client_id` returns the first message, whatever else it says, and nobody hears it again. Members who are
/// offline and do not read it in time get mail; who they are is found out when that is due, not here.
///
/// # Errors
/// `NotFound` to a stranger, `Restrained` to who is banned or silenced, `TooSoon` in slow mode, `Invalid` for an empty or
/// overlong text, one with an unwanted word, and for a file that the author may not have, `Conflict` if the author would become
/// a member and has as many memberships as allowed, `UsedUp`.
pub fn post(tx: &Tx<'_>, author: &Me, draft: Draft) -> Result<Arc<Message>> {
    said(tx, author, draft, None)
}

/// Posts, and subscribes to the conversation from just before the message on. A repeat changes nothing: it may come after
/// its author has lost the right to speak.
///
/// # Errors
/// As [`post`].
pub fn post_and_subscribe(
    tx: &Tx<'_>,
    author: &Me,
    draft: Draft,
    subscriber: SubscriberId,
) -> Result<Arc<Message>> {
    said(tx, author, draft, Some(subscriber))
}

fn said(
    tx: &Tx<'_>,
    author: &Me,
    draft: Draft,
    subscriber: Option<SubscriberId>,
) -> Result<Arc<Message>> {
    if let Some(first) = repeated(tx, author, draft.client_id.as_deref())? {
        return Ok(first);
    }
    let (place, standing) = may(tx, Some(author.id), Wish::Speak, draft.conversation)?;
    let turn = slow_mode::turn(tx, place.id, author.id, standing, Saying::Message)?;
    let mut faults = wrong_with(&draft, tx.limits.message_chars);
    if faults.is_empty() {
        faults = files_of_others(tx, author, &draft.attachments)?;
        faults.extend(wrong_with_reply(tx, &draft)?);
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let found = texts(&draft.text, &draft.attachments);
    let verdict = unwanted::verdict(tx, &draft.screened, found);
    verdict.let_through(draft.text_field)?;
    count_bytes(tx, author, &draft)?;
    if !standing.member {
        conversation::enrol(tx, place.id, author.id)?;
    }
    tx.decide();
    slow_mode::take(tx, turn)?;
    if let Some(subscriber) = subscriber {
        let conversation = place.id;
        tx.announce(StateChange::Subscribed {
            subscriber,
            conversation,
        });
    }
    let Draft {
        dialect,
        text,
        content_type,
        attachments,
        client_id,
        reply_to,
        ..
    } = draft;
    let text = text::without_hidden(text);
    let mentions = mention::mentioned_in(tx, place.id, author.id, &text)?;
    let new = NewMessage {
        dialect,
        place,
        author,
        text,
        content_type,
        attachments,
        client_id,
        reply_to,
        mentions,
    };
    let message = Arc::new(tx.append_message(new)?);
    digest::hold(tx, &message)?;
    if let Some(word) = &verdict.reported {
        report::by_itself(tx, &message, word)?;
    }
    tx.announce(Event::MessagePosted(message.clone()));
    Ok(message)
}

/// What of a message unwanted words are looked for in: its text, and the names of what is attached.
pub(in crate::core) fn texts<'t>(
    text: &'t str,
    attachments: &'t [Attachment],
) -> impl Iterator<Item = &'t str> {
    let names = attachments.iter().map(|one| &*one.filename);
    std::iter::once(text).chain(names)
}

/// Counts what a new message takes up on the disk, roughly.
fn count_bytes(tx: &Tx<'_>, author: &Me, draft: &Draft) -> Result<()> {
    let attached = draft.attachments.iter();
    let attached: usize = attached.map(|one| one.url.len() + one.filename.len()).sum();
    let kib = u32::try_from((draft.text.len() + attached) >> 10).unwrap_or(u32::MAX - 1) + 1;
    let (limit, quota) = (tx.limits.message_kib, "You have written very much lately");
    let written = tx.directory.message_kib();
    written.count(author.id, tx.now, kib, limit, quota)
}

/// A message can answer one that is in the same conversation, and not deleted.
fn wrong_with_reply(tx: &Tx<'_>, draft: &Draft) -> Result<Option<Fault>> {
    let Some(answered) = draft.reply_to else {
        return Ok(None);
    };
    let there = tx.placed(answered)?.is_some_and(|placed| {
        placed.conversation == draft.conversation && placed.deleted.is_none()
    });
    Ok((!there).then(|| Fault::new("replyTo", "must be a message of this conversation")))
}

/// Attached files of this server that the author may not read, and so may not share.
fn files_of_others(tx: &Tx<'_>, author: &Me, attachments: &[Attachment]) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for (at, attachment) in attachments.iter().enumerate() {
        let Some(named) = attachment.file else {
            continue;
        };
        match file::get(tx, Some(author.id), named) {
            Ok(_) => {}
            Err(Error::NotFound(_)) => faults.push(Fault::new(
                format!("attachments[{at}].url"),
                "must be a file that you may read",
            )),
            Err(error) => return Err(error),
        }
    }
    Ok(faults)
}

/// The message that this author posted under this client id.
///
/// # Errors
/// `Invalid` for an id that is empty or too long, `NotFound` if that message was deleted since.
pub fn repeated(tx: &Tx<'_>, author: &Me, client_id: Option<&str>) -> Result<Option<Arc<Message>>> {
    let Some(client_id) = client_id else {
        return Ok(None);
    };
    if let Some(wrong) = text::wrong_with_line(client_id, limits::CLIENT_ID_CHARS) {
        return Err(Error::invalid("clientMessageId", wrong));
    }
    Ok(tx.already_sent(author.id, client_id)?.map(Arc::new))
}

/// What is wrong with the text of a message without attachments, of at most `most` characters, in the field of this name.
pub fn wrong_with_text(field: &str, text: &str, most: usize) -> Option<Fault> {
    let empty = text::is_blank(text).then(|| "must not be empty".to_owned());
    let wrong = empty.or_else(|| text::wrong_with_text(text, most));
    wrong.map(|wrong| Fault::new(field, wrong))
}

/// What is wrong with the text of a message, which may be blank unless it stands `alone`, without attachments.
pub(in crate::core) fn wrong_with_words(
    field: &str,
    text: &str,
    most: usize,
    alone: bool,
) -> Option<Fault> {
    match alone {
        true => wrong_with_text(field, text, most),
        false => text::wrong_with_text(text, most).map(|wrong| Fault::new(field, wrong)),
    }
}

/// What is wrong with a draft whose text may have `most` characters. [`post`] checks it; a form asks only if it refuses the
/// request anyway, to name everything that is wrong.
pub fn wrong_with(draft: &Draft, most: usize) -> Vec<Fault> {
    let (field, text) = (draft.text_field, &draft.text);
    let alone = draft.attachments.is_empty();
    let mut faults = Vec::from_iter(wrong_with_words(field, text, most, alone));
    let wrong = text::wrong_with_line(&draft.content_type, limits::NAME_CHARS);
    faults.extend(wrong.map(|wrong| Fault::new("contentType", wrong)));
    if draft.attachments.len() > limits::ATTACHMENTS {
        let most = limits::ATTACHMENTS;
        faults.push(Fault::new("attachments", format!("must be at most {most}")));
    }
    for (at, attachment) in draft.attachments.iter().enumerate() {
        let wrong = [
            (
                "filename",
                text::wrong_with_line(&attachment.filename, limits::FILE_NAME_CHARS),
            ),
            (
                "mimeType",
                text::wrong_with_line(&attachment.media_type, limits::NAME_CHARS),
            ),
            ("url", wrong_with_url(attachment)),
            (
                "size",
                (attachment.size < 0).then(|| "must not be negative".to_owned()),
            ),
        ];
        let named = |(field, wrong): (&str, Option<String>)| {
            Some(Fault::new(format!("attachments[{at}].{field}"), wrong?))
        };
        faults.extend(wrong.into_iter().filter_map(named));
    }
    faults
}

/// An `http` or `https` URL, or a path of this server that [`file::at`] has read.
fn wrong_with_url(attachment: &Attachment) -> Option<String> {
    let url = &attachment.url;
    let elsewhere = ["https://", "http://"]
        .iter()
        .find_map(|start| url.strip_prefix(start))
        .is_some_and(|rest| !rest.is_empty());
    let plain =
        !url.contains(|c: char| c.is_whitespace() || c.is_control() || "\"<>\\".contains(c));
    let leads_somewhere = elsewhere || (file::is_ours(url) && attachment.file.is_some());
    if leads_somewhere && plain && url.len() <= limits::URL_BYTES {
        None
    } else {
        Some("must be an http or https URL, or the path of a file here".into())
    }
}

/// A page of messages, for somebody who may read them, and how many places all pages have together: a deleted message leaves
/// an empty one.
///
/// # Errors
/// `NotFound`.
pub fn page(
    view: &View<'_>,
    who: Option<AccountId>,
    conversation: ConversationId,
    page: Page,
) -> Result<(Listed<Message>, i64)> {
    let (place, _) = may(view, who, Wish::Hear, conversation)?;
    view.messages_page(place, page)
}

/// Up to `limit` messages before a message, or the latest, newest first, and whether there are more before them.
///
/// # Errors
/// `NotFound`, also if the message is not of this conversation.
pub fn before(
    view: &View<'_>,
    who: AccountId,
    conversation: ConversationId,
    before: Option<MessageId>,
    limit: u32,
) -> Result<(Vec<Message>, bool)> {
    let (place, _) = may(view, Some(who), Wish::Hear, conversation)?;
    let found = view.messages_before(place, before, limit + 1)?;
    let mut messages = found.ok_or(Error::NotFound("Message"))?;
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    Ok((messages, more))
}

/// Where a page begins that goes on to newer messages.
#[derive(Debug, Clone, Copy)]
pub enum After {
    Message(MessageId),
    /// This person's read mark.
    Read,
}

/// Up to `limit` messages after a message or a read mark, newest first, and whether there are more after them. A non-member
/// counts as having read everything.
///
/// # Errors
/// `NotFound`, also if the message is not of this conversation.
pub fn after(
    view: &View<'_>,
    who: AccountId,
    conversation: ConversationId,
    after: After,
    limit: u32,
) -> Result<(Vec<Message>, bool)> {
    let (place, _) = may(view, Some(who), Wish::Hear, conversation)?;
    let bound = match after {
        After::Message(id) => view.seq_before(conversation, Some(id))?,
        After::Read => match view.read_seq(conversation, who)? {
            Some(seq) => Some(seq),
            None => Some(view.last_seq(conversation)?),
        },
    };
    let bound = bound.ok_or(Error::NotFound("Message"))?;
    let mut messages = view.messages_after(place, bound, limit + 1)?;
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    messages.reverse();
    Ok((messages, more))
}
