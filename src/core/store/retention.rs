//! What is too old, as rows: messages at the beginning of conversations, files, and logs.

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, ConversationId, FileId, Id, Time};

/// A conversation's oldest message, and for how long it keeps messages.
#[derive(Debug)]
pub(in crate::core) struct Oldest {
    pub conversation: ConversationId,
    pub keep: Option<i64>,
    pub oldest: Option<Time>,
}

/// The messages at the beginning of a conversation that are removed next.
#[derive(Debug)]
pub struct Cut {
    pub(in crate::core) conversation: ConversationId,
    /// Their sequence numbers.
    pub(in crate::core) first: i64,
    pub(in crate::core) last: i64,
    /// The conversation's last sequence number when they were found.
    end: i64,
}

/// A file, as far as it matters for how long it is kept.
#[derive(Debug)]
pub struct OldFile {
    pub id: FileId,
    pub created_at: Time,
}

/// The conversations that have a rule of their own.
const OWN_RULES: &str = "(keep_messages IS NOT NULL OR keep_files IS NOT NULL)";

impl View<'_> {
    /// A page of conversations behind this one, all or those with a rule of their own.
    pub(in crate::core) fn oldest_messages(
        &self,
        after: Option<ConversationId>,
        all: bool,
        most: u32,
    ) -> Result<Vec<Oldest>> {
        let which = if all { "" } else { OWN_RULES };
        let and = if all { "" } else { " AND " };
        self.all(
            &format!(
                "SELECT id, keep_messages,
                     (SELECT sent_at FROM messages WHERE conversation = c.id ORDER BY seq LIMIT 1) AS oldest
                 FROM conversations c WHERE {which}{and}id > $1 ORDER BY id LIMIT $2"
            ),
            (after.map_or(0, |after| after.number()), most),
            |row| {
                Ok(Oldest {
                    conversation: Id::stored(row.get("id")?),
                    keep: row.get("keep_messages")?,
                    oldest: row.get::<_, Option<i64>>("oldest")?.map(Time),
                })
            },
        )
    }

    /// The messages at the beginning of a conversation that were sent before this moment, at most so many. The last message
    /// of all is among them only as long as it has words.
    pub(in crate::core) fn cut_before(
        &self,
        id: ConversationId,
        before: Time,
        most: u32,
    ) -> Result<Option<Cut>> {
        let end = self.last_seq(id)?;
        let mut found = None;
        self.all_while(
            "SELECT seq, sent_at, deleted_at FROM messages WHERE conversation = $1 ORDER BY seq LIMIT $2",
            (id.number(), most),
            |row| {
                let (seq, sent_at): (i64, i64) = (row.get(0)?, row.get(1)?);
                let is_blank = row.get::<_, Option<i64>>(2)?.is_some();
                if sent_at >= before.0 || (seq == end && is_blank) {
                    return Ok(None);
                }
                let (_, last) = found.get_or_insert((seq, seq));
                *last = seq;
                Ok(Some(()))
            },
        )?;
        Ok(found.map(|(first, last)| Cut {
            conversation: id,
            first,
            last,
            end,
        }))
    }

    /// Does any conversation have a rule of its own?
    pub(in crate::core) fn has_own_rules(&self) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM conversations WHERE {OWN_RULES} LIMIT 1) ruled"
        );
        Ok(self.count(&sql, ())? > 0)
    }

    /// A page of complete files behind this one, the oldest first, up to the first that was made after a moment.
    pub(in crate::core) fn oldest_files(
        &self,
        after: Option<FileId>,
        until: Time,
        most: u32,
    ) -> Result<Vec<OldFile>> {
        let after = after.map_or(0, |after| after.number());
        self.all_while(
            "SELECT id, created_at FROM files WHERE id > $1 AND ready = 1 ORDER BY id LIMIT $2",
            (after, most),
            |row| {
                let created_at = Time(row.get(1)?);
                let id = Id::stored(row.get(0)?);
                Ok((created_at < until).then_some(OldFile { id, created_at }))
            },
        )
    }

    /// For how long the conversations keep files in which this one is shared or linked to.
    pub(in crate::core) fn rules_of_file(&self, file: &OldFile) -> Result<Vec<Option<i64>>> {
        self.all(
            "SELECT keep_files FROM conversations
             WHERE id = (SELECT conversation FROM files WHERE id = $1)
                OR id IN (SELECT conversation FROM attached WHERE file = $1 AND messages > 0)",
            [file.id.number()],
            |row| row.get(0),
        )
    }

    /// Is the file a picture of somebody or of a conversation?
    pub(in crate::core) fn is_shown(&self, id: FileId) -> Result<bool> {
        let shown = "SELECT (SELECT count(*) FROM files WHERE id = $1 AND public = 1)
                + (SELECT count(*) FROM attached a JOIN conversations c ON c.id = a.conversation
                   WHERE a.file = $1 AND c.picture = $1)";
        Ok(self.count(shown, [id.number()])? > 0)
    }
}

impl Tx<'_> {
    /// Members who have not read everything up to the end of a cut.
    pub(in crate::core) fn members_behind(&self, cut: &Cut, most: u32) -> Result<Vec<AccountId>> {
        self.all(
            "SELECT account FROM members WHERE conversation = $1 AND read_seq < $2 LIMIT $3",
            (cut.conversation.number(), cut.last, most),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// Has a member read everything up to the end of a cut. Of what does not count as unread, the part before that counts
    /// no more.
    pub(in crate::core) fn move_mark(&self, cut: &Cut, who: AccountId) -> Result<()> {
        self.cache.marks.forget(cut.conversation);
        self.write(
            "UPDATE members SET read_seq = $1, own_since = own_since -
                 (SELECT count(*) FROM messages m WHERE m.conversation = $2 AND m.seq > members.read_seq
                  AND m.seq <= $1 AND (m.author = members.account OR m.deleted_at IS NOT NULL))
             WHERE conversation = $2 AND account = $3 AND read_seq < $1",
            (cut.last, cut.conversation.number(), who.number()),
        )
    }

    /// Removes a message with all that belongs to it. Of the conversation's last one an empty row stays. Its words are added
    /// to those that [`Tx::forget_bounds`] is to be called with.
    pub(in crate::core) fn remove_message(
        &self,
        cut: &Cut,
        seq: i64,
        words: &mut Vec<String>,
    ) -> Result<()> {
        let place = cut.conversation;
        self.cache.marks.forget(place);
        let found = self.one(
            "SELECT id, author, deleted_at FROM messages WHERE conversation = $1 AND seq = $2",
            (place.number(), seq),
            |row| {
                let is_blank = row.get::<_, Option<i64>>(2)?.is_some();
                Ok((Id::stored(row.get(0)?), Id::stored(row.get(1)?), is_blank))
            },
        )?;
        let Some((id, author, is_blank)) = found else {
            return Ok(());
        };
        // As it is now: another may have come behind it since the cut was found.
        if seq == cut.end && seq == self.last_seq(place)? {
            return match is_blank {
                true => Ok(()),
                false => self.blank_message(id).map(drop),
            };
        }
        if !is_blank {
            words.append(&mut self.take_out(id)?);
            self.strip(place, seq, id, author)?;
        }
        self.change(
            "DELETE FROM messages WHERE conversation = $1 AND seq = $2",
            (place.number(), seq),
        )?;
        if is_blank {
            self.change(
                "UPDATE conversations SET deleted = deleted - 1 WHERE id = $1",
                [place.number()],
            )?;
        }
        Ok(())
    }

    /// Deletes marks of who had read messages when, of messages that are there no more.
    pub(in crate::core) fn forget_reads(&self, cut: &Cut) -> Result<()> {
        self.cache.marks.forget(cut.conversation);
        for nth in [0, 1] {
            self.write(
                "DELETE FROM reads WHERE conversation = $1 AND nth = $2 AND upto <
                     (SELECT seq FROM messages WHERE conversation = $1 ORDER BY seq LIMIT 1)",
                (cut.conversation.number(), nth),
            )?;
        }
        Ok(())
    }

    /// Deletes the oldest rows of the audit log that are from before a moment.
    pub(in crate::core) fn delete_old_audit(&self, before: Time, most: u32) -> Result<usize> {
        self.delete_oldest("audit", "at", before, most)
    }

    /// Deletes the oldest notifications that are from before a moment.
    pub(in crate::core) fn delete_old_notices(&self, before: Time, most: u32) -> Result<usize> {
        self.delete_oldest("notices", "created_at", before, most)
    }

    /// Ids grow with time, so the oldest rows are found without an index by time.
    fn delete_oldest(&self, table: &str, at: &str, before: Time, most: u32) -> Result<usize> {
        let old = self.all_while(
            &format!("SELECT id, {at} FROM {table} ORDER BY id LIMIT $1"),
            [most],
            |row| {
                let is_old = row.get::<_, i64>(1)? < before.0;
                Ok(is_old.then_some(row.get::<_, i64>(0)?))
            },
        )?;
        let Some(last) = old.last() else {
            return Ok(0);
        };
        self.change(&format!("DELETE FROM {table} WHERE id <= $1"), [last])
    }
}
