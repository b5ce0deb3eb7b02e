//! All SQL of chat: one file per noun, in methods that only `core` can call. Statements are written in the subset that
//! SQLite and PostgreSQL share; PRAGMA, SAVEPOINT, FTS, WITHOUT ROWID and the set-up of a file are SQLite's.
//!
//! [`View`] reads, inside one snapshot. [`Tx`] is a view that may also write; it exists on the writer's thread alone.

mod account;
mod admin;
mod attached;
pub(in crate::core) mod backup;
mod block;
mod certificate;
mod change;
pub(in crate::core) mod checkpoint;
mod code;
pub(in crate::core) mod connection;
mod conversation;
pub mod database;
mod digest;
mod error;
mod feed;
#[cfg(test)]
mod feed_tests;
mod file;
pub(in crate::core) mod identify;
mod importing;
mod indexing;
mod invitation;
pub(in crate::core) mod leap;
mod level;
mod log;
mod login;
mod lookup;
#[cfg(test)]
mod mailbox_tests;
mod mention;
mod message;
mod missed;
mod moving;
mod notice;
mod oneself;
mod outbox;
pub(in crate::core) mod postgres;
mod quota;
mod read_cache;
mod read_mark;
pub(in crate::core) mod read_pool;
mod report;
mod restraint;
mod retention;
#[cfg(test)]
mod savepoint_tests;
pub(in crate::core) mod schema;
mod search;
#[cfg(test)]
mod search_tests;
mod server;
mod session;
mod space;
mod sql;
pub(in crate::core) mod transfer;
mod unwanted;
mod upgrade;
pub(in crate::core) mod verb;
pub(in crate::core) mod writer;

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::time::Duration;

use super::directory::Directory;
use super::error::{Error, Result};
use super::limits::Limits;
use super::model::{Announcement, Time};
use connection::Connection;
use database::Database;
use identify::OpenError;
use read_cache::ReadCache;
use schema::Durability;
use sql::{Params, Row};

pub(in crate::core) use account::NewAccount;
pub use account::Profile;
pub use admin::{Figures, Participant, PeopleOrder, PersonSeen, PlaceSeen};
pub(in crate::core) use change::{Placed, Reacted};
pub(in crate::core) use code::{Proof, WRONG_TRIES_SPAN};
pub use conversation::ConversationOrder;
pub(in crate::core) use conversation::NewConversation;
pub(in crate::core) use digest::Away;
pub use digest::Waiting;
pub(in crate::core) use error::BROKEN_OFF;
pub use file::{FileOrder, FinishedUpload};
pub use importing::{
    Blocking, Import, Imposed, Kept, Listing, NewPlace, Newcomer, Reading, Said, State, Taken, What,
};
pub use lookup::Lookup;
pub(in crate::core) use message::NewMessage;
pub use message::PLAIN;
pub(in crate::core) use missed::{Since, Source};
pub use moving::{
    MovedAccount, MovedBlock, MovedConversation, MovedMember, MovedRestraint, MovedSession,
};
pub use oneself::{Cursor, Erasure, Membership, OwnMessages};
pub use outbox::MailContent;
pub use retention::{Cut, OldFile};
pub(in crate::core) use search::{BATCH, Mark, Sought};

/// Reads: from a snapshot on a reader's connection, or inside the writer's transaction.
pub struct View<'c> {
    conn: &'c Connection,
    pub(in crate::core) limits: &'c Limits,
    pub(in crate::core) directory: &'c Directory,
    /// The time, for everything that is read or written through this view. All verbs of a batch have the same.
    pub(in crate::core) now: Time,
    cache: ReadCache,
}

/// The writer's transaction: reads, writes, and announces events. What one verb wrote can be rolled back alone.
pub struct Tx<'c> {
    view: View<'c>,
    announced: RefCell<Vec<Announcement>>,
    /// What must be undone if the current verb fails.
    undo: Cell<Undo>,
    decided: Cell<bool>,
    /// Has anything been written? What was rolled back counts, too.
    has_written: Cell<bool>,
    /// How many messages were taken out of the search index.
    taken_out: Cell<u32>,
}

/// How the writes of a failed verb are undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// It has written nothing.
    Nothing,
    /// By a rollback to the savepoint that was set before its first write.
    Savepoint,
    /// It has written without a savepoint: by a rollback of the whole commit.
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
            cache: ReadCache::default(),
        }
    }

    /// Reads several things as they are at one moment.
    pub(in crate::core) fn snapshot<T>(&self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        self.conn.begin(match self.conn {
            Connection::Sqlite(_) => "BEGIN",
            Connection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        })?;
        let read = read();
        self.conn.leave();
        read
    }

    /// The one row that a query finds, if it finds one.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let (mut row, mut made) = (Some(row), None);
        self.conn.rows(sql, params, |found| {
            made = row.take().map(|row| row(found)).transpose()?;
            Ok(false)
        })?;
        Ok(made)
    }

    /// All rows that a query finds.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut row: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.all_while(sql, params, |found| Ok(Some(row(found)?)))
    }

    /// The rows that a query finds, until `row` answers `None`. It may run queries of its own.
    fn all_while<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut row: impl FnMut(&Row<'_>) -> Result<Option<T>>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.conn.rows(sql, params, |found| {
            let made = row(found)?;
            let goes_on = made.is_some();
            all.extend(made);
            Ok(goes_on)
        })?;
        Ok(all)
    }

    /// The number that a counting query answers.
    fn count(&self, sql: &str, params: impl Params) -> Result<i64> {
        let counted = self.one(sql, params, |row| row.get(0))?;
        counted.ok_or_else(|| Error::Internal("a count without a row".into()))
    }
}

impl<'c> Tx<'c> {
    /// How long a verb may work at what nobody waits for, if so long on a file. On PostgreSQL each statement takes longer, but
    /// others have time between any two.
    pub(in crate::core) fn longest_step(&self, on_a_file: Duration) -> Duration {
        match self.conn {
            Connection::Sqlite(_) => on_a_file,
            Connection::Postgres(_) => 8 * on_a_file,
        }
    }

    /// Announces what becomes true with the commit.
    pub(in crate::core) fn announce(&self, what: impl Into<Announcement>) {
        self.announced.borrow_mut().push(what.into());
    }

    /// After this only a database error can fail the verb, and that fails the whole commit, so no savepoint is set: with
    /// one, SQLite copies every page before it changes it.
    pub(in crate::core) fn decide(&self) {
        self.decided.set(true);
    }

    /// Writes, and answers how many rows changed. Before a verb's first write a savepoint is set, unless it has decided.
    fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.save()?;
        self.conn.run(sql, params)
    }

    /// Writes, whether or not the statement finds a row to change.
    fn write(&self, sql: &str, params: impl Params) -> Result<()> {
        self.save()?;
        // If it fails, the verb fails, or the whole commit if it had decided.
        self.conn.send(sql, params)
    }

    /// Adds a row by a statement for one row. No other row that is added may depend on it, nor anything but what is read or
    /// written otherwise: on PostgreSQL it waits for more of its kind.
    fn add(&self, sql: &'static str, params: impl Params) -> Result<()> {
        self.save()?;
        self.conn.add(sql, params)
    }

    /// Writes, and reads what the statement returns.
    fn returning<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.save()?;
        self.one(sql, params, row)
    }

    /// Inserts a row, and reads what the statement returns of it.
    fn inserted<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        let row = self.returning(sql, params, row)?;
        row.ok_or_else(|| Error::Internal("an insert returned no row".into()))
    }

    fn save(&self) -> Result<()> {
        self.has_written.set(true);
        match self.undo.get() {
            Undo::Savepoint | Undo::Everything => {}
            Undo::Nothing if self.decided.get() => self.undo.set(Undo::Everything),
            Undo::Nothing => {
                // Counts of earlier verbs must be written before the savepoint, or a rollback to it would undo them.
                self.settle()?;
                self.conn.save()?;
                self.undo.set(Undo::Savepoint);
            }
        }
        Ok(())
    }
}

/// Opens the writing connection and brings the schema up to date. `alone`: nobody else serves from it, so that a copy of a
/// file can leap ahead; who only visits PostgreSQL makes no tables there.
pub(in crate::core) fn open(
    database: &Database,
    durability: Durability,
    alone: bool,
) -> std::result::Result<Connection, OpenError> {
    let conn = open_unfinished(database, durability, alone)?;
    match transfer::mark(&conn) {
        Ok(None) => Ok(conn),
        Ok(Some(_)) => Err(OpenError::HalfMoved(database.to_string())),
        Err(error) => Err(unusable(database, error)),
    }
}

/// The same, also if `chat move` has not finished with it.
pub(in crate::core) fn open_unfinished(
    database: &Database,
    durability: Durability,
    alone: bool,
) -> std::result::Result<Connection, OpenError> {
    match database {
        Database::File(path) => {
            let mut conn = schema::open(path)?;
            if alone {
                leap::begin(&mut conn, path)
                    .map_err(|e| identify::unusable(path, format!("{e:#}")))?;
            }
            schema::promise(&conn, durability).map_err(|e| identify::unusable(path, e))?;
            Ok(Connection::Sqlite(conn))
        }
        Database::Postgres(address) => {
            let conn = postgres::schema::open(address, durability, alone)?;
            Ok(Connection::Postgres(conn))
        }
    }
}

/// Why a database cannot be used.
pub(in crate::core) fn unusable(database: &Database, cause: impl ToString) -> OpenError {
    match database {
        Database::File(path) => identify::unusable(path, cause),
        Database::Postgres(address) => postgres::schema::refused(address, cause),
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.view
    }
}
