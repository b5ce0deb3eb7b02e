//! Counts of mail as rows: fixed windows, each beginning with its first mail.

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::Time;

/// How many windows that are over are deleted with each mail.
const FORGOTTEN: u32 = 100;

impl View<'_> {
    /// The beginning and the count of a window that began after this moment, and not in the future.
    pub(in crate::core) fn counted_mail(
        &self,
        who: &str,
        after: Time,
    ) -> Result<Option<(Time, i64)>> {
        self.one(
            "SELECT since, count FROM mail_counts WHERE who = $1 AND since > $2 AND since <= $3",
            (who, after.0, self.now.0),
            |row| Ok((Time(row.get("since")?), row.get("count")?)),
        )
    }
}

impl Tx<'_> {
    /// Counts one more in a window that began after this moment, or begins a new one.
    pub(in crate::core) fn count_mail(&self, who: &str, after: Time) -> Result<()> {
        self.change(
            "INSERT INTO mail_counts (who, since, count) VALUES ($1, $2, 1)
             ON CONFLICT (who) DO UPDATE SET
                 count = CASE WHEN mail_counts.since > $3 AND mail_counts.since <= $2
                     THEN mail_counts.count + 1 ELSE 1 END,
                 since = CASE WHEN mail_counts.since > $3 AND mail_counts.since <= $2
                     THEN mail_counts.since ELSE excluded.since END",
            (who, self.now.0, after.0),
        )?;
        self.write(
            "DELETE FROM mail_counts WHERE who IN
                 (SELECT who FROM mail_counts WHERE since <= $1 ORDER BY since LIMIT $2)",
            (after.0, FORGOTTEN),
        )
    }
}
