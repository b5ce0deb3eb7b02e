//! Where is it kept? All SQL of chat: one file per noun, in methods that only `core` can call.
//!
//! [`View`] reads, inside one snapshot. [`Tx`] is a view that may also write; it exists on the writer's thread alone.

mod account;
mod admin;
mod attached;
pub(in crate::core) mod backup;
mod code;
mod conversation;
mod digest;
mod error;
mod file;
pub(in crate::core) mod identify;
pub(in crate::core) mod leap;
mod log;
mod message;
mod missed;
mod notice;
mod outbox;
mod quota;
mod read_cache;
pub(in crate::core) mod read_pool;
#[cfg(test)]
mod savepoint_tests;
pub(in crate::core) mod schema;
mod server;
mod session;
mod upgrade;
pub(in crate::core) mod verb;
pub(in crate::core) mod writer;

use std::cell::{Cell, RefCell};
use std::ops::Deref;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::directory::Directory;
use super::error::{Error, Result};
use super::limits::Limits;
use super::model::{Announcement, Time};
use read_cache::ReadCache;

pub(in crate::core) use account::NewAccount;
pub use account::Profile;
pub use admin::{Figures, Participant, PersonSeen, PlaceSeen};
pub(in crate::core) use code::{Proof, WRONG_TRIES_SPAN};
pub use conversation::ConversationOrder;
pub(in crate::core) use conversation::NewConversation;
pub(in crate::core) use digest::Away;
pub use digest::Waiting;
pub use file::{FileOrder, FinishedUpload};
pub(in crate::core) use message::NewMessage;
pub use message::PLAIN;
pub(in crate::core) use missed::{Since, Source};
pub use outbox::MailContent;

/// Something to read from: a snapshot on a reader's connection, or the writer's own transaction.
pub struct View<'c> {
    conn: &'c Connection,
    pub(in crate::core) limits: &'c Limits,
    pub(in crate::core) directory: &'c Directory,
    /// The one moment of what is read or written here: every verb of a batch has the same.
    pub(in crate::core) now: Time,
    known: ReadCache,
}

/// A transaction: reads, writes, and announces what became true. What one verb did in it rolls back alone.
pub struct Tx<'c> {
    view: View<'c>,
    announced: RefCell<Vec<Announcement>>,
    /// What the verb in hand has to undo where it fails.
    undo: Cell<Undo>,
    decided: Cell<bool>,
}

/// What a failed verb leaves behind, and how it goes away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// It has not written.
    Nothing,
    /// A savepoint stands before its first write.
    Savepoint,
    /// It has written without one: only all that shares the commit can be undone.
    Everything,
}

impl<'c> View<'c> {
    pub(in crate::core) fn new(
        conn: &'c Connection,
        limits: &'c Limits,
        directory: &'c Directory,
        now: Time,
    ) -> Self {
        Self {
            conn,
            limits,
            directory,
            now,
            known: ReadCache::default(),
        }
    }

    /// The one row that a query finds, if it finds one.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self
            .conn
            .prepare_cached(sql)?
            .query_row(params, row)
            .optional()?)
    }

    /// All rows that a query finds.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.all_while(sql, params, |found| Ok(Some(row(found)?)))
    }

    /// The rows that a query finds, up to the first of which `row` makes nothing. It may run queries of its own.
    fn all_while<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut row: impl FnMut(&Row<'_>) -> Result<Option<T>>,
    ) -> Result<Vec<T>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let (mut rows, mut all) = (statement.query(params)?, Vec::new());
        while let Some(found) = rows.next()? {
            match row(found)? {
                Some(made) => all.push(made),
                None => break,
            }
        }
        Ok(all)
    }

    /// The number that a counting query answers.
    fn count(&self, sql: &str, params: impl Params) -> Result<i64> {
        Ok(self
            .conn
            .prepare_cached(sql)?
            .query_row(params, |row| row.get(0))?)
    }
}

impl<'c> Tx<'c> {
    /// Announces what becomes true with the commit.
    pub(in crate::core) fn announce(&self, what: impl Into<Announcement>) {
        self.announced.borrow_mut().push(what.into());
    }

    /// Nothing that this verb was given can make it fail from here on, only the database, and then the commit fails as
    /// well. So it sets no savepoint, for which SQLite would copy every page before it changes it.
    pub(in crate::core) fn decide(&self) {
        self.decided.set(true);
    }

    /// Writes. The first write of a verb sets the savepoint to which a failed verb returns.
    fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.save()?;
        Ok(run(self.conn, sql, params)?)
    }

    /// Writes, and reads what the statement returns.
    fn returning<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.save()?;
        self.one(sql, params, row)
    }

    /// Inserts a row, and reads what the statement returns of it.
    fn inserted<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let row = self.returning(sql, params, row)?;
        row.ok_or_else(|| Error::Internal("an insert returned no row".into()))
    }

    fn save(&self) -> Result<()> {
        match self.undo.get() {
            Undo::Savepoint | Undo::Everything => {}
            Undo::Nothing if self.decided.get() => self.undo.set(Undo::Everything),
            Undo::Nothing => {
                // What earlier verbs have said stays said.
                self.settle()?;
                run(self.conn, "SAVEPOINT verb", ())?;
                self.undo.set(Undo::Savepoint);
            }
        }
        Ok(())
    }
}

/// Runs a statement that is no verb's: BEGIN, COMMIT and the like, or what stands in a transaction of its own. Answers how
/// many rows it changed.
fn run(conn: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    conn.prepare_cached(sql)?.execute(params)
}

impl<'c> Deref for Tx<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.view
    }
}
