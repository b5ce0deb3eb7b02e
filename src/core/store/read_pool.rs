//! How is anything read? By a few read-only connections, each read in one snapshot; off the async threads, unless it is
//! short and finds everything in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::OpenFlags;
use tokio::sync::{Semaphore, oneshot};

use super::connection::Connection;
use super::database::Database;
use super::postgres::{self, address::Address};
use super::{View, schema};
use crate::core::directory::Directory;
use crate::core::error::{Error, Result};
use crate::core::limits::Limits;
use crate::core::model::Time;

/// Reads that run at the same time.
const READERS: u32 = 4;
/// Reads that may wait for a reader.
const WAITING: usize = 1_024;
/// Cached reads take about 0.1 ms, or 3 ms if their thread had to wait for a processor; slower than this means the disk.
const INLINE: Duration = Duration::from_millis(10);
/// After a slow inline read, so many must be fast in a row before they run inline again.
const PROBATION: u32 = 8;

/// The reading connections of a database.
#[derive(Clone)]
pub(in crate::core) struct ReadPool(Arc<Inner>);

struct Inner {
    pool: r2d2::Pool<Readers>,
    /// Reads from a file may run on the thread that asks.
    may_be_inline: bool,
    /// A permit for each reader: a read that waits holds no thread.
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    limits: Limits,
    directory: Arc<Directory>,
    /// How many reads must still be fast before they run inline again.
    probation: AtomicU32,
}

impl ReadPool {
    /// Connections are opened when they are needed.
    pub fn new(database: &Database, limits: Limits, directory: Arc<Directory>) -> Self {
        let readers = match database {
            Database::File(path) => Readers::Sqlite(Box::new(
                SqliteConnectionManager::file(path)
                    .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                    .with_init(schema::prepare_reader),
            )),
            Database::Postgres(address) => Readers::Postgres(address.clone()),
        };
        let pool = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(0))
            .test_on_check_out(matches!(readers, Readers::Postgres(_)))
            .connection_timeout(CONNECTING)
            .error_handler(Box::new(Quiet))
            .build_unchecked(readers);
        Self(Arc::new(Inner {
            pool,
            may_be_inline: database.file().is_some(),
            places: Arc::new(Semaphore::new(READERS as usize)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            limits,
            directory,
            probation: AtomicU32::new(0),
        }))
    }

    /// Reads on a thread that may block.
    pub async fn read<T, V>(&self, verb: V) -> Result<T>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (tell, mut told) = oneshot::channel();
        // The caller may have gone.
        let read = self.read_on_thread(Box::new(move |view| drop(tell.send(verb(view)))));
        read.await?;
        told.try_recv().unwrap_or_else(|_| Err(unread()))
    }

    /// As [`ReadPool::read`], but what takes longer than this is broken off.
    ///
    /// # Errors
    /// `Overloaded` if it is broken off.
    pub async fn read_within<T, V>(&self, longest: Duration, verb: V) -> Result<T>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.read(move |view| {
            let _deadline = Deadline::of(view.conn, longest)?;
            verb(view)
        })
        .await
    }

    /// Reads a page or less on this thread: another thread would take a fifth longer. After one that took longer than
    /// [`INLINE`], because it waited for the disk, they run on threads that may block until they are fast again.
    pub async fn read_inline<T, V>(&self, verb: V) -> Result<T>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (mut verb, mut seen) = (Some(verb), None);
        let read = self
            .0
            .look_inline(&mut |view| seen = verb.take().map(|verb| verb(view)));
        match (verb, read) {
            (None, read) => read.and_then(|()| seen.unwrap_or_else(|| Err(unread()))),
            (Some(_), Err(error)) => Err(error),
            (Some(verb), Ok(())) => {
                let timing = self.0.clone();
                self.read(move |view| timing.timed(|| verb(view))).await
            }
        }
    }

    /// Reads do not differ in this, so it is compiled once for all of them.
    async fn read_on_thread(&self, read: Read) -> Result<()> {
        let Ok(waiting) = self.0.waiting.clone().try_acquire_owned() else {
            return Err(Error::Overloaded("The server has too much to read"));
        };
        let place = self.0.places.clone().acquire_owned().await;
        drop(waiting);
        let inner = self.0.clone();
        let read = tokio::task::spawn_blocking(move || {
            // Held until the read is done, even if the caller has gone.
            let _place = place;
            let conn = inner.pool.get().map_err(|error| {
                tracing::warn!(%error, "no reader");
                Error::Overloaded("The database cannot be reached")
            })?;
            inner.look(&conn, read)
        });
        read.await
            .unwrap_or_else(|e| Err(Error::Internal(format!("a read ended: {e}"))))
    }
}

/// A verb that only reads, and keeps what it has seen.
type Read = Box<dyn FnOnce(&View<'_>) + Send>;

#[cold]
fn unread() -> Error {
    Error::Internal("a read ended without an answer".into())
}

impl Inner {
    /// Reads in one snapshot.
    fn look(&self, conn: &Connection, read: impl FnOnce(&View<'_>)) -> Result<()> {
        let _snapshot = Snapshot::of(conn)?;
        read(&View::new(conn, &self.limits, &self.directory, Time::now()));
        Ok(())
    }

    /// Reads at once if that may be and a reader is free; otherwise does nothing.
    fn look_inline(&self, read: &mut dyn FnMut(&View<'_>)) -> Result<()> {
        if self.may_be_inline
            && self.probation.load(Relaxed) == 0
            && let Ok(_place) = self.places.try_acquire()
            && let Some(conn) = self.pool.try_get()
        {
            self.timed(|| self.look(&conn, read))?;
        }
        Ok(())
    }

    fn timed<T>(&self, read_inline: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let seen = read_inline();
        self.note_time(begun.elapsed());
        seen
    }

    /// An inline read took so long.
    fn note_time(&self, taken: Duration) {
        if taken > INLINE {
            self.probation.store(PROBATION, Relaxed);
        } else if self.probation.load(Relaxed) > 0 {
            // Two reads at once may count as one: not worth a lock.
            let left = self.probation.load(Relaxed).saturating_sub(1);
            self.probation.store(left, Relaxed);
        }
    }
}

/// How long a read waits for a new connection.
const CONNECTING: Duration = Duration::from_secs(3);

/// Makes the reading connections.
enum Readers {
    Sqlite(Box<SqliteConnectionManager>),
    Postgres(Address),
}

impl r2d2::ManageConnection for Readers {
    type Connection = Connection;
    type Error = Failure;

    fn connect(&self) -> std::result::Result<Connection, Failure> {
        match self {
            Self::Sqlite(file) => Ok(Connection::Sqlite(file.connect().map_err(Failure::of)?)),
            Self::Postgres(address) => {
                let conn = postgres::schema::reader(address).map_err(Failure::of)?;
                Ok(Connection::Postgres(conn))
            }
        }
    }

    fn is_valid(&self, conn: &mut Connection) -> std::result::Result<(), Failure> {
        if let Connection::Postgres(conn) = conn {
            conn.notice();
        }
        match self.has_broken(conn) {
            true => Err(Failure("it was closed".to_owned())),
            false => Ok(()),
        }
    }

    fn has_broken(&self, conn: &mut Connection) -> bool {
        conn.postgres().is_some_and(|conn| conn.is_lost())
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

impl Failure {
    fn of(cause: impl std::fmt::Display) -> Self {
        Self(format!("{cause:#}"))
    }
}

/// Whoever asks for a connection is told what fails.
#[derive(Debug)]
struct Quiet;

impl r2d2::HandleError<Failure> for Quiet {
    fn handle_error(&self, error: Failure) {
        tracing::debug!(%error, "a reader could not connect");
    }
}

/// How many steps of SQLite's machine are run before it looks at the clock again: less than a millisecond.
const STEPS: std::ffi::c_int = 1_000;

/// Statements on a connection fail past a moment, as long as this lives.
struct Deadline<'c>(&'c Connection);

impl<'c> Deadline<'c> {
    fn of(conn: &'c Connection, longest: Duration) -> Result<Self> {
        match conn {
            Connection::Sqlite(conn) => {
                let end = Instant::now() + longest;
                conn.progress_handler(STEPS, Some(move || Instant::now() > end))?;
            }
            // Until the end of the snapshot.
            Connection::Postgres(_) => conn.send(
                "SELECT set_config('statement_timeout', $1, true)",
                [longest.as_millis().to_string()],
            )?,
        }
        Ok(Self(conn))
    }
}

impl Drop for Deadline<'_> {
    fn drop(&mut self) {
        if let Some(conn) = self.0.sqlite()
            && let Err(error) = conn.progress_handler(0, None::<fn() -> bool>)
        {
            tracing::error!(%error, "a deadline was not taken away");
        }
    }
}

/// A read transaction, for as long as this lives. Unlike rusqlite's, its statements are cached.
struct Snapshot<'c>(&'c Connection);

impl<'c> Snapshot<'c> {
    fn of(conn: &'c Connection) -> Result<Self> {
        conn.begin("BEGIN")?;
        Ok(Self(conn))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
