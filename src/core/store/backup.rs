//! Is the file sound, and how is it copied while it is written to?

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::identify::{OpenError, identify};
use super::leap;

/// What is wrong with a database: one line each, none where it is sound.
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
    Connection::open_with_flags(path, flags).map_err(|e| unusable(path, &e))
}

fn unusable(path: &Path, error: &impl ToString) -> OpenError {
    OpenError::Unusable {
        path: path.to_path_buf(),
        cause: error.to_string(),
    }
}

/// Writes a consistent copy of one moment. Writers go on meanwhile; what they write is not in it.
pub(in crate::core) fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    let conn = open(from)?;
    let name = to.to_string_lossy();
    conn.execute("VACUUM INTO $1", [&*name])
        .map_err(|e| unusable(to, &e))?;
    leap::mark_copy(to).map_err(|e| {
        fs::remove_file(to).ok();
        unusable(to, &e)
    })
}

/// Looks for damage, in SQLite's structures and in what chat promises of its own.
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
             FROM messages GROUP BY conversation HAVING max(seq) <> count(*) OR min(seq) <> 1 LIMIT 20",
        )?);
        let holdings = Holdings {
            accounts: count("accounts")?,
            conversations: count("conversations")?,
            messages: count("messages")?,
            files: count("files")?,
        };
        Ok((wounds, holdings))
    };
    look().map_err(|e| unusable(path, &e))
}
