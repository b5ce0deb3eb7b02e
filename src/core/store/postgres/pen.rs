//! Whose turn is it to write? All servers on one database take turns: the pen is the row of `log`, which one transaction at a
//! time has locked.

use super::connection as postgres;
use super::lookup::{Found, Lookups};
use super::value::Given;
use crate::core::error::{Error, Result};
use crate::core::model::Time;
use crate::core::store::connection::Connection;
use crate::core::store::feed::{NEWS, News, ROWS, piece};
use crate::core::store::sql::{Owned, Row};

/// Locks the row.
const TAKE: &str = "SELECT batch, last, history,
     greatest(at, CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)) AS now
     FROM log FOR UPDATE";

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
        conn.rows(TAKE, (), |row| {
            pen = Some(Self::read(row)?);
            Ok(false)
        })?;
        pen.ok_or_else(missing)
    }

    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            batch: row.get("batch")?,
            last: row.get("last")?,
            now: Time(row.get("now")?),
            history: row.get("history")?,
        })
    }
}

/// The pen, and what its holder needs to know first: all in one trip.
pub(in crate::core::store) struct Turn {
    pub pen: Pen,
    /// What others have committed after a number.
    pub news: Vec<News>,
    /// What was found of the lookups.
    pub found: Found,
}

impl Turn {
    /// Waits for it in a transaction that has begun. `heard` is the number of the last commit whose news are known.
    pub fn take(conn: &postgres::Connection, heard: Option<i64>, wanted: &Lookups) -> Result<Self> {
        let mut asked = vec![(TAKE, Vec::new())];
        let after = |number: i64| [number, ROWS.into()].map(|one| Given::One(Owned::Integer(one)));
        asked.extend(heard.map(|number| (NEWS, after(number).into())));
        if !wanted.is_empty() {
            asked.extend(wanted.asked());
        }
        let mut found = conn.fetch_all(&asked)?.into_iter();
        let pen = found.next().and_then(|rows| rows.into_iter().next());
        let pen = Pen::read(&Row::Postgres(&pen.ok_or_else(missing)?))?;
        let news = heard.and_then(|_| found.next()).unwrap_or_default();
        let news = news.iter().map(|row| piece(&Row::Postgres(row)));
        Ok(Self {
            pen,
            news: news.collect::<Result<_>>()?,
            found: found.collect(),
        })
    }
}

fn missing() -> Error {
    Error::Internal("the log has no row".into())
}
