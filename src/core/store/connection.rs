//! A connection to the database, whichever it is.

use rusqlite::Statement;

use super::postgres;
use super::sql::{Params, Row, Value};
use crate::core::error::{Error, Result};
use crate::core::random;

/// A connection to an SQLite file, or to PostgreSQL. Everything in the store but what only one of them can do asks this.
pub(in crate::core) enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::connection::Connection),
}

/// Statements: a thin shell for whatever a caller brings, around what is compiled once for all of them.
impl Connection {
    /// Hands the rows that a statement finds or returns to `each`, until that answers `false`.
    pub(super) fn rows(
        &self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        params.bound(|values| self.rows_of(sql, values, &mut each))
    }

    /// Runs a statement, and answers how many rows it has changed.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        params.bound(|values| self.run_with(sql, values))
    }

    /// Runs a statement whose outcome nobody looks at. On PostgreSQL nobody waits for it either: if it fails, what comes next
    /// in the transaction fails, and so does the commit.
    pub(super) fn send(&self, sql: &str, params: impl Params) -> Result<()> {
        params.bound(|values| match self {
            Self::Sqlite(_) => self.run_with(sql, values).map(drop),
            Self::Postgres(conn) => Ok(conn.send(sql, values)?),
        })
    }

    /// Adds a row by a statement for one row, whose outcome nobody looks at. On PostgreSQL such rows wait for more of their
    /// kind, and those of different kinds are not written in the order of the calls.
    pub(super) fn add(&self, sql: &'static str, params: impl Params) -> Result<()> {
        params.bound(|values| match self {
            Self::Sqlite(_) => self.run_with(sql, values).map(drop),
            Self::Postgres(conn) => Ok(conn.add(sql, values)?),
        })
    }

    fn rows_of(
        &self,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        match self {
            Self::Sqlite(conn) => {
                let mut statement = conn.prepare_cached(sql)?;
                bind(&mut statement, values)?;
                let mut rows = statement.raw_query();
                while let Some(found) = rows.next()? {
                    if !each(&Row::Sqlite(found))? {
                        break;
                    }
                }
            }
            Self::Postgres(conn) => {
                for found in conn.fetch(sql, values)? {
                    if !each(&Row::Postgres(&found))? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    fn run_with(&self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        match self {
            Self::Sqlite(conn) => {
                let mut statement = conn.prepare_cached(sql)?;
                bind(&mut statement, values)?;
                Ok(statement.raw_execute()?)
            }
            Self::Postgres(conn) => {
                let changed = conn.execute(sql, values)?;
                Ok(usize::try_from(changed).unwrap_or(usize::MAX))
            }
        }
    }
}

/// Transactions.
impl Connection {
    /// Sets the savepoint to which a verb is rolled back if it fails.
    pub(super) fn save(&self) -> Result<()> {
        self.begin("SAVEPOINT verb")?;
        if let Self::Postgres(conn) = self {
            conn.note_savepoint(true);
        }
        Ok(())
    }

    /// The verb has succeeded.
    pub(super) fn release(&self) -> Result<()> {
        if let Self::Postgres(conn) = self {
            conn.note_savepoint(false);
        }
        self.begin("RELEASE verb")
    }

    /// Waits for everything that was sent.
    pub(super) fn flush(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(conn) => Ok(conn.flush()?),
        }
    }

    /// BEGIN, SAVEPOINT and the like, for which nobody waits on PostgreSQL.
    pub(super) fn begin(&self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.run(sql, ()).map(drop),
            Self::Postgres(conn) => Ok(conn.send_simple(sql)?),
        }
    }

    /// COMMIT and the like: when it answers, all that was sent has happened.
    pub(super) fn end(&self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.run(sql, ()).map(drop),
            Self::Postgres(conn) => Ok(conn.run_simple(sql)?),
        }
    }

    /// Can the transaction not be committed any more? SQLite may have rolled back by itself, if the disk is full.
    pub(super) fn has_failed(&self) -> bool {
        match self {
            Self::Sqlite(conn) => conn.is_autocommit(),
            Self::Postgres(conn) => conn.has_failed(),
        }
    }

    /// Undoes the transaction, if it is not undone already.
    pub(super) fn roll_back(&self) {
        match self {
            // Fails if SQLite has rolled back by itself.
            Self::Sqlite(_) => drop(self.run("ROLLBACK", ())),
            Self::Postgres(conn) => {
                conn.forget_added();
                if let Err(error) = conn.run_simple("ROLLBACK") {
                    tracing::debug!(%error, "a transaction ended with what it was about");
                }
                conn.forget_failures();
            }
        }
    }

    /// All that was written is to be undone, whatever comes behind it.
    pub(super) fn doom(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.run("ROLLBACK", ()).map(drop),
            Self::Postgres(conn) => {
                conn.doom();
                Ok(())
            }
        }
    }

    /// Ends a transaction that has only read.
    pub(in crate::core) fn leave(&self) {
        match self {
            Self::Sqlite(_) => {
                if let Err(error) = self.run("ROLLBACK", ()) {
                    tracing::error!(%error, "a snapshot did not end");
                }
            }
            Self::Postgres(conn) => {
                conn.forget_failures();
                match conn.send_simple("ROLLBACK") {
                    // It leaves; nobody waits for the answer.
                    Ok(()) => conn.notice(),
                    Err(error) => tracing::debug!(%error, "a snapshot did not end"),
                }
            }
        }
    }

    /// Undoes what was written since the savepoint of the current verb.
    pub(super) fn roll_back_verb(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => {
                self.begin("ROLLBACK TO verb")?;
                self.begin("RELEASE verb")
            }
            Self::Postgres(conn) => {
                conn.forget_failure();
                conn.note_savepoint(false);
                Ok(conn.send_simple("ROLLBACK TO verb; RELEASE verb")?)
            }
        }
    }

    /// A random key that is made on first use and kept in the database.
    pub(in crate::core) fn secret<const BYTES: usize>(&self, name: &str) -> Result<[u8; BYTES]> {
        self.run(
            "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            (name, random::<BYTES>()),
        )?;
        let mut kept = None;
        self.rows("SELECT value FROM secrets WHERE name = $1", [name], |row| {
            kept = Some(row.get(0)?);
            Ok(false)
        })?;
        kept.ok_or_else(|| Error::Internal(format!("the secret {name} is gone")))
    }

    /// The file's own connection, if it is a file.
    pub(super) fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match self {
            Self::Sqlite(conn) => Some(conn),
            Self::Postgres(_) => None,
        }
    }

    /// The connection to PostgreSQL, if it is one.
    pub(super) fn postgres(&self) -> Option<&postgres::connection::Connection> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(conn) => Some(conn),
        }
    }
}

fn bind(statement: &mut Statement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    let wanted = statement.parameter_count();
    if values.len() != wanted {
        return Err(rusqlite::Error::InvalidParameterCount(values.len(), wanted));
    }
    let mut bound = (1..).zip(values);
    bound.try_for_each(|(n, value)| statement.raw_bind_parameter(n, value))
}
