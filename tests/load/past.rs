//! What does it cost when much was said already? Databases with a history, built once and kept beside the build.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use rusqlite::Connection;
use serde_json::json;

use crate::contestant::{Contestant, Launch};
use crate::crowd;
use crate::server::Server;

/// Conversations of one person.
pub const ROOMS: i64 = 1_000;
/// Members of each.
const PEOPLE: usize = 10;
/// How many messages each member has not read in each.
pub const UNREAD: i64 = 4;
/// Half of all messages are in the first room, every other one; the rest are spread over the others.
const OTHERS: i64 = ROOMS - 1;

/// A database in which much was said.
pub struct Past {
    pub file: PathBuf,
    pub messages: i64,
    pub rooms: Vec<String>,
}

/// Beside the build, because the usual temporary directory may be memory, where a flush costs nothing.
pub fn folder() -> anyhow::Result<PathBuf> {
    let built = Path::new(env!("CARGO_BIN_EXE_chat"));
    let folder = built
        .parent()
        .context("a binary lies in a directory")?
        .join("load");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

impl Past {
    /// Builds it, unless it is there: its list of rooms is written last.
    pub fn of(contestant: Contestant, messages: i64) -> anyhow::Result<Self> {
        let (name, schema) = match contestant {
            Contestant::Chat => ("chat", include_str!("../../schema.sql")),
            _ => ("peers", include_str!("node/store.mjs")),
        };
        let mut version = DefaultHasher::new();
        (schema, include_str!("past.rs")).hash(&mut version);
        let stem = format!("{name}-{messages}-{:016x}", version.finish());
        let file = folder()?.join(format!("{stem}.db"));
        let list = folder()?.join(format!("{stem}.json"));
        if !list.exists() {
            forget(&format!("{name}-{messages}-"))?;
            let (begin, rooms) = (Instant::now(), furnish(contestant, &file)?);
            fill(contestant, &file, messages)?;
            let took = begin.elapsed().as_secs_f64();
            eprintln!("{messages} messages for {name}: built in {took:.1} s");
            std::fs::write(&list, json!(rooms).to_string())?;
        }
        let rooms = serde_json::from_str(&std::fs::read_to_string(&list)?)?;
        Ok(Self {
            file,
            messages,
            rooms,
        })
    }

    /// How many messages the first room has.
    pub fn longest(&self) -> i64 {
        self.messages / 2
    }

    /// Takes back what was said since it was built.
    pub fn restore(&self) -> anyhow::Result<()> {
        let conn = Connection::open(&self.file)?;
        conn.execute("DELETE FROM messages WHERE id > ?", [self.messages])?;
        // The peers' files have no such table.
        conn.execute("UPDATE log SET last = ?1, messages = ?1", [self.messages])
            .ok();
        Ok(())
    }
}

/// Removes what an earlier version built.
fn forget(prefix: &str) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder()?)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// People and rooms come in by the front door, so that they are as the server makes them.
fn furnish(contestant: Contestant, file: &Path) -> anyhow::Result<Vec<String>> {
    let mut launch = Launch::of(contestant);
    launch.db = Some(file.to_owned());
    let server = Server::start(&launch)?;
    let tokens = (0..PEOPLE)
        .map(|number| crowd::sign_up(&server, number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let rooms = (0..ROOMS as usize)
        .map(|number| crowd::open_room(&server, &tokens[0], number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    server.stop()?;
    Ok(rooms)
}

/// Messages come in by the back door, in seconds.
fn fill(contestant: Contestant, file: &Path, messages: i64) -> anyhow::Result<()> {
    let conn = Connection::open(file)?;
    conn.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA foreign_keys = OFF; PRAGMA cache_size = -262144;",
    )?;
    let (table, index) = match contestant {
        Contestant::Chat => ("conversations", "messages_by_id"),
        _ => ("rooms", "messages_of_room"),
    };
    let found: (i64, i64) = conn.query_row(
        &format!("SELECT min(id), max(id) FROM {table}"),
        (),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    ensure!(found == (1, ROOMS), "rooms are numbered {found:?}");
    // An index is sorted once in the end, which is far cheaper than a place for each row.
    let sql = "SELECT sql FROM sqlite_schema WHERE name = ?";
    let made: String = conn.query_row(sql, [index], |row| row.get(0))?;
    conn.execute_batch(&format!("BEGIN; DROP INDEX {index}"))?;
    match contestant {
        Contestant::Chat => fill_ours(&conn, messages)?,
        _ => fill_theirs(&conn, messages)?,
    }
    conn.execute_batch(&format!("{made}; COMMIT; PRAGMA journal_mode = WAL;"))?;
    Ok(())
}

const TEXT: &str = "printf('message %010d, which is as long as what people mostly say ...', id)";

/// Room by room, in the order in which the table is kept.
fn fill_ours(conn: &Connection, messages: i64) -> anyhow::Result<()> {
    let mut insert = conn.prepare(&format!(
        "WITH RECURSIVE said (seq, id) AS (
             SELECT 1, ?2 UNION ALL SELECT seq + 1, id + ?3 FROM said WHERE id + ?3 <= ?4)
         INSERT INTO messages (conversation, seq, id, author, text, sent_at)
         SELECT ?1, seq, id, 2 + id / 2 % 9, {TEXT}, 1700000000000 + id FROM said"
    ))?;
    insert.execute((1, 1, 2, messages))?;
    for other in 0..OTHERS {
        insert.execute((2 + other, 2 + 2 * other, 2 * OTHERS, messages))?;
    }
    conn.execute(
        "INSERT OR REPLACE INTO members (conversation, account, joined_at, read_seq)
         SELECT c.id, a.id, 0, (SELECT max(seq) FROM messages WHERE conversation = c.id) - ?
         FROM conversations c, accounts a ORDER BY c.id, a.id",
        [UNREAD],
    )?;
    conn.execute("UPDATE log SET last = ?1, messages = ?1", [messages])?;
    Ok(())
}

/// As they were said.
fn fill_theirs(conn: &Connection, messages: i64) -> anyhow::Result<()> {
    conn.execute(
        &format!(
            "WITH RECURSIVE said (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM said WHERE id < ?1)
             INSERT INTO messages (id, room, sender, content, created_at)
             SELECT id, iif(id % 2 = 1, 1, 2 + (id / 2 - 1) % {OTHERS}), 2 + id / 2 % 9, {TEXT},
                    1700000000000 + id FROM said"
        ),
        [messages],
    )?;
    // The last one read in each room is known without asking, and without the index that is not there now.
    conn.execute(
        "WITH ends (room, upto) AS (
             SELECT room, max(id) - ?1 * iif(room = 1, 2, 2 * ?2) FROM messages GROUP BY room)
         INSERT OR REPLACE INTO members (room, user, read_upto)
         SELECT e.room, u.id, e.upto FROM ends e, users u ORDER BY e.room, u.id",
        (UNREAD, OTHERS),
    )?;
    Ok(())
}
