//! How long does the write-ahead log get? No longer than between two checkpoints, whoever reads for how long.

use crate::support::*;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// 4,000 pages until a checkpoint, and what one commit may add before it comes.
const BOUND: u64 = 2 * 4_000 * 4_096;
/// What is left of a log that had outgrown that, once it is used again.
const LEFT: u64 = 64 << 20;

/// Ann says so many long messages; returns how long the log was at most.
async fn says(ann: &Person, room: &str, log: &Path, messages: usize) -> u64 {
    let (socket, mut longest) = (ann.socket().await, 0);
    for at in (0..messages).step_by(20) {
        for number in at..at + 19 {
            socket.emit("message", message(room, number));
        }
        socket.does("message", message(room, at + 19)).await;
        longest = longest.max(std::fs::metadata(log).map_or(0, |log| log.len()));
    }
    longest
}

fn message(room: &str, number: usize) -> Value {
    json!({ "roomId": room, "content": format!("{number:.<7900}") })
}

/// Begins to download, and takes as much as the kernel does.
async fn downloads_slowly(chat: &Chat, person: &Person, file: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .set_recv_buffer_size(16 << 10)
        .expect("the kernel holds little");
    let address = chat.address.parse().expect("an address");
    let mut connection = socket.connect(address).await.expect("the server accepts");
    let asked = format!(
        "GET /api/files/{file} HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {}\r\n\r\n",
        person.token
    );
    connection
        .write_all(asked.as_bytes())
        .await
        .expect("the connection is open");
    let mut begun = [0; 4_096];
    connection
        .read_exact(&mut begun)
        .await
        .expect("the download has begun");
    connection
}

#[tokio::test]
async fn the_log_stays_short_while_somebody_reads_for_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let log = folder.path().join("chat.db-wal");
    let chat = Chat::on(&file, &[]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let large = Form::file("large.bin", "application/octet-stream", vec![7; 9 << 20]);
    let large = ann.uploads(large).await.has_status(201).json();
    let large = large["data"]["_id"]
        .as_str()
        .expect("a file has an _id")
        .to_owned();

    let slow = downloads_slowly(&chat, &ann, &large).await;
    let longest = says(&ann, &room, &log, 4_000).await;
    assert!(longest < BOUND, "{longest} bytes beside a slow download");
    drop(slow);

    // Who reads in one snapshot for so long, from outside, holds the log; and lets it go again.
    let reader = rusqlite::Connection::open(&file).expect("the database");
    let count = "SELECT count(*) FROM messages";
    reader.execute_batch("BEGIN").expect("a snapshot");
    let before: i64 = reader
        .query_row(count, (), |row| row.get(0))
        .expect("a count");
    let longest = says(&ann, &room, &log, 4_000).await;
    assert!(
        longest > BOUND,
        "{longest} bytes: nothing held the log, and the scene shows nothing"
    );
    let after: i64 = reader
        .query_row(count, (), |row| row.get(0))
        .expect("a count");
    assert_eq!(before, after, "it is one snapshot");
    reader.execute_batch("COMMIT").expect("the end of it");
    says(&ann, &room, &log, 2_000).await;
    let left = std::fs::metadata(&log).expect("the log").len();
    assert!(left <= LEFT, "{left} bytes are left");
    assert_eq!(chat.stop().await, 0);
}
