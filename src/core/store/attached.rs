//! Attachments of messages as rows, and which files they link to.

use std::collections::BTreeSet;

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, Attachment, ConversationId, FileId, Id, MessageId};

impl View<'_> {
    /// Has a message ever linked to this file?
    pub(in crate::core) fn was_attached(&self, id: FileId) -> Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM attached WHERE file = $1 LIMIT 1) named";
        Ok(self.count(sql, [id.number()])? > 0)
    }

    /// A conversation with a message that links to this file: an open room from which this person is not
    /// banned, or one of which they are a member.
    pub(in crate::core) fn attached_for(
        &self,
        id: FileId,
        who: Option<AccountId>,
    ) -> Result<Option<ConversationId>> {
        self.one(
            "SELECT a.conversation FROM attached a JOIN conversations c ON c.id = a.conversation
             WHERE a.file = $1 AND a.messages > 0 AND (c.kind = 'room' OR EXISTS
                 (SELECT 1 FROM members m WHERE m.conversation = a.conversation AND m.account = $2))
                 AND NOT EXISTS
                 (SELECT 1 FROM restraints r WHERE r.conversation = a.conversation AND r.account = $2
                  AND r.kind = 'ban' AND (r.until IS NULL OR r.until > $3))
             LIMIT 1",
            (id.number(), who.map(|who| who.number()), self.now.0),
            |row| row.get(0).map(Id::stored),
        )
    }
}

impl Tx<'_> {
    /// Adds attachments to a message of this conversation.
    pub(super) fn attach(
        &self,
        place: ConversationId,
        message: MessageId,
        attachments: &[Attachment],
    ) -> Result<()> {
        for (position, attachment) in attachments.iter().enumerate() {
            self.add(
                "INSERT INTO attachments (message, position, filename, mime_type, url, size, file)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                (
                    message.number(),
                    position as i64,
                    &attachment.filename,
                    &attachment.media_type,
                    &attachment.url,
                    attachment.size,
                    attachment.file.map(|file| file.id.number()),
                ),
            )?;
        }
        let files: BTreeSet<_> = attachments
            .iter()
            .filter_map(|one| Some(one.file?.id.number()))
            .collect();
        for file in files {
            self.change(NAMED, (file, place.number()))?;
        }
        Ok(())
    }

    /// A conversation names another file as its picture, as its messages name what is attached to them.
    pub(super) fn show_in_place_of(
        &self,
        place: ConversationId,
        before: Option<FileId>,
        after: Option<FileId>,
    ) -> Result<()> {
        if let Some(before) = before {
            self.change(
                "UPDATE attached SET messages = messages - 1 WHERE file = $1 AND conversation = $2",
                (before.number(), place.number()),
            )?;
        }
        if let Some(after) = after {
            self.change(NAMED, (after.number(), place.number()))?;
        }
        Ok(())
    }

    /// Deletes a message's attachments.
    pub(super) fn detach(&self, place: ConversationId, message: MessageId) -> Result<()> {
        self.change(
            "UPDATE attached SET messages = messages - 1 WHERE conversation = $1
                 AND file IN (SELECT file FROM attachments WHERE message = $2)",
            (place.number(), message.number()),
        )?;
        self.write(
            "DELETE FROM attachments WHERE message = $1",
            [message.number()],
        )
    }
}

/// One more message of this conversation links to this file.
pub(super) const NAMED: &str =
    "INSERT INTO attached (file, conversation, messages) VALUES ($1, $2, 1)
    ON CONFLICT (file, conversation) DO UPDATE SET messages = attached.messages + 1";
