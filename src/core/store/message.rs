//! The message log, as rows.

use std::borrow::Cow;
use std::sync::Arc;

use super::conversation::place;
use super::sql::{Params, Row};
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::model::{
    AccountId, Attachment, Author, ConversationId, Id, Listed, Me, Message, MessageId, Page, Pin,
    Place, Time,
};

/// The content type if the author gives none.
pub const PLAIN: &str = "text";

/// A message about to be written.
pub(in crate::core) struct NewMessage<'a> {
    pub dialect: &'static str,
    pub place: Place,
    pub author: &'a Me,
    pub text: String,
    pub content_type: Cow<'static, str>,
    pub attachments: Vec<Attachment>,
    pub client_id: Option<String>,
    pub reply_to: Option<MessageId>,
    pub mentions: Vec<AccountId>,
}

/// The columns are read by their index: by name, a page takes a tenth longer.
pub(super) const MESSAGE: &str = "SELECT id, seq, author, text, type, attachments, client_id, sent_at, deleted_at, changed, reply_to,
     mentions, edited_at, reactions, pinned_at, pinned_by FROM messages";
/// Columns of [`MESSAGE`].
pub(super) const ID: usize = 0;
pub(super) const DELETED_AT: usize = 8;
pub(super) const POSITION_OF_CHANGE: usize = 9;

impl View<'_> {
    /// The message that this author sent with this client id, and when it was read.
    ///
    /// # Errors
    /// `NotFound` if it is deleted: nothing stands in for it.
    pub(in crate::core) fn already_sent(
        &self,
        author: AccountId,
        client_id: &str,
    ) -> Result<Option<Message>> {
        if self.cache.is_unsent(author, client_id) {
            return Ok(None);
        }
        let place = self.one(
            "SELECT c.id, kind, low, high FROM messages m JOIN conversations c ON c.id = m.conversation
             WHERE m.author = $1 AND m.client_id = $2",
            (author.number(), client_id),
            place,
        )?;
        let Some(place) = place else {
            return Ok(None);
        };
        let mut found = self.messages_and_ends(
            place,
            "WHERE author = $1 AND client_id = $2",
            (author.number(), client_id),
        )?;
        let Some((mut message, deleted_at)) = found.pop() else {
            return Ok(None);
        };
        if deleted_at.is_some() {
            return Err(Error::NotFound("Message"));
        }
        message.read_at = self.read_at(&message)?;
        Ok(Some(message))
    }

    /// A numbered page of a conversation's messages. Sequence numbers have no gaps from the first that is kept on, so the
    /// page's bounds are computed, and a deep page costs no more than the first. Deleted messages take their place in a page, but are left out and not
    /// counted; beside the page stands how many places there are.
    pub(in crate::core) fn messages_page(
        &self,
        place: Place,
        page: Page,
    ) -> Result<(Listed<Message>, i64)> {
        let id = place.id;
        let (end, gone) = (self.last_seq(id)?, self.first_seq(id)? - 1);
        let places = end - gone;
        let (first, last) = if page.descending {
            (
                end - page.offset() - i64::from(page.limit) + 1,
                end - page.offset(),
            )
        } else {
            let before = gone + page.offset();
            (before + 1, before + i64::from(page.limit))
        };
        let way = if page.descending { "DESC" } else { "ASC" };
        let items = self.messages(
            place,
            &format!(
                "WHERE conversation = $1 AND seq BETWEEN $2 AND $3 AND deleted_at IS NULL
                 ORDER BY seq {way}"
            ),
            (id.number(), first, last),
        )?;
        let deleted = self.count(
            "SELECT deleted FROM conversations WHERE id = $1",
            [id.number()],
        )?;
        let total = places - deleted;
        Ok((Listed { items, total }, places))
    }

    /// Up to `limit` messages before this one, or the latest, newest first. `None` if it is of another conversation.
    pub(in crate::core) fn messages_before(
        &self,
        place: Place,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<Vec<Message>>> {
        let Some(bound) = self.seq_before(place.id, before)? else {
            return Ok(None);
        };
        let messages = self.messages(
            place,
            "WHERE conversation = $1 AND seq < $2 AND deleted_at IS NULL ORDER BY seq DESC LIMIT $3",
            (place.id.number(), bound, limit),
        )?;
        Ok(Some(messages))
    }

    /// Up to `limit` messages after this sequence number, oldest first.
    pub(in crate::core) fn messages_after(
        &self,
        place: Place,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.messages(
            place,
            "WHERE conversation = $1 AND seq > $2 AND deleted_at IS NULL ORDER BY seq LIMIT $3",
            (place.id.number(), seq, limit),
        )
    }

    /// The sequence number before which a page ends. `None` if the message is of another conversation.
    pub(in crate::core) fn seq_before(
        &self,
        id: ConversationId,
        before: Option<MessageId>,
    ) -> Result<Option<i64>> {
        match before {
            None => Ok(Some(i64::MAX)),
            Some(before) => self.one(
                "SELECT seq FROM messages WHERE id = $1 AND conversation = $2",
                (before.number(), id.number()),
                |row| row.get(0),
            ),
        }
    }

    /// The last message that was not deleted.
    pub(in crate::core) fn last_message(&self, place: Place) -> Result<Option<Message>> {
        Ok(self
            .messages_before(place, None, 1)?
            .and_then(|mut messages| messages.pop()))
    }

    pub(super) fn messages(
        &self,
        place: Place,
        which: &str,
        params: impl Params,
    ) -> Result<Vec<Message>> {
        let found = self.messages_and_ends(place, which, params)?;
        Ok(found.into_iter().map(|(message, _)| message).collect())
    }

    /// Messages of one conversation, and when they were deleted.
    pub(super) fn messages_and_ends(
        &self,
        place: Place,
        which: &str,
        params: impl Params,
    ) -> Result<Vec<(Message, Option<i64>)>> {
        self.all_while(&format!("{MESSAGE} {which}"), params, |row| {
            Ok(Some((self.message(row, place)?, row.get(DELETED_AT)?)))
        })
    }

    /// A row of [`MESSAGE`], with what is attached to it.
    pub(super) fn message(&self, row: &Row<'_>, place: Place) -> Result<Message> {
        let (id, seq) = (Id::stored(row.get(0)?), row.get(1)?);
        let changed = row
            .get::<_, Option<i64>>(POSITION_OF_CHANGE)?
            .map(Id::stored);
        let mut message = Message {
            dialect: "",
            id,
            place,
            seq,
            author: self.author(Id::stored(row.get(2)?))?,
            text: row.get(3)?,
            content_type: match row.text(4)? {
                PLAIN => PLAIN.into(),
                other => other.to_owned().into(),
            },
            attachments: match row.get(5)? {
                0 => Vec::new(),
                _ => self.attachments(id)?,
            },
            client_id: row.get(6)?,
            sent_at: Time(row.get(7)?),
            read_at: None,
            reply_to: row.get::<_, Option<i64>>(10)?.map(Id::stored),
            mentions: match row.get(11)? {
                0 => Vec::new(),
                _ => self.mentioned(place.id, seq)?,
            },
            changed,
            edited_at: None,
            reactions: Vec::new(),
            pinned: None,
        };
        if changed.is_some() {
            message.edited_at = row.get::<_, Option<i64>>(12)?.map(Time);
            if row.get::<_, i64>(13)? > 0 {
                message.reactions = self.reactions(id)?;
            }
            let pinned: (Option<i64>, Option<i64>) = (row.get(14)?, row.get(15)?);
            message.pinned = pinned.0.zip(pinned.1).map(|(at, by)| Pin {
                at: Time(at),
                by: Id::stored(by),
            });
        }
        Ok(message)
    }

    /// The author's name. The directory does not know accounts that are removed.
    fn author(&self, id: AccountId) -> Result<Author> {
        let name = match self.directory.name(id) {
            Some(name) => name,
            None => {
                let name = self.one(
                    "SELECT name FROM accounts WHERE id = $1",
                    [id.number()],
                    |row| row.get::<_, Arc<str>>(0),
                )?;
                name.ok_or_else(|| Error::Internal(format!("a message of no account: {id:?}")))?
            }
        };
        Ok(Author { id, name })
    }

    fn attachments(&self, id: MessageId) -> Result<Vec<Attachment>> {
        self.all(
            "SELECT filename, mime_type, url, size FROM attachments WHERE message = $1 ORDER BY position",
            [id.number()],
            |row| {
                Ok(Attachment {
                    filename: row.get("filename")?,
                    media_type: row.get("mime_type")?,
                    url: row.get("url")?,
                    size: row.get("size")?,
                    file: None,
                })
            },
        )
    }

    /// When somebody other than the author first read this message.
    pub(super) fn read_at(&self, message: &Message) -> Result<Option<Time>> {
        // If the first to read that far was the author, the second was not.
        for nth in [0, 1] {
            let reached = self.one(
                "SELECT account, at FROM reads WHERE conversation = $1 AND nth = $2 AND upto >= $3
                 ORDER BY upto LIMIT 1",
                (message.place.id.number(), nth, message.seq),
                |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)),
            )?;
            if let Some((reader, at)) = reached
                && (nth == 1 || reader != message.author.id.number())
            {
                return Ok(Some(Time(at)));
            }
        }
        Ok(None)
    }
}

impl Tx<'_> {
    /// Appends a message, with the log's next position as its id and the conversation's next sequence number.
    pub(in crate::core) fn append_message(&self, new: NewMessage<'_>) -> Result<Message> {
        let seq = self.last_seq(new.place.id)? + 1;
        let id = self.next_position()?;
        // Not `RETURNING`: for that SQLite makes a temporary table each time.
        self.add(
            "INSERT INTO messages
                 (conversation, seq, id, author, text, type, attachments, client_id, sent_at, reply_to, mentions)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            (
                new.place.id.number(),
                seq,
                id,
                new.author.id.number(),
                &new.text,
                &new.content_type,
                new.attachments.len() as i64,
                &new.client_id,
                self.now.0,
                new.reply_to.map(|message| message.number()),
                new.mentions.len() as i64,
            ),
        )?;
        self.cache.note_end(new.place.id, seq);
        self.cache
            .marks
            .note_posted(new.place.id, seq, Id::stored(id), self.now);
        if let Some(client_id) = &new.client_id {
            self.cache.note_sent(new.author.id, client_id);
        }
        self.cache.note_said(id);
        self.attach(new.place.id, Id::stored(id), &new.attachments)?;
        self.mention(new.place.id, seq, &new.mentions)?;
        self.cache.note_own(new.place.id, new.author.id);
        Ok(Message {
            dialect: new.dialect,
            id: MessageId::stored(id),
            place: new.place,
            seq,
            author: Author {
                id: new.author.id,
                // As it is now: a socket keeps the name with which it came in.
                name: self
                    .directory
                    .name(new.author.id)
                    .unwrap_or_else(|| new.author.name.clone()),
            },
            text: new.text,
            content_type: new.content_type,
            attachments: new.attachments,
            client_id: new.client_id,
            sent_at: self.now,
            read_at: None,
            reply_to: new.reply_to,
            mentions: new.mentions,
            changed: None,
            edited_at: None,
            reactions: Vec::new(),
            pinned: None,
        })
    }
}
