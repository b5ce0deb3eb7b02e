//! Who moves what was committed from the write-ahead log into the file? SQLite's way is that the writer does, every so many
//! pages, in the middle of a commit: after files were uploaded that holds everybody up for some 50 ms. So a thread beside
//! the writer does nearly all of it.
//!
//! That thread alone would never come to an end while others write, and the log begins anew only then: it once grew to 1 GB.
//! So when little is left the thread says so, and the writer does the rest between two commits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::core::error::{Error, Result};

/// Pages of 4 KiB that the thread moves at a time, at least.
const STEP: i64 = 1_000;
/// When the log has so many it is to begin anew. Also what a writer moves that has no such thread.
pub(super) const LONG: i64 = 4_000;
/// So few are left to the writer.
const FEW: i64 = 200;
/// With so many the writer moves all that are left, however many these are.
const LONGEST: i64 = 16_000;
/// How long after one look the next is.
const PAUSE: Duration = Duration::from_millis(10);

/// The thread beside a server's writer; it ends when this is dropped.
pub(in crate::core) struct Checkpoints {
    /// `None` once it is to end.
    committed: Option<SyncSender<()>>,
    is_nearly_done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub fn start(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        let (committed, commits) = sync_channel(1);
        let is_nearly_done = Arc::<AtomicBool>::default();
        let tells = is_nearly_done.clone();
        let thread = std::thread::Builder::new()
            .name("checkpoints".into())
            .spawn(move || goes_on(&conn, &commits, &tells))
            .map_err(|e| Error::Internal(format!("no thread for checkpoints: {e}")))?;
        Ok(Self {
            committed: Some(committed),
            is_nearly_done,
            thread: Some(thread),
        })
    }

    /// The writer has this thread from now on.
    pub fn help(&self, writer: &Connection) -> Result<()> {
        Ok(writer.pragma_update(None, "wal_autocheckpoint", LONGEST)?)
    }

    /// The writer has committed something.
    pub fn look(&self, writer: &Connection) {
        if self.is_nearly_done.swap(false, Relaxed)
            && let Err(error) = move_pages(writer, "PASSIVE")
        {
            tracing::warn!(%error, "the write-ahead log was not folded in");
        }
        if let Some(committed) = &self.committed {
            // If the thread has not looked since the last commit, it will.
            committed.try_send(()).ok();
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.committed.take();
        let ended = self.thread.take().map(JoinHandle::join);
        if ended.is_some_and(|ended| ended.is_err()) {
            tracing::error!("the thread of checkpoints panicked");
        }
    }
}

fn goes_on(conn: &Connection, commits: &Receiver<()>, is_nearly_done: &AtomicBool) {
    while commits.recv().is_ok() {
        match step(conn) {
            Ok(few) => is_nearly_done.store(few, Relaxed),
            // The writer does it in the end.
            Err(error) => tracing::debug!(%error, "a checkpoint beside the writer failed"),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Moves pages if there are many; answers whether the log is long, and few are left.
fn step(conn: &Connection) -> rusqlite::Result<bool> {
    let mut log = move_pages(conn, "NOOP")?;
    while log.left() >= STEP || (log.pages >= LONG && log.left() >= FEW) {
        let before = log.left();
        move_pages(conn, "PASSIVE")?;
        // That knows the log as it was when it began.
        log = move_pages(conn, "NOOP")?;
        if log.left() >= before {
            // Others write faster, or somebody reads what was there before.
            break;
        }
    }
    Ok(log.pages >= LONG && log.left() < FEW)
}

/// Pages in the log.
struct Log {
    pages: i64,
    /// How many of them are in the file.
    moved: i64,
}

impl Log {
    fn left(&self) -> i64 {
        self.pages - self.moved
    }
}

fn move_pages(conn: &Connection, mode: &str) -> rusqlite::Result<Log> {
    let mut statement = conn.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    statement.query_row((), |row| {
        let (pages, moved) = (row.get(1)?, row.get(2)?);
        Ok(Log { pages, moved })
    })
}
