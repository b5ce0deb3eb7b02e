//! What comes next in a conversation, as rows.

use super::View;
use super::message::MESSAGE;
use crate::core::error::Result;
use crate::core::model::{ConversationId, Id, Message, MessageId, Place};

impl View<'_> {
    /// How far a conversation had come when the whole log stood at this position.
    pub(in crate::core) fn seq_at(&self, id: ConversationId, position: MessageId) -> Result<i64> {
        // Walks backwards over what came since, and over no more than that.
        let seq = self.one(
            "SELECT seq FROM messages WHERE conversation = ? AND id <= ? ORDER BY seq DESC LIMIT 1",
            (id.number(), position.number()),
            |row| row.get(0),
        )?;
        Ok(seq.unwrap_or(0))
    }

    /// The first message after this sequence number.
    pub(in crate::core) fn message_after(
        &self,
        id: ConversationId,
        seq: i64,
    ) -> Result<Option<MessageId>> {
        self.one(
            "SELECT id FROM messages WHERE conversation = ? AND seq > ? AND deleted_at IS NULL
             ORDER BY seq LIMIT 1",
            (id.number(), seq),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// Messages after this sequence number, oldest first, with the moments when they were read: up to `most`, and only
    /// as long as they are wanted. And the one that comes next.
    pub(in crate::core) fn messages_while(
        &self,
        place: Place,
        seq: i64,
        most: usize,
        is_wanted: impl Fn(MessageId) -> bool,
    ) -> Result<(Vec<Message>, Option<MessageId>)> {
        let mut statement = self.conn.prepare_cached(&format!(
            "{MESSAGE} WHERE conversation = ? AND seq > ? AND deleted_at IS NULL ORDER BY seq LIMIT ?"
        ))?;
        let mut rows = statement.query((place.id.number(), seq, most as i64 + 1))?;
        let (mut messages, mut next) = (Vec::new(), None);
        while let Some(row) = rows.next()? {
            let id = Id::stored(row.get(0)?);
            if messages.len() == most || !is_wanted(id) {
                next = Some(id);
                break;
            }
            let mut message = self.message(row, place)?;
            if message.attachments.capacity() > 0 {
                message.attachments = self.attachments(message.id)?;
            }
            message.read_at = self.read_at(&message)?;
            messages.push(message);
        }
        Ok((messages, next))
    }
}
