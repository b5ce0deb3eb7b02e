//! A disk that is full: what does not fit is refused in words, what was said to be there is there, and when there is room
//! again it goes on.

use super::verdict::wrong_with_ack;
use crate::support::*;
use std::path::Path;

/// A message of which a few fill what is left.
fn long(at: usize) -> String {
    format!("{at} {}", "x".repeat(7_000))
}

fn grown(file: &Path) -> u64 {
    let wal = file.with_extension("db-wal");
    [file, &wal]
        .iter()
        .map(|file| std::fs::metadata(file).map_or(0, |file| file.len()))
        .max()
        .unwrap_or_default()
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_full_and_nothing_acknowledged_is_lost() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let chat = Chat::on_a_small_disk(&file).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    ann.does("joinRoom", json!({ "roomId": room })).await;

    let mut acknowledged = Vec::new();
    for round in 0..3 {
        chat.has_room_for(Some(grown(&file) + (40 << 10)));
        let mut refused = 0;
        // The log of writes may begin anew in the middle: then more fits than was left, and in the end no less is refused.
        for at in round * 1_000..round * 1_000 + 400 {
            if refused > 10 {
                break;
            }
            // By both ways: each refusal says so in its own.
            let message = json!({ "roomId": room, "content": long(at) });
            if at % 2 == 0 {
                let answer = ann.post("/api/messages", message).await;
                match answer.status {
                    201 => acknowledged.push(at),
                    _ => {
                        refused += 1;
                        answer.refused(503);
                        assert!(
                            answer
                                .says("retry-after")
                                .parse::<u32>()
                                .is_ok_and(|wait| wait > 0)
                        );
                    }
                }
            } else {
                let answer = ann.asks("message", message).await;
                match answer["ok"] == true {
                    true => acknowledged.push(at),
                    false => {
                        refused += 1;
                        assert_eq!(answer["error"]["statusCode"], 503, "{answer}");
                    }
                }
            }
        }
        assert!(refused > 10, "only {refused} of 400 did not fit");
        // A file of many parts, and a new account: refused alike, and nothing of them stays.
        let file_of = Form::file("big.bin", "application/octet-stream", vec![b'x'; 3 << 20]);
        ann.uploads(file_of).await.refused(503);
        let new =
            json!({ "username": "eve", "email": "eve@example.test", "password": "open sesame" });
        chat.nobody()
            .post("/api/auth/signup", new)
            .await
            .refused(503);
        // Nothing fits any more, and who looks after it hears of that.
        chat.has_room_for(Some(0));
        is_said_to_be_well(&chat, false).await;
        // What is there can be read as ever.
        assert_eq!(seen(&ann, &room).await, acknowledged, "round {round}");

        chat.has_room_for(None);
        is_said_to_be_well(&chat, true).await;
        let message = json!({ "roomId": room, "content": long(round * 1_000 + 999) });
        let answer = ann.asks("message", message).await;
        assert_eq!(wrong_with_ack(&answer), None);
        assert_eq!(answer["ok"], true, "there is room again: {answer}");
        acknowledged.push(round * 1_000 + 999);
        let form = Form::file("big.bin", "application/octet-stream", vec![b'x'; 1 << 20]);
        ann.uploads(form).await.has_status(201);
    }
    // The others have heard what was acknowledged, and nothing else.
    let heard = bob
        .socket()
        .await
        .hears_many(acknowledged.len(), "message")
        .await;
    let heard: Vec<_> = heard.iter().map(number).collect();
    assert_eq!(heard, acknowledged);
    bob.hears_nothing_of("message").await;

    chat.kill().await;
    let chat = Chat::on(&file, &[]).await;
    let ann = ann.at(&chat);
    assert_eq!(seen(&ann, &room).await, acknowledged, "after a crash");
    chat.rooms("eve").await;
    let check = chat.runs(&["check"]).await;
    assert!(check.status.success(), "{check:?}");
}

/// Sooner or later: the disk is not asked each time.
async fn is_said_to_be_well(chat: &Chat, well: bool) {
    let status = if well { 200 } else { 503 };
    eventually("its health is known", async || {
        chat.nobody().get("/healthz").await.status == status
    })
    .await;
}

async fn seen(person: &Person, room: &str) -> Vec<usize> {
    person.history(room).await.iter().map(number).collect()
}

fn number(message: &Value) -> usize {
    let content = message["content"].as_str().expect("a text");
    let (number, _) = content.split_once(' ').expect("a number before it");
    number.parse().expect("a number")
}
