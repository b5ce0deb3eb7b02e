//! Copies under load: each is sound, and holds whatever had been acknowledged before it was begun.

use crate::support::*;
use futures_util::future::join_all;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Somebody who talks all the time: how much of it, from the beginning, was acknowledged.
#[derive(Default)]
struct Talker {
    acknowledged: AtomicUsize,
    enough: AtomicBool,
}

impl Talker {
    async fn talks(self: Arc<Self>, socket: Socket, room: String, name: usize) {
        let mut said = 0;
        while !self.enough.load(Ordering::Relaxed) {
            join_all((said..said + 8).map(|at| {
                let words = format!("{name} {at} {:.<500}", "");
                let message = json!({ "roomId": room, "content": words });
                socket.asks("message", message)
            }))
            .await
            .iter()
            .for_each(|answer| assert_looks_like(answer, json!({ "ok": true }), "a message"));
            said += 8;
            self.acknowledged.store(said, Ordering::Release);
            sleep(Duration::from_millis(4)).await;
        }
    }
}

/// Makes so many copies, by the command and by the administrator's route in turn; returns how many messages the last holds.
pub async fn backups(count: usize) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let (mut talkers, mut talking) = (Vec::new(), Vec::new());
    for name in 0..4 {
        let talker = Arc::new(Talker::default());
        let talks = talker
            .clone()
            .talks(ann.opens_a_socket().await, room.clone(), name);
        talkers.push(talker);
        talking.push(tokio::spawn(talks));
    }
    sleep(Duration::from_millis(100)).await;
    let mut held = 0;
    for at in 0..count {
        let before = talkers
            .iter()
            .map(|talker| talker.acknowledged.load(Ordering::Acquire));
        let before: Vec<_> = before.collect();
        if at % 2 == 0 {
            chat.command(&["backup", copy.to_str().expect("a plain path")])
                .await;
        } else {
            let streamed = chat.admin().get("/api/admin/backup").await;
            streamed.has_status(200);
            std::fs::write(&copy, &streamed.body).expect("the copy is written");
        }
        held = is_whole(&copy, &before).await;
        std::fs::remove_file(&copy).expect("the copy is there");
    }
    for talker in &talkers {
        talker.enough.store(true, Ordering::Relaxed);
    }
    for talking in talking {
        talking.await.expect("everything is acknowledged");
    }
    assert_eq!(chat.stop().await, 0);
    held
}

/// The copy is sound, and has of each talker's messages a beginning that reaches so far at least.
async fn is_whole(copy: &Path, before: &[usize]) -> usize {
    let checking = std::process::Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(["check", "--db"])
        .arg(copy)
        .stdin(std::process::Stdio::null())
        .output();
    let checked = checking.expect("the command can be started");
    assert!(checked.status.success(), "{checked:?}");
    let conn = rusqlite::Connection::open(copy).expect("the copy");
    let mut rows = conn
        .prepare("SELECT seq, text FROM messages ORDER BY seq")
        .expect("a query");
    let rows = rows.query_map((), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    });
    let (mut next, mut count) = (vec![0; before.len()], 0);
    for row in rows.expect("an answer") {
        let (seq, text) = row.expect("a row");
        count += 1;
        assert_eq!(seq, count, "the sequence numbers have no gap");
        let mut words = text.split(' ');
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse::<usize>().ok())
                .expect("a number")
        };
        let (name, at) = (number(), number());
        assert_eq!(at, next[name], "each talker's messages are there in order");
        next[name] += 1;
    }
    for (held, told) in next.iter().zip(before) {
        assert!(
            held >= told,
            "{told} were acknowledged, and {held} are in the copy"
        );
    }
    count as usize
}

#[tokio::test]
async fn copies_made_under_load_hold_what_was_acknowledged() {
    assert!(backups(6).await > 0);
}
