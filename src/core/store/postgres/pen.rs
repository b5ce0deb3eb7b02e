//! Whose turn is it to write? All servers on one database take turns: the pen is the row of `log`, which one transaction at a
//! time has locked.

use crate::core::error::{Error, Result};
use crate::core::model::Time;
use crate::core::store::connection::Connection;

/// What its holder finds when it takes the pen.
#[derive(Debug, Clone)]
pub(in crate::core::store) struct Pen {
    /// The number of the last commit.
    pub batch: i64,
    /// The last position of the log.
    pub last: i64,
    /// The time of this transaction: the database's, which never goes back.
    pub now: Time,
    /// Which history this is: it is another one after a failover that lost commits.
    pub history: String,
}

impl Pen {
    /// The number of the commit of whoever has it.
    pub fn next(&self) -> i64 {
        self.batch + 1
    }

    /// Waits for its turn, in a transaction that has begun.
    pub fn take(conn: &Connection) -> Result<Self> {
        let mut pen = None;
        conn.rows(
            "SELECT batch, last, history,
                 greatest(at, CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)) AS now
             FROM log FOR UPDATE",
            (),
            |row| {
                pen = Some(Self {
                    batch: row.get("batch")?,
                    last: row.get("last")?,
                    now: Time(row.get("now")?),
                    history: row.get("history")?,
                });
                Ok(false)
            },
        )?;
        pen.ok_or_else(|| Error::Internal("the log has no row".into()))
    }
}
