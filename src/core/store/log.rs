//! The log's last position and counts: one row, written once for each commit.

use super::postgres::feed::Heard;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{Id, MessageId, Position};

impl View<'_> {
    /// The log's last position; `None` if it is empty.
    pub(in crate::core) fn position(&self) -> Result<Option<Position>> {
        Ok(Id::new(self.last_position()?))
    }

    /// How far the news are that servers on one database tell each other; `None` if it is a file.
    pub(in crate::core) fn how_far(&self) -> Result<Option<Heard>> {
        if self.conn.sqlite().is_some() {
            return Ok(None);
        }
        self.one("SELECT batch, history FROM log", (), |row| {
            Ok(Heard::new(row.get("batch")?, row.get("history")?))
        })
    }

    fn last_position(&self) -> Result<i64> {
        if let Some(known) = self.cache.position() {
            return Ok(known);
        }
        let last = self.count("SELECT last FROM log", ())?;
        self.cache.note_position(last);
        Ok(last)
    }
}

impl Tx<'_> {
    /// The next position. It is taken once `note_written` or `note_said` was called with it.
    pub(super) fn next_position(&self) -> Result<i64> {
        Ok(self.last_position()? + 1)
    }

    /// The message was changed: the log's next position becomes that of its latest change.
    pub(in crate::core) fn note_change(&self, id: MessageId) -> Result<Position> {
        let position = self.next_position()?;
        self.change(
            "UPDATE messages SET changed = $1 WHERE id = $2",
            (position, id.number()),
        )?;
        self.cache.note_written(position);
        Ok(Position::stored(position))
    }

    /// Writes what this commit has counted in memory so far: once for all its messages, and before a savepoint is set, so
    /// that a verb that fails afterwards does not undo it.
    pub(super) fn settle(&self) -> Result<()> {
        self.count_own()?;
        match self.cache.take_said() {
            Some(said) => {
                let sql = "UPDATE log SET last = $1, messages = messages + $2";
                self.counted(self.conn.send(sql, said))
            }
            None => Ok(()),
        }
    }

    /// Counts the messages that members have sent as their own: once for all messages of a commit.
    pub(super) fn count_own(&self) -> Result<()> {
        for ((conversation, who), count) in self.cache.take_own() {
            let added = self.conn.add(
                "UPDATE members SET own_since = own_since + $1 WHERE conversation = $2 AND account = $3",
                (count, conversation.number(), who.number()),
            );
            self.counted(added)?;
            self.cache.marks.note_counted(conversation, who, count);
        }
        Ok(())
    }

    /// What was counted in memory was written. If that failed, the whole commit is rolled back: memory has forgotten the
    /// counts, so a position would be given out twice, or somebody's own messages would be unread for them for ever.
    fn counted(&self, written: Result<()>) -> Result<()> {
        if written.is_err() {
            self.conn.roll_back();
        }
        written
    }
}
