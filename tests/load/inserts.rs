//! How fast could it be at best? SQLite alone: messages are kept, so many to a commit, and nobody hears of them.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::server::usage;
use crate::{Results, rounded};

pub fn measure(batch: u32, text: u32, seconds: u32) -> anyhow::Result<Results> {
    let home = tempfile::tempdir_in(crate::past::folder()?)?;
    let conn = Connection::open(home.path().join("inserts.db"))?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000;",
    )?;
    conn.execute_batch(include_str!("../../schema.sql"))?;
    conn.execute_batch(
        "INSERT INTO accounts (id, home, name, created_at) VALUES (1, 'rooms', 'ann', 0);
         INSERT INTO conversations (id, kind, created_at) VALUES (1, 'room', 0);",
    )?;
    let mut insert = conn.prepare(
        "INSERT INTO messages (conversation, seq, id, author, text, sent_at) VALUES (1, ?1, ?1, 1, ?2, ?1)",
    )?;
    let text = ".".repeat(text as usize);
    let (begin, before, mut count) = (Instant::now(), usage("self")?, 0_u32);
    while begin.elapsed() < Duration::from_secs(seconds.into()) {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..batch {
            count += 1;
            insert.execute((count, &text))?;
        }
        conn.execute_batch("COMMIT")?;
    }
    let (took, after) = (begin.elapsed().as_secs_f64(), usage("self")?);
    let cpu = after.cpu_seconds - before.cpu_seconds;
    let count = f64::from(count);
    Ok(vec![
        ("messages_per_second", rounded(count / took).into()),
        (
            "server_cpu_us_per_message",
            rounded(cpu * 1e6 / count).into(),
        ),
        (
            "ack_ms_p50",
            rounded(took * 1e3 * f64::from(batch) / count).into(),
        ),
    ])
}
