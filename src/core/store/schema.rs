//! Opens the database, and upgrades an older file to `schema.sql`.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{HookError, M, Migrations};

use super::identify::{APPLICATION_ID, OpenError, VERSION, identify, unusable};
use super::{backup, checkpoint, upgrade};
use crate::core::id::Spelling;
use crate::core::time::Time;

/// When a commit counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When the disk has it: what was acknowledged survives a power cut.
    Full,
    /// When the system has it: it survives a crash of the program; a power cut may lose the last moments.
    Normal,
}

/// The database file of a running server, locked against a second one for as long as this lives.
pub struct Locked(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

/// How a database gets the newest schema.
struct Schema {
    /// Fills a fresh file.
    whole: &'static str,
    /// Upgrade an older file. Step N leads to version N; step 1 is the schema of version 1. A released step is frozen.
    steps: Migrations<'static>,
    /// How many steps there are: the version that this program writes.
    version: u32,
}

impl Schema {
    fn newest() -> Self {
        Self {
            whole: include_str!("../../../schema.sql"),
            steps: Migrations::new(vec![
                M::up(include_str!("steps/1.sql")),
                M::up_with_hook(include_str!("steps/2.sql"), |tx| {
                    upgrade::fill_keys(tx)?;
                    let key = secret(tx, "ids").map_err(|e| HookError::Hook(format!("{e:#}")))?;
                    Ok(upgrade::fill_attached(tx, &Spelling::new(key))?)
                }),
                M::up(include_str!("steps/3.sql")),
            ]),
            version: VERSION,
        }
    }

    /// Fills a fresh file, or runs all the steps that an older one needs, in one transaction.
    fn bring_up(&self, conn: &mut Connection) -> anyhow::Result<()> {
        if version(conn)? > 0 {
            return Ok(self.steps.to_latest(conn)?);
        }
        let tx = conn.transaction()?;
        tx.execute_batch(self.whole)?;
        tx.pragma_update(None, "user_version", self.version)?;
        Ok(tx.commit()?)
    }
}

/// Creates the file if there is none, readable by its owner only, and takes the server's lock on it.
pub(in crate::core) fn lock(path: &Path) -> Result<Locked, OpenError> {
    let unusable = |cause: std::io::Error| unusable(path, cause);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(unusable)?;
    // A flock: it does not conflict with SQLite's own locks on the file, which are POSIX ranges.
    match file.try_lock() {
        Ok(()) => {
            begin_again(&file).map_err(unusable)?;
            // A copy that somebody put there by hand may be readable for everybody.
            if let Err(error) = file.set_permissions(Permissions::from_mode(0o600)) {
                tracing::warn!(%error, "others may be able to read the database file");
            }
            Ok(Locked(file))
        }
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_path_buf())),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
    }
}

/// Empties a file whose only page is zeros. A power cut while a database is created can leave it so, and SQLite would
/// refuse it; nothing is lost.
fn begin_again(file: &File) -> std::io::Result<()> {
    let mut page = Vec::new();
    file.take(FIRST_PAGE + 1).read_to_end(&mut page)?;
    if page.len() as u64 <= FIRST_PAGE && page.iter().all(|byte| *byte == 0) {
        file.set_len(0)?;
    }
    Ok(())
}

/// Files of this version never gave free pages back to the disk.
const BEFORE_SHRINKING: u32 = 1;

/// The size of a database's first page.
const FIRST_PAGE: u64 = 4_096;

/// Opens the writing connection and brings the schema up to date.
pub(in crate::core) fn open(path: &Path) -> Result<Connection, OpenError> {
    let unusable = |cause: String| unusable(path, cause);
    identify(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(|e| unusable(e.to_string()))?;
    prepare(&mut conn).map_err(|e| unusable(e.to_string()))?;
    bring_up(&mut conn, path, &Schema::newest()).map_err(|e| unusable(format!("{e:#}")))?;
    Ok(conn)
}

/// Opens a file that nobody else has open, and upgrades it without a copy.
pub(in crate::core) fn open_alone(path: &Path) -> anyhow::Result<Connection> {
    let mut conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Schema::newest().bring_up(&mut conn)?;
    Ok(conn)
}

/// Upgrades to the newest version. An older file is copied first, to a file beside it.
fn bring_up(conn: &mut Connection, path: &Path, schema: &Schema) -> anyhow::Result<()> {
    let version = version(conn)?;
    if version == schema.version {
        return Ok(());
    }
    let copy = match version {
        0 => None,
        older => Some(copy_beside(path, older)?),
    };
    if let Err(failed) = schema.bring_up(conn) {
        // The file is as it was, so the copy is not needed; repeated tries must not fill the disk with copies.
        copy.map(fs::remove_file).transpose()?;
        return Err(failed);
    }
    if version == BEFORE_SHRINKING {
        // Written anew, so that free pages can be given back from now on.
        conn.execute_batch("VACUUM")?;
    }
    if let Some(copy) = copy {
        tracing::info!(from = version, to = schema.version, copy = %copy.display(), "the database was of an older version: it was copied, and brought up to date");
    }
    Ok(())
}

fn copy_beside(path: &Path, version: u32) -> anyhow::Result<PathBuf> {
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".v{version}-{}.bak", Time::now().0));
    let copy = PathBuf::from(copy);
    backup::copy(path, &copy)?;
    fs::set_permissions(&copy, Permissions::from_mode(0o600))?;
    File::open(&copy)?.sync_all()?;
    Ok(copy)
}

fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.query_row("PRAGMA user_version", (), |row| row.get(0))
}

/// Moves what is in the write-ahead log into the file. No server may have it open.
pub(in crate::core) fn fold_in(path: &Path) -> Result<(), OpenError> {
    let fold = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.pragma_update(None, "wal_checkpoint", "TRUNCATE")
    };
    fold().map_err(|e| unusable(path, e))
}

fn prepare(conn: &mut Connection) -> anyhow::Result<()> {
    settle(conn)?;
    if conn.query_row("PRAGMA page_count", (), |row| row.get::<_, i64>(0))? == 0 {
        // There is nothing yet that a journal could save; making and flushing two of them would be half of a first start.
        conn.pragma_update(None, "journal_mode", "MEMORY")?;
    }
    // For a file that is empty still: free pages can be given back to the disk.
    conn.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // Nothing was acknowledged to anybody yet. The first flushed commit flushes all of this, too.
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "wal_autocheckpoint", checkpoint::LONG)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten with zeros, also on pages that become free: none of its words stay in the file.
    conn.pragma_update(None, "secure_delete", true)?;
    if conn.query_row("PRAGMA application_id", (), |row| row.get::<_, i32>(0))? != APPLICATION_ID {
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(())
}

/// The settings of every connection of a server.
fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(256);
    // The query planner must not look at bound values: otherwise another value may have a statement planned again.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// From now on commits are this durable.
pub(in crate::core) fn promise(conn: &Connection, durability: Durability) -> rusqlite::Result<()> {
    let level = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    conn.pragma_update(None, "synchronous", level)
}

/// A random key that is made on first use and stored in the file.
pub(in crate::core) fn secret<const BYTES: usize>(
    conn: &Connection,
    name: &str,
) -> anyhow::Result<[u8; BYTES]> {
    let fresh: [u8; BYTES] = super::super::random();
    conn.execute(
        "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        (name, &fresh[..]),
    )?;
    let kept: Vec<u8> =
        conn.query_row("SELECT value FROM secrets WHERE name = $1", [name], |row| {
            row.get(0)
        })?;
    kept.try_into()
        .map_err(|_| anyhow::anyhow!("the secret {name} has a wrong length"))
}

/// The settings of every reading connection.
pub(in crate::core) fn prepare_reader(conn: &mut Connection) -> rusqlite::Result<()> {
    settle(conn)?;
    conn.pragma_update(None, "query_only", true)?;
    // The most that SQLite maps: a page of 50 messages costs a fifth of what it costs by read calls.
    conn.pragma_update(None, "mmap_size", 0x7fff_0000_i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_as_many_as_the_version_says_and_sound() {
        let schema = Schema::newest();
        assert!(schema.steps.validate().is_ok());
        let mut conn = Connection::open_in_memory().expect("a database in memory");
        schema.steps.to_latest(&mut conn).expect("all steps");
        assert_eq!(version(&conn), Ok(VERSION));
    }

    #[test]
    fn a_fresh_file_needs_no_step() {
        let mut conn = Connection::open_in_memory().expect("a database in memory");
        Schema::newest().bring_up(&mut conn).expect("a fresh file");
        assert_eq!(version(&conn), Ok(VERSION));
    }

    const FIRST: &str = "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
         CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('Ann')";

    fn schema(steps: &[&'static str]) -> Schema {
        Schema {
            whole: FIRST,
            steps: Migrations::new(steps.iter().map(|sql| M::up(sql)).collect()),
            version: steps.len() as u32,
        }
    }

    /// A file of version 1, and a connection to it.
    fn an_older_file() -> (tempfile::TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chat.db");
        let mut conn = Connection::open(&path).expect("a file");
        prepare(&mut conn).expect("a connection");
        bring_up(&mut conn, &path, &schema(&[FIRST])).expect("a fresh file");
        assert_eq!(
            copies(&folder),
            Vec::<PathBuf>::new(),
            "a new file is no older one"
        );
        (folder, path, conn)
    }

    fn copies(folder: &tempfile::TempDir) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder.path()).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let is_copy = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "bak");
        paths.filter(is_copy).collect()
    }

    /// The version, and what the tables are made of.
    fn state(conn: &Connection) -> (u32, Vec<String>) {
        let mut tables = conn.prepare("SELECT sql FROM sqlite_master").expect("SQL");
        let tables = tables.query_map((), |row| row.get(0)).expect("tables");
        (
            version(conn).expect("a version"),
            tables.map(|sql| sql.expect("a table")).collect(),
        )
    }

    #[test]
    fn an_older_file_is_copied_beside_itself_and_brought_up() {
        let (folder, path, mut conn) = an_older_file();
        let before = state(&conn);
        let newest = schema(&[
            FIRST,
            "ALTER TABLE people ADD COLUMN email TEXT",
            "UPDATE people SET email = name || '@example.test'",
        ]);
        bring_up(&mut conn, &path, &newest).expect("steps 2 and 3");
        let email: String = conn
            .query_row("SELECT email FROM people", (), |row| row.get(0))
            .expect("a column");
        assert_eq!((version(&conn), &*email), (Ok(3), "Ann@example.test"));
        let copies = copies(&folder);
        let [copy] = &copies[..] else {
            panic!("one copy, not {copies:?}");
        };
        let name = copy.file_name().expect("a name").to_string_lossy();
        assert!(name.starts_with("chat.db.v1-"), "{name}");
        let mode = fs::metadata(copy).expect("the copy").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(state(&Connection::open(copy).expect("the copy")), before);
        // Once it is up to date, nothing is copied any more.
        bring_up(&mut conn, &path, &newest).expect("nothing to do");
        assert_eq!(super::tests::copies(&folder).len(), 1);
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let (folder, path, mut conn) = an_older_file();
        let before = state(&conn);
        let newest = schema(&[
            FIRST,
            "CREATE TABLE rooms (name TEXT)",
            "DROP TABLE people; INSERT INTO nowhere VALUES (1)",
        ]);
        assert!(bring_up(&mut conn, &path, &newest).is_err());
        assert_eq!(state(&conn), before);
        let people: i64 = conn
            .query_row("SELECT count(*) FROM people", (), |row| row.get(0))
            .expect("the table is there");
        assert_eq!((people, copies(&folder).len()), (1, 0));
    }
}
