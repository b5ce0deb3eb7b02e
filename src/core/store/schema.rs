//! Which file is this? Opens the database, refuses what is not ours, and brings older files up to `schema.sql`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

/// "chat" in ASCII: tells our files from other SQLite files.
const APPLICATION_ID: i32 = 0x6368_6174;

/// Why a database was not opened. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is in use by another chat server: stop that one first, or give this one its own file with --db", .0.display())]
    Locked(PathBuf),
    #[error("{} is not a chat database: give another file with --db", .0.display())]
    Foreign(PathBuf),
    #[error("{} was written by a newer version of chat ({found}, this one knows {known}): update chat", .path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("{} cannot be opened: {cause}", .path.display())]
    Unusable { path: PathBuf, cause: String },
}

/// How hard a commit is pressed onto the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What was acknowledged survives power loss.
    Full,
    /// It survives a crash of the program; the last moments may be lost with the power.
    Normal,
}

/// The database file of a running server, locked against a second one for as long as this lives.
pub struct Locked(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

fn steps() -> Migrations<'static> {
    Migrations::new(vec![M::up(include_str!("../../../schema.sql"))])
}

/// Creates the file where there is none, with access for the owner alone, and takes the server's lock on it.
pub(in crate::core) fn lock(path: &Path) -> Result<Locked, OpenError> {
    let unusable = |cause: std::io::Error| OpenError::Unusable {
        path: path.to_path_buf(),
        cause: cause.to_string(),
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(unusable)?;
    // A flock: SQLite's own locks on the file are POSIX ranges and do not meet it.
    match file.try_lock() {
        Ok(()) => Ok(Locked(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_path_buf())),
        Err(TryLockError::Error(cause)) => Err(unusable(cause)),
    }
}

/// Opens the writing connection and brings the schema up to date.
pub(in crate::core) fn open(path: &Path) -> Result<Connection, OpenError> {
    let unusable = |cause: String| OpenError::Unusable {
        path: path.to_path_buf(),
        cause,
    };
    identify(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(|e| unusable(e.to_string()))?;
    prepare(&mut conn).map_err(|e| unusable(e.to_string()))?;
    Ok(conn)
}

/// How many steps there are: the version that this program writes.
const VERSION: u32 = 1;

/// Refuses what is not ours, or newer than we are, without changing it. An empty file is a beginning.
pub(in crate::core) fn identify(path: &Path) -> Result<(), OpenError> {
    refuse_other_formats(path)?;
    let look = || -> rusqlite::Result<(i64, i64, i64)> {
        let conn = only_look(path)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        let number = |sql: &str| conn.query_row(sql, (), |row| row.get(0));
        Ok((
            number("PRAGMA user_version")?,
            number("PRAGMA application_id")?,
            number("SELECT count(*) FROM sqlite_master")?,
        ))
    };
    let (version, application, tables) = look().map_err(|e| OpenError::Unusable {
        path: path.to_path_buf(),
        cause: e.to_string(),
    })?;
    if application != i64::from(APPLICATION_ID) && (tables > 0 || version != 0) {
        return Err(OpenError::Foreign(path.to_path_buf()));
    }
    if version > i64::from(VERSION) {
        return Err(OpenError::Newer {
            path: path.to_path_buf(),
            found: version,
            known: VERSION.into(),
        });
    }
    Ok(())
}

/// A connection that only reads. Where nobody has the file open, it makes nothing beside it either: for a file with a
/// write-ahead log SQLite would lay out a new one, and leave it there.
fn only_look(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let whole = match std::path::absolute(path) {
        Ok(whole) if !Path::new(&log).exists() => whole,
        _ => return Connection::open_with_flags(path, flags),
    };
    let mut uri = String::from("file://");
    for byte in whole.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
}

/// Puts what is in the write-ahead log of a file that nobody serves into the file itself.
pub(in crate::core) fn fold_in(path: &Path) -> Result<(), OpenError> {
    let fold = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.pragma_update(None, "wal_checkpoint", "TRUNCATE")
    };
    fold().map_err(|e| OpenError::Unusable {
        path: path.to_path_buf(),
        cause: e.to_string(),
    })
}

fn prepare(conn: &mut Connection) -> anyhow::Result<()> {
    settle(conn)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // Nothing has been promised to anybody yet; the first commit that is flushed takes all of this with it.
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    // Inline checkpoints keep the log bounded; a background one let it grow to 1 GB.
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    if conn.query_row("PRAGMA application_id", (), |row| row.get::<_, i32>(0))? != APPLICATION_ID {
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    steps().to_latest(conn)?;
    Ok(())
}

/// What every serving connection is told.
fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(256);
    // A statement is planned once. Without this, binding another number may have it planned again, each time.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// From now on each commit is pressed onto the disk as hard as this.
pub(in crate::core) fn promise(conn: &Connection, durability: Durability) -> rusqlite::Result<()> {
    let level = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    conn.pragma_update(None, "synchronous", level)
}

/// A key that is made on first use and kept in the file.
pub(in crate::core) fn secret<const BYTES: usize>(
    conn: &Connection,
    name: &str,
) -> anyhow::Result<[u8; BYTES]> {
    let fresh: [u8; BYTES] = super::super::random();
    conn.execute(
        "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)",
        (name, &fresh[..]),
    )?;
    let kept: Vec<u8> =
        conn.query_row("SELECT value FROM secrets WHERE name = ?", [name], |row| {
            row.get(0)
        })?;
    kept.try_into()
        .map_err(|_| anyhow::anyhow!("the secret {name} has a wrong length"))
}

/// What every reading connection is told when it opens.
pub(in crate::core) fn prepare_reader(conn: &mut Connection) -> rusqlite::Result<()> {
    settle(conn)?;
    conn.pragma_update(None, "query_only", true)?;
    // As much as SQLite maps at all: a page of 50 costs a fifth of what it costs through read calls.
    conn.pragma_update(None, "mmap_size", 0x7fff_0000_i64)
}

fn refuse_other_formats(path: &Path) -> Result<(), OpenError> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    match read {
        Err(cause) => Err(OpenError::Unusable {
            path: path.to_path_buf(),
            cause: cause.to_string(),
        }),
        Ok(0) => Ok(()),
        Ok(_) if head == b"SQLite format 3\0" => Ok(()),
        Ok(_) => Err(OpenError::Foreign(path.to_path_buf())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_as_many_as_the_version_says_and_sound() {
        assert!(steps().validate().is_ok());
        let mut conn = Connection::open_in_memory().expect("a database in memory");
        steps().to_latest(&mut conn).expect("all steps");
        let version: u32 = conn
            .query_row("PRAGMA user_version", (), |row| row.get(0))
            .expect("a version");
        assert_eq!(version, VERSION);
    }
}
