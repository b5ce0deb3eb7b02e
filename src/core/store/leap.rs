//! Why is no id given out twice after a backup is restored? Before a copy is served, every counter leaps past all ids
//! that the original, or the file that the copy replaces, can have given out since.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::core::random;

/// More ids than can have been given out after a copy was made. Ids have 53 bits: there is room for a million leaps.
const LEAP: i64 = 1 << 32;
/// This secret says that the file is a copy and was not served yet.
const COPY: &str = "copy";
/// This secret says which file was served last: its device and inode. A copy made by hand has others.
const WHERE: &str = "place";
/// The log's counter; the others are named by their tables.
const LOG: &str = "log";

/// Marks this file as a copy: a server that opens it leaps first.
pub(in crate::core) fn mark_copy(path: &Path) -> anyhow::Result<()> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    keep(&conn, COPY, &[1])
}

/// Prepares a copy that is about to replace a database, or to become one. `conn` is open on the copy.
///
/// # Errors
/// If the copy cannot be written.
pub(in crate::core) fn put_back(
    mut conn: Connection,
    copy: &Path,
    replaces: Option<&Path>,
) -> anyhow::Result<()> {
    let replaced = match replaces.map(counters_of).transpose() {
        Ok(counters) => counters.unwrap_or_default(),
        Err(error) => {
            // It may be damaged, which may be why it is replaced. A leap is longer than what it can have given out.
            tracing::warn!(%error, "the replaced database does not tell what it gave out");
            HashMap::new()
        }
    };
    leap(&mut conn, &replaced, &place(copy)?)
}

/// Called when a server opens this file. If it is a copy, or was copied or moved by hand, its ids leap.
///
/// # Errors
/// If the file cannot be written.
pub(in crate::core) fn begin(conn: &mut Connection, path: &Path) -> anyhow::Result<()> {
    let (here, before) = (place(path)?, kept(conn, WHERE)?);
    let is_copy = kept(conn, COPY)?.is_some();
    if is_copy || before.as_ref().is_some_and(|before| *before != here) {
        tracing::info!(
            "this database is a copy: its ids leap ahead, so that none is given out twice"
        );
        return leap(conn, &HashMap::new(), &here);
    }
    if before.is_none() {
        keep(conn, WHERE, &here)?;
    }
    Ok(())
}

fn leap(conn: &mut Connection, others: &HashMap<String, i64>, here: &[u8]) -> anyhow::Result<()> {
    let tx = conn.transaction()?;
    // Random, so that two copies of one file leap to different numbers.
    let further = LEAP + i64::from(u32::from_ne_bytes(random()));
    for (name, last) in counters(&tx)? {
        let other = others.get(&name).copied().unwrap_or_default();
        let next = last.max(other) + further;
        if name == LOG {
            tx.execute("UPDATE log SET last = $1", [next])?;
        } else {
            tx.execute("DELETE FROM sqlite_sequence WHERE name = $1", [&name])?;
            tx.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)",
                (&name, next),
            )?;
        }
    }
    tx.execute("DELETE FROM secrets WHERE name = $1", [COPY])?;
    keep(&tx, WHERE, here)?;
    Ok(tx.commit()?)
}

/// The last number that each counter has given out; 0 if none.
fn counters(conn: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut tables = conn.prepare(
        "SELECT name, coalesce((SELECT seq FROM sqlite_sequence s WHERE s.name = t.name), 0)
         FROM sqlite_master t WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'",
    )?;
    let mut all: Vec<(String, i64)> = tables
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    // Version 1 has no log table.
    let log = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log')";
    let last = match conn.query_row(log, (), |row| row.get(0))? {
        true => "SELECT last FROM log",
        false => "SELECT coalesce(max(id), 0) FROM messages",
    };
    all.push((LOG.to_owned(), conn.query_row(last, (), |row| row.get(0))?));
    Ok(all)
}

fn counters_of(path: &Path) -> anyhow::Result<HashMap<String, i64>> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(counters(&conn)?.into_iter().collect())
}

fn place(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = fs::metadata(path)?;
    Ok([file.dev().to_be_bytes(), file.ino().to_be_bytes()].concat())
}

fn kept(conn: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    conn.query_row("SELECT value FROM secrets WHERE name = $1", [name], |row| {
        row.get(0)
    })
    .optional()
}

fn keep(conn: &Connection, name: &str, value: &[u8]) -> anyhow::Result<()> {
    conn.execute(
        "INSERT INTO secrets (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )?;
    Ok(())
}
