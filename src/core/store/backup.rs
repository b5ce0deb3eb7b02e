//! Copies a database while it is in use, and checks one for damage.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::identify::{OpenError, identify, only_look, unusable};
use super::leap;
use crate::core::model::Time;

/// What is wrong with a database, a line for each; empty if it is sound.
pub type Wounds = Vec<String>;

/// What a sound database holds.
#[derive(Debug, Clone, Copy)]
pub struct Holdings {
    pub accounts: i64,
    pub conversations: i64,
    pub messages: i64,
    pub files: i64,
}

fn open(path: &Path) -> Result<Connection, OpenError> {
    identify(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|e| unusable(path, e))
}

/// Writes a consistent snapshot to a new file. Writes go on meanwhile and are not in it.
pub(in crate::core) fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    let conn = open(from)?;
    // SQLite would make it readable for everybody, until somebody changes that.
    let empty = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to);
    empty.map_err(|e| unusable(to, e))?;
    let name = to.to_string_lossy();
    let copied = conn.execute("VACUUM INTO $1", [&*name]);
    let marked = copied
        .map_err(|e| unusable(to, e))
        .and_then(|_| leap::mark_copy(to).map_err(|e| unusable(to, e)));
    marked.inspect_err(|_| {
        fs::remove_file(to).ok();
    })
}

/// When something was said last: the time of the newest message.
pub(super) const LAST_SAID: &str = "SELECT sent_at FROM messages ORDER BY id DESC LIMIT 1";

/// As [`examine`], but without indexes, foreign keys and sequence numbers; leaves nothing beside the file.
pub(in crate::core) fn quick(path: &Path) -> Result<Wounds, OpenError> {
    let look = |conn: Connection| -> rusqlite::Result<Wounds> {
        let mut lines = conn.prepare("PRAGMA quick_check(20)")?;
        let lines = lines.query_map((), |row| row.get(0))?;
        lines.filter(|line| *line != Ok("ok".to_owned())).collect()
    };
    identify(path)?;
    only_look(path)
        .and_then(look)
        .map_err(|e| unusable(path, e))
}

/// When something was said last in a file; `None` if nothing was, or it cannot be read.
pub(in crate::core) fn last_said(path: &Path) -> Option<Time> {
    identify(path).ok()?;
    let conn = only_look(path).ok()?;
    conn.query_row(LAST_SAID, (), |row| row.get(0))
        .ok()
        .map(Time)
}

/// Checks SQLite's structures, foreign keys, and that sequence numbers have no gaps.
pub(in crate::core) fn examine(path: &Path) -> Result<(Wounds, Holdings), OpenError> {
    let conn = open(path)?;
    let lines = |sql: &str| -> rusqlite::Result<Vec<String>> {
        conn.prepare(sql)?
            .query_map((), |row| row.get(0))?
            .collect()
    };
    let count = |table: &str| -> rusqlite::Result<i64> {
        conn.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| {
            row.get(0)
        })
    };
    let look = || -> rusqlite::Result<(Wounds, Holdings)> {
        let mut wounds = lines("PRAGMA integrity_check(20)")?;
        wounds.retain(|line| line != "ok");
        wounds.extend(lines(
            "SELECT 'a row of ' || \"table\" || ' points at nothing in ' || parent
             FROM pragma_foreign_key_check LIMIT 20",
        )?);
        wounds.extend(lines(
            "SELECT 'conversation ' || conversation || ' has a gap in its messages'
             FROM messages GROUP BY conversation HAVING max(seq) - min(seq) + 1 <> count(*) LIMIT 20",
        )?);
        let holdings = Holdings {
            accounts: count("accounts")?,
            conversations: count("conversations")?,
            messages: count("messages")?,
            files: count("files")?,
        };
        Ok((wounds, holdings))
    };
    look().map_err(|e| unusable(path, e))
}
