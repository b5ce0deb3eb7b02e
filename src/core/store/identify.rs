//! Is this file a database of ours, and of which version? Looking at it does not change it.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// "chat" in ASCII: tells our files from other SQLite files.
pub(super) const APPLICATION_ID: i32 = 0x6368_6174;

/// The schema version that this program writes: the number of its steps.
pub(super) const VERSION: u32 = 3;

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
    #[error("{address} cannot be used: {cause}")]
    Unreachable { address: String, cause: String },
    #[error("a chat in {0} is not there: say which database it is in")]
    NoTables(String),
    #[error("{0} has tables of another program: give chat a database of its own with --db")]
    ForeignTables(String),
    #[error(
        "{address} was written by a newer version of chat ({found}, this one knows {known}): update chat"
    )]
    NewerTables {
        address: String,
        found: i64,
        known: i64,
    },
    #[error(
        "{0} holds a part of another chat, because chat move did not end: type it again, and it goes on"
    )]
    HalfMoved(String),
    #[error("{} is there already, and a backup replaces nothing", .0.display())]
    Exists(PathBuf),
}

pub(in crate::core) fn unusable(path: &Path, cause: impl ToString) -> OpenError {
    OpenError::Unusable {
        path: path.to_path_buf(),
        cause: cause.to_string(),
    }
}

/// Must it be upgraded before it can be used? An empty file need not.
pub(in crate::core) fn is_older(path: &Path) -> Result<bool, OpenError> {
    let version = identify(path)?;
    Ok(version > 0 && version < i64::from(VERSION))
}

/// The file's version; 0 if it is empty. Refuses a file that is not ours, or newer than this program.
pub(in crate::core) fn identify(path: &Path) -> Result<i64, OpenError> {
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
    let (version, application, tables) = look().map_err(|e| unusable(path, e))?;
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
    Ok(version)
}

/// The file of this ending beside another one, such as `-wal`, the write-ahead log of a database.
pub(in crate::core) fn beside(db: &Path, ending: &str) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A read-only connection. If nobody has the file open, it is opened as immutable: otherwise SQLite would create a
/// write-ahead log beside it, and leave it there.
pub(super) fn only_look(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let whole = match std::path::absolute(path) {
        Ok(whole) if !beside(path, "-wal").exists() => whole,
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

fn refuse_other_formats(path: &Path) -> Result<(), OpenError> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    match read {
        Err(cause) => Err(unusable(path, cause)),
        Ok(0) => Ok(()),
        Ok(_) if head == b"SQLite format 3\0" => Ok(()),
        Ok(_) => Err(OpenError::Foreign(path.to_path_buf())),
    }
}
