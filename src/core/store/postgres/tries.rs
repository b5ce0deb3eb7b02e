//! How often something was tried that must not be tried often, such as passwords: all servers on a database count together.

use std::time::Duration;

use crate::core::error::Result;
use crate::core::model::Time;
use crate::core::store::Tx;

impl Tx<'_> {
    /// Counts a try; answers how many there were before within this span, and since when.
    pub(in crate::core) fn count_try(&self, what: &str, span: Duration) -> Result<(u32, Time)> {
        let over = self.now.minus(span);
        self.inserted(
            "INSERT INTO tries (what, since, count, ends_at) VALUES ($1, $2, 1, $3)
             ON CONFLICT (what) DO UPDATE SET
                 since = CASE WHEN tries.since <= $4 THEN excluded.since ELSE tries.since END,
                 ends_at = CASE WHEN tries.since <= $4 THEN excluded.ends_at ELSE tries.ends_at END,
                 count = CASE WHEN tries.since <= $4 THEN 1 ELSE tries.count + 1 END
             RETURNING since, count",
            (what, self.now.0, self.now.plus(span).0, over.0),
            |row| {
                let count: u32 = row.get("count")?;
                Ok((count.saturating_sub(1), Time(row.get("since")?)))
            },
        )
    }

    /// Forgets tries that count no more. A file has none: there memory counts them.
    pub(in crate::core) fn delete_tries_over(&self) -> Result<()> {
        match self.conn.postgres() {
            Some(_) => self.write("DELETE FROM tries WHERE ends_at < $1", [self.now.0]),
            None => Ok(()),
        }
    }
}
