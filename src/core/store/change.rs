//! What becomes of messages after they were posted, as rows: texts, reactions, pins, deletions.

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::limits;
use crate::core::model::{
    AccountId, ConversationId, FileId, Id, Message, MessageId, Pin, Place, Reaction, Time,
};

/// A message, as far as permission to change it needs it.
#[derive(Debug, Clone, Copy)]
pub(in crate::core) struct Placed {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub author: AccountId,
    pub sent_at: Time,
    /// When it was deleted, and at which position.
    pub deleted: Option<(Time, MessageId)>,
}

/// What a reaction did.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::core) enum Reacted {
    Done,
    /// It was there already.
    Already,
    /// The message has as many different emoji as it may.
    TooManyEmoji,
    /// The message has as many reactions as it may.
    TooMany,
}

impl View<'_> {
    /// Where a message is, deleted or not.
    pub(in crate::core) fn placed(&self, id: MessageId) -> Result<Option<Placed>> {
        self.one(
            "SELECT conversation, author, sent_at, deleted_at, changed FROM messages WHERE id = $1",
            [id.number()],
            |row| {
                let deleted_at: Option<i64> = row.get(3)?;
                let changed: Option<i64> = row.get(4)?;
                Ok(Placed {
                    id,
                    conversation: Id::stored(row.get(0)?),
                    author: Id::stored(row.get(1)?),
                    sent_at: Time(row.get(2)?),
                    // Messages that version 1 deleted have no position of that.
                    deleted: deleted_at.map(|at| (Time(at), changed.map_or(id, Id::stored))),
                })
            },
        )
    }

    /// A message that is not deleted, and when it was read.
    pub(in crate::core) fn one_message(
        &self,
        place: Place,
        id: MessageId,
    ) -> Result<Option<Message>> {
        let which = "WHERE id = $1 AND conversation = $2 AND deleted_at IS NULL";
        let found = self.messages(place, which, (id.number(), place.id.number()))?;
        found
            .into_iter()
            .next()
            .map(|mut message| {
                message.read_at = self.read_at(&message)?;
                Ok(message)
            })
            .transpose()
    }

    /// The pinned messages of a conversation, the latest pin first.
    pub(in crate::core) fn pinned(&self, place: Place) -> Result<Vec<Message>> {
        self.messages(
            place,
            "WHERE conversation = $1 AND pinned_at IS NOT NULL ORDER BY pinned_at DESC, seq DESC LIMIT $2",
            (place.id.number(), limits::PINS),
        )
    }

    /// A message's reactions, in order of first use.
    pub(super) fn reactions(&self, id: MessageId) -> Result<Vec<Reaction>> {
        self.all_while(
            "SELECT emoji, count FROM emoji WHERE message = $1 ORDER BY first",
            [id.number()],
            |row| {
                let emoji: String = row.get(0)?;
                let first = self.all(
                    "SELECT account FROM reactions WHERE message = $1 AND emoji = $2 ORDER BY position LIMIT $3",
                    (id.number(), &emoji, limits::REACTIONS_SHOWN),
                    |row| row.get(0).map(Id::stored),
                )?;
                let count = row.get(1)?;
                Ok(Some(Reaction { emoji, count, first }))
            },
        )
    }
}

impl Tx<'_> {
    /// Replaces a message's text.
    pub(in crate::core) fn edit_message(
        &self,
        message: &Message,
        text: &str,
        mentions: &[AccountId],
    ) -> Result<()> {
        let (place, seq) = (message.place.id, message.seq);
        self.unindex(message.id)?;
        self.change(
            "UPDATE messages SET text = $1, edited_at = $2, mentions = $3 WHERE conversation = $4 AND seq = $5",
            (
                text,
                self.now.0,
                mentions.len() as i64,
                place.number(),
                seq,
            ),
        )?;
        if message.mentions != mentions {
            self.forget_mentions(place, seq)?;
            self.mention(place, seq, mentions)?;
        }
        self.index_again(message.id)
    }

    /// Adds somebody's reaction.
    pub(in crate::core) fn add_reaction(
        &self,
        id: MessageId,
        emoji: &str,
        who: AccountId,
    ) -> Result<Reacted> {
        let message = id.number();
        let mine =
            "SELECT count(*) FROM reactions WHERE message = $1 AND emoji = $2 AND account = $3";
        if self.count(mine, (message, emoji, who.number()))? > 0 {
            return Ok(Reacted::Already);
        }
        let (kinds, all, known) = self
            .one(
                "SELECT count(*), CAST(coalesce(sum(count), 0) AS BIGINT),
                     coalesce(sum(CASE WHEN emoji = $1 THEN 1 ELSE 0 END), 0)
                 FROM emoji WHERE message = $2",
                (emoji, message),
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, i64>(2)?,
                    ))
                },
            )?
            .unwrap_or_default();
        if all >= limits::REACTIONS {
            return Ok(Reacted::TooMany);
        }
        if known == 0 && kinds >= limits::EMOJI as i64 {
            return Ok(Reacted::TooManyEmoji);
        }
        let position = self.next_position()?;
        self.change(
            "INSERT INTO reactions (message, emoji, account, position) VALUES ($1, $2, $3, $4)",
            (message, emoji, who.number(), position),
        )?;
        self.change(
            "INSERT INTO emoji (message, emoji, count, first) VALUES ($1, $2, 1, $3)
             ON CONFLICT (message, emoji) DO UPDATE SET count = emoji.count + 1",
            (message, emoji, position),
        )?;
        self.count_emoji(id)?;
        Ok(Reacted::Done)
    }

    /// Takes somebody's reaction back. `false` if there is none.
    pub(in crate::core) fn remove_reaction(
        &self,
        id: MessageId,
        emoji: &str,
        who: AccountId,
    ) -> Result<bool> {
        let message = id.number();
        let removed = self.change(
            "DELETE FROM reactions WHERE message = $1 AND emoji = $2 AND account = $3",
            (message, emoji, who.number()),
        )?;
        if removed == 0 {
            return Ok(false);
        }
        self.change(
            "UPDATE emoji SET count = count - 1 WHERE message = $1 AND emoji = $2",
            (message, emoji),
        )?;
        self.change(
            "DELETE FROM emoji WHERE message = $1 AND emoji = $2 AND count = 0",
            (message, emoji),
        )?;
        self.count_emoji(id)?;
        Ok(true)
    }

    fn count_emoji(&self, id: MessageId) -> Result<()> {
        self.write(
            "UPDATE messages SET reactions = (SELECT count(*) FROM emoji WHERE message = $1) WHERE id = $1",
            [id.number()],
        )
    }

    /// Pins a message, or takes the pin away. `false` if the conversation has as many pins as it may.
    pub(in crate::core) fn pin_message(&self, message: &Message, pin: Option<Pin>) -> Result<bool> {
        let place = message.place.id.number();
        let pins =
            "SELECT count(*) FROM messages WHERE conversation = $1 AND pinned_at IS NOT NULL";
        if pin.is_some() && self.count(pins, [place])? >= limits::PINS {
            return Ok(false);
        }
        self.change(
            "UPDATE messages SET pinned_at = $1, pinned_by = $2 WHERE conversation = $3 AND seq = $4",
            (
                pin.map(|pin| pin.at.0),
                pin.map(|pin| pin.by.number()),
                place,
                message.seq,
            ),
        )?;
        Ok(true)
    }

    /// Deletes a message's text and all that belongs to it, also files of its author that no other message links to.
    /// Members who have not read it yet must not count it as unread any more: it is added to `own_since`, like messages of
    /// their own. Answers its conversation; `None` if there is no such message, or it was deleted before.
    pub(in crate::core) fn blank_message(&self, id: MessageId) -> Result<Option<ConversationId>> {
        self.unindex(id)?;
        let blanked = self.returning(
            "UPDATE messages SET text = '', attachments = 0, deleted_at = $1, reply_to = NULL, mentions = 0,
                 edited_at = NULL, reactions = 0, pinned_at = NULL, pinned_by = NULL
             WHERE id = $2 AND deleted_at IS NULL RETURNING conversation, seq, author",
            (self.now.0, id.number()),
            |row| {
                let author = Id::stored(row.get(2)?);
                Ok((Id::stored(row.get(0)?), row.get(1)?, author))
            },
        )?;
        let Some((conversation, seq, author)) = blanked else {
            return Ok(None);
        };
        self.cache.marks.forget(conversation);
        self.write(
            "UPDATE conversations SET deleted = deleted + 1 WHERE id = $1",
            [conversation.number()],
        )?;
        self.strip(conversation, seq, id, author)?;
        self.change(
            "UPDATE members SET own_since = own_since + 1
             WHERE conversation = $1 AND read_seq < $2 AND account <> $3",
            (conversation.number(), seq, author.number()),
        )?;
        Ok(Some(conversation))
    }

    /// Deletes what belongs to a message: attachments, with files of its author that no other message links to, mentions and
    /// reactions.
    pub(super) fn strip(
        &self,
        conversation: ConversationId,
        seq: i64,
        id: MessageId,
        author: AccountId,
    ) -> Result<()> {
        let linked = self.linked_files(id, author)?;
        self.detach(conversation, id)?;
        for file in linked {
            self.delete_if_unlinked(file)?;
        }
        self.forget_mentions(conversation, seq)?;
        self.change("DELETE FROM emoji WHERE message = $1", [id.number()])?;
        self.write("DELETE FROM reactions WHERE message = $1", [id.number()])
    }

    /// Files of its author that a message links to.
    fn linked_files(&self, id: MessageId, author: AccountId) -> Result<Vec<FileId>> {
        self.all(
            "SELECT DISTINCT f.id FROM attachments a JOIN files f ON f.id = a.file
             WHERE a.message = $1 AND f.uploader = $2",
            (id.number(), author.number()),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// Deletes a file, unless a message links to it or it is a picture of somebody.
    fn delete_if_unlinked(&self, id: FileId) -> Result<()> {
        let kept = "SELECT (SELECT count(*) FROM files WHERE id = $1 AND public = 1)
                + (SELECT count(*) FROM attached WHERE file = $1 AND messages > 0)";
        if self.count(kept, [id.number()])? > 0 {
            return Ok(());
        }
        self.delete_file(id)
    }
}
