//! Another program beside the server, as Litestream is: it holds a read transaction for long, takes the write lock for a
//! moment, and checkpoints the write-ahead log itself. Messages go on, and nothing is lost.

use super::by_itself::is_administered;
use super::{checked, in_a_folder};
use crate::support::*;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;

fn opened(file: &Path) -> Connection {
    let conn = Connection::open(file).expect("the database");
    conn.busy_timeout(Duration::from_secs(5)).expect("patience");
    conn
}

/// A connection that reads from one snapshot until it is told to stop.
fn reading(file: &Path) -> (Connection, u32) {
    let conn = opened(file);
    conn.execute_batch("BEGIN").expect("a transaction");
    let count = count(&conn);
    (conn, count)
}

fn count(conn: &Connection) -> u32 {
    let count = conn.query_row("SELECT count(*) FROM messages", (), |row| row.get(0));
    count.expect("a count")
}

/// Checkpoints the log; answers whether somebody was in the way.
fn checkpoint(conn: &Connection, how: &str) -> bool {
    let busy = conn.query_row(&format!("PRAGMA wal_checkpoint({how})"), (), |row| {
        row.get(0)
    });
    busy.expect("an answer")
}

fn log_bytes(file: &Path) -> u64 {
    let log = file.with_extension("db-wal");
    std::fs::metadata(log).map_or(0, |log| log.len())
}

#[tokio::test]
async fn messages_go_on_beside_a_program_that_reads_and_checkpoints() {
    let (_folder, file) = in_a_folder();
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    // The tables that Litestream makes.
    let beside = opened(&file);
    let tables = "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);
         CREATE TABLE _litestream_lock (id INTEGER)";
    beside.execute_batch(tables).expect("tables");
    beside
        .busy_timeout(Duration::from_millis(10))
        .expect("haste");
    let (mut reader, _) = reading(&file);
    let mut said = Vec::new();
    for round in 0..10 {
        for at in 0..20 {
            let text = format!("{round} {at}");
            ann.posts(&room, &text).await;
            said.push(text);
        }
        // The snapshot stays, whatever is said and whoever checkpoints.
        let seen = count(&reader);
        checkpoint(&beside, "PASSIVE");
        assert!(checkpoint(&beside, "TRUNCATE"), "a reader is in the way");
        assert_eq!(count(&reader), seen);
        let lock = "BEGIN IMMEDIATE; INSERT INTO _litestream_lock (id) VALUES (1)";
        // Taken for a moment, while somebody has something to say.
        if beside.execute_batch(lock).is_ok() {
            let talking = ann.posts(&room, "Through the lock");
            let releasing = async {
                sleep(2 * MOMENT).await;
                beside.execute_batch("ROLLBACK").expect("released");
            };
            tokio::join!(talking, releasing);
            said.push("Through the lock".to_owned());
        }
        if round % 3 == 2 {
            drop(reader);
            checkpoint(&beside, "RESTART");
            (reader, _) = reading(&file);
        }
    }
    assert_eq!(chat.said(), said);
    let heard = bob.socket().await.hears_many(said.len(), "message").await;
    let heard: Vec<_> = heard
        .iter()
        .map(|one| one["content"].as_str().expect("a text"))
        .collect();
    assert_eq!(heard, said);

    // The power goes while it reads.
    chat.kill().await;
    let chat = Chat::on(&file, &[]).await;
    assert_eq!(chat.said(), said);
    // It ends in order, too, and in time, with nothing folded in that somebody reads.
    let ended = chat.ends_within(PATIENCE).await;
    assert_eq!(ended.expect("in time").1, 0);
    drop(reader);
    let (checked, code) = checked(&file);
    assert_eq!(
        (&checked["sound"], code),
        (&json!(true), Some(0)),
        "{checked}"
    );
}

#[tokio::test]
async fn a_log_that_cannot_begin_anew_is_told_and_shrinks_once_it_can() {
    let (_folder, file) = in_a_folder();
    is_administered(&file).await;
    let chat = Chat::on(&file, &[]).await;
    let login = json!({ "email": "boss@example.test", "password": "password of boss" });
    let login = chat.nobody().post("/api/auth/login", login).await;
    let token = login.has_status(200).json()["token"].clone();
    let boss = chat.nobody().with_token(token.as_str().expect("a token"));
    let ann = chat.rooms("ann").await;
    let is_told = async || {
        let stats = boss.get("/api/admin/stats").await.has_status(200).json();
        let warnings = stats["stats"]["warnings"]
            .as_array()
            .expect("warnings")
            .clone();
        warnings.iter().any(|one| one["code"] == "long-log")
    };
    let (reader, _) = reading(&file);
    let upload = async || {
        let big = vec![b'x'; 10 << 20];
        let form = Form::file("big.bin", "application/octet-stream", big);
        ann.uploads(form).await.has_status(201);
    };
    assert!(!is_told().await);
    for _ in 0..14 {
        upload().await;
    }
    assert!(log_bytes(&file) > 128 << 20);
    assert!(is_told().await);
    drop(reader);
    within(3 * PATIENCE, "the log begins anew", async || {
        upload().await;
        log_bytes(&file) <= 64 << 20
    })
    .await;
    assert!(!is_told().await);
}
