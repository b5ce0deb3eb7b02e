//! How far has the log come? Its one row, which a commit writes once.

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{Id, MessageId, Position};

impl View<'_> {
    /// The position that the log has come to; `None` if nothing ever happened.
    pub(in crate::core) fn position(&self) -> Result<Option<Position>> {
        Ok(Id::new(self.last_position()?))
    }

    fn last_position(&self) -> Result<i64> {
        if let Some(known) = self.known.position() {
            return Ok(known);
        }
        let last = self.count("SELECT last FROM log", ())?;
        self.known.note_position(last);
        Ok(last)
    }
}

impl Tx<'_> {
    /// The position of what is written next. It counts once something was noted there.
    pub(super) fn next_position(&self) -> Result<i64> {
        Ok(self.last_position()? + 1)
    }

    /// A message is not what it was: the log's next position is that of its latest change.
    pub(in crate::core) fn note_change(&self, id: MessageId) -> Result<Position> {
        let position = self.next_position()?;
        self.change(
            "UPDATE messages SET changed = $1 WHERE id = $2",
            (position, id.number()),
        )?;
        self.known.note_written(position);
        Ok(Position::stored(position))
    }

    /// Writes what this commit has counted in memory so far: once for all that it says, and before a savepoint, because
    /// a verb that fails afterwards does not undo it.
    pub(super) fn settle(&self) -> Result<()> {
        self.count_own()?;
        let Some((position, said)) = self.known.take_said() else {
            return Ok(());
        };
        let written = self
            .conn
            .prepare_cached("UPDATE log SET last = $1, messages = messages + $2")
            .and_then(|mut update| update.execute((position, said)));
        if let Err(error) = written {
            // A position would be given out twice: nothing of this commit may stay.
            self.conn.execute("ROLLBACK", ()).ok();
            return Err(error.into());
        }
        Ok(())
    }
}
