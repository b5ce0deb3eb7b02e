//! Pulling the plug, again and again: what was acknowledged before a `kill -9` is there afterwards.

use crate::support::*;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Says one message after the other, several at a time, until the connection breaks; returns those acknowledged.
pub async fn talks_until_cut_off(socket: Socket, room: String, name: String) -> Vec<usize> {
    let (socket, mut acknowledged) = (&socket, Vec::new());
    for batch in 0.. {
        let saying = (batch * 8..batch * 8 + 8).map(|at| {
            let message = json!({ "roomId": room, "content": format!("{name} {at}") });
            async move { (at, socket.tries("message", message).await) }
        });
        for (at, answer) in futures_util::future::join_all(saying).await {
            let Some(answer) = answer else {
                return acknowledged;
            };
            // Told to end, the server may say so instead of taking one message more.
            if answer["error"]["statusCode"] == 503 {
                return acknowledged;
            }
            assert_looks_like(&answer, json!({ "ok": true }), "the acknowledgement");
            acknowledged.push(at);
        }
    }
    acknowledged
}

/// Kills one server so often, on one file, and looks each time; returns how many messages were acknowledged in all.
pub async fn kills(rounds: usize) -> usize {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let mut chat = Chat::on(&file, &[]).await;
    let mut ann = chat.rooms("ann").await;
    let (mut rooms, mut acknowledged_in_all) = (Vec::new(), 0);
    let begun = Instant::now();
    for round in 0..rounds {
        let room = ann.opens_room(&format!("Round {round}")).await;
        let mut talking = Vec::new();
        for name in ["one", "two", "three", "four"] {
            let (socket, room) = (ann.opens_a_socket().await, room.clone());
            let talks = talks_until_cut_off(socket, room, name.to_owned());
            talking.push((name, tokio::spawn(talks)));
        }
        sleep(Duration::from_millis(150 + 20 * (round as u64 % 5))).await;
        chat.kill().await;
        chat = Chat::on(&file, &[]).await;
        ann = ann.at(&chat);

        let history = ann.history(&room).await;
        let mut all = 0;
        for (name, talking) in talking {
            let acknowledged = talking.await.expect("the talker ends when it is cut off");
            let prefix = format!("{name} ");
            let kept = history
                .iter()
                .filter_map(|message| message["content"].as_str()?.strip_prefix(&prefix));
            let kept: Vec<usize> = kept.map(|at| at.parse().expect("a number")).collect();
            // A socket's messages are committed in the order in which it said them: what is left of them has
            // no gap and no double, and reaches at least to the last acknowledged one.
            assert!(
                kept.iter().copied().eq(0..kept.len()),
                "round {round}, {name}: {kept:?}"
            );
            assert!(
                kept.len() >= acknowledged.len(),
                "round {round}, {name}: {acknowledged:?} but only {}",
                kept.len()
            );
            all += kept.len();
            acknowledged_in_all += acknowledged.len();
        }
        assert_eq!(
            history.len(),
            all,
            "round {round}: nothing else is in the room"
        );
        rooms.push((room, all));
    }
    // A busy machine may leave a round without a word, but not many.
    assert!(
        acknowledged_in_all > 8 * rounds,
        "only {acknowledged_in_all} messages were cut"
    );
    let each = begun.elapsed() / rounds as u32;
    assert!(
        each < Duration::from_millis(4_500),
        "restarting takes too long: {each:?} a round"
    );
    for (room, all) in rooms {
        let page = json!({ "pagination": { "total": all } });
        ann.get(format!("/api/messages/{room}?limit=1"))
            .await
            .looks_like(200, page);
    }
    assert_eq!(chat.stop().await, 0);
    acknowledged_in_all
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_under_load() {
    kills(20).await;
}
