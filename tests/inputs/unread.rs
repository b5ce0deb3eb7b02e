//! Answers that nobody reads: so much of them waits, and no more; and whoever reads is served.

use super::doorway::resident;
use super::verdict::is_well;
use crate::doors::raw::connect;
use crate::support::*;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

const CONNECTIONS: usize = 60;
/// In KiB: what may wait, which is 128 MiB, and what the making of such large answers takes; of 720 MB in all.
const MOST: u64 = 384 << 10;

#[tokio::test]
async fn pages_that_nobody_reads_cost_so_much_and_keep_nobody_from_theirs() {
    let chat = Chat::with(&["--max-message", "60000"]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    // Each is twice as long in JSON: a page is 12 MB.
    let long = "\"".repeat(60_000);
    for _ in 0..100 {
        ann.posts(&room, &long).await;
    }
    let path = format!("/api/messages/{room}?limit=100");
    let page = ann.get(&path).await.has_status(200).body.len();
    assert!(page > 12_000_000, "{page}");
    let before = resident(&chat);
    // Somebody who reads, elsewhere.
    let reader = ann.elsewhere();
    let asks = format!("GET {path} HTTP/1.1\r\nHost: chat.example.test\r\n\r\n");
    let (mut open, mut most) = (Vec::new(), 0);
    for at in 0..CONNECTIONS {
        let mut connection = connect(&chat).await;
        let asked = connection.write_all(asks.as_bytes()).await;
        asked.expect("it is open");
        open.push(connection);
        if at % 10 == 9 {
            // Who reads gets all of it.
            let read = timeout(6 * PATIENCE, reader.get(&path)).await;
            assert_eq!(read.expect("in time").has_status(200).body.len(), page);
            most = most.max(resident(&chat));
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    most = most.max(resident(&chat));
    assert!(most < before + MOST, "{before} KiB became {most} KiB");
    is_well(&chat).await;
}
