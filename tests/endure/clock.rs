//! What if the clock jumps? Messages keep the order in which they were committed, whatever time it is said to be.

use super::preload;
use crate::support::server::on_file;
use crate::support::*;
use std::os::unix::fs::FileExt;

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_clock_that_jumps_disturbs_no_order_and_no_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = preload::compiled(include_str!("clock.c"), "clock.so", folder.path());
    let (shift, file) = (folder.path().join("shift"), folder.path().join("chat.db"));
    std::fs::write(&shift, 0_i64.to_ne_bytes()).expect("a shift");
    let environment = [("LD_PRELOAD", &*clock), ("CLOCK_SHIFT", &*shift)];
    let hand = std::fs::File::options()
        .write(true)
        .open(&shift)
        .expect("the clock's hand");
    let jumps = |seconds: i64| {
        let set = hand.write_all_at(&seconds.to_ne_bytes(), 0);
        set.expect("the clock is set");
    };
    let chat = Chat::start_in(&environment, &on_file(&file)).await;
    let chat = chat.expect("a server with another clock");
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Everybody", &[&bob]).await;
    let listening = bob.opens_a_socket().await;
    listening.does("join_conversation", json!(group)).await;

    let (mut said, mut ids, mut times) = (Vec::new(), Vec::new(), Vec::new());
    // Within the life of a token: past that nobody could say anything.
    for (at, day) in [0, 5, -3_650, 1, -1, 0, -20_000, 6, 0]
        .into_iter()
        .enumerate()
    {
        jumps(day * DAY);
        for number in 0..10 {
            let words = format!("{at} {number}");
            let sent = ann.sends_to(&group, &words).await;
            times.push(sent["createdAt"].as_str().expect("a time").to_owned());
            ids.push(sent["id"].clone());
            said.push(words);
        }
    }
    assert!(!times.is_sorted(), "the clock did jump: {times:?}");
    assert!(
        times.iter().any(|time| time < &"2018".to_owned()),
        "{times:?}"
    );

    let heard = listening.hears_many(said.len(), "new_message").await;
    let numbers: Vec<_> = heard.iter().map(|one| one["id"].as_u64()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "ids grow");
    assert_eq!(words(&heard, "content"), said);
    assert_eq!(
        words(&ann.history(&group).await, "content"),
        said,
        "rooms' pages"
    );

    // Backwards page by page: campus from a message, mentor from a cursor.
    let (mut found, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("/message/get-messages?conversationId={group}&limit=7{before}");
        let page = bob.get(path).await.has_status(200).json();
        let page = page.as_array().expect("a list").clone();
        let Some(oldest) = page.first() else { break };
        before = format!("&before={}", oldest["id"].as_str().expect("an id"));
        found.splice(0..0, page);
    }
    assert_eq!(words(&found, "message"), said, "campus' pages");
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/conversations/{group}/messages?limit=7{cursor}");
        let page = bob.get(path).await.has_status(200).json();
        found.extend(page["messages"].as_array().expect("a list").iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        cursor = format!("&before={next}");
    }
    found.reverse();
    assert_eq!(words(&found, "content"), said, "mentor's pages");

    // What was missed is told from the position on, not from its time.
    for at in [9, 25, 45, 80] {
        let back = bob.enters(json!({ "lastMessageId": ids[at] })).await;
        let back = back.expect("a position");
        back.does("join-group", json!({ "conversation": group }))
            .await;
        let missed = back
            .hears_many(said.len() - at - 1, "receive-group-message")
            .await;
        assert_eq!(words(&missed, "message"), said[at + 1..], "from {at} on");
    }
    assert_eq!(bob.reads(&group).await, json!(said.len()));
    assert_eq!(bob.reads(&group).await, json!(0));
    assert_eq!(chat.stop().await, 0);
}

fn words(messages: &[Value], field: &str) -> Vec<String> {
    let words = messages.iter().map(|message| message[field].as_str());
    words
        .map(|words| words.expect("words").to_owned())
        .collect()
}
