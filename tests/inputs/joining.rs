//! Who belongs to very much, comes again and again, or makes conversations by the thousand: it costs the others little.

use super::verdict::is_well;
use super::wire::Wire;
use crate::support::packet;
use crate::support::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Groups that somebody belongs to beforehand: as many as anybody may.
const MANY: i64 = 10_000;

/// Groups with these numbers, which `owner` has made and `member` belongs to as well.
fn fill(file: &Path, numbers: std::ops::Range<i64>, people: &[&Person]) {
    let conn = rusqlite::Connection::open(file).expect("the database");
    conn.execute_batch("BEGIN").expect("a transaction");
    for number in numbers {
        conn.execute(
            "INSERT INTO conversations (id, kind, name, description, creator, created_at)
             VALUES (?1, 'group', 'Group', '', ?2, 1700000000000)",
            (number, people[0].number as i64),
        )
        .expect("a group");
        for person in people {
            conn.execute(
                "INSERT INTO members (conversation, account, joined_at, owner_since)
                 VALUES (?1, ?2, 1700000000000, CASE WHEN ?2 = ?3 THEN 1700000000000 END)",
                (number, person.number as i64, people[0].number as i64),
            )
            .expect("a member");
        }
    }
    conn.execute_batch("COMMIT").expect("it is written");
}

#[tokio::test]
async fn who_joins_ten_thousand_hears_each_and_holds_up_nobody() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.mentor("ann").await, chat.rooms("bob").await);
    let eve = chat.rooms("eve").await;
    let lobby = eve.opens_room("Lobby").await;
    assert_eq!(chat.stop().await, 0);
    let first = 1_000;
    fill(&file, first..first + MANY - 10, &[&bob, &ann]);
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob, eve) = (ann.at(&chat).through("/chat"), bob.at(&chat), eve.at(&chat));

    // While ann comes in, bob puts her out of some groups and takes her into others.
    let (left, stays) = (first + MANY / 2, first + MANY - 11);
    let joined = bob.gathers("New", &[&eve]).await;
    let goes = bob.delete(format!("/api/conversations/{left}/members/{}", ann.number));
    let add = json!({ "userId": ann.number });
    let comes = bob.post(format!("/api/conversations/{joined}/members"), add);
    let (entered, gone, taken_in) = tokio::join!(ann.enters(json!({})), goes, comes);
    assert!(gone.status < 300 && taken_in.status < 300);
    let entered = entered.expect("ann comes in");
    for place in [
        left.to_string(),
        first.to_string(),
        joined.clone(),
        stays.to_string(),
    ] {
        bob.posts(&place, &format!("In {place}")).await;
    }
    for place in [first.to_string(), joined, stays.to_string()] {
        let said = format!("In {place}");
        entered
            .hears("new_message", json!({ "message": { "content": said } }))
            .await;
    }
    entered.hears_nothing_of("new_message").await;
    drop(entered);

    // She comes again and again, and goes before she is in: the others' writes do not wait for it.
    let ends = Arc::new(AtomicBool::new(false));
    let flood = (0..8).map(|at| {
        let (ends, address, token) = (ends.clone(), chat.address.clone(), ann.token.clone());
        tokio::spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                let mut wire = Wire::open(&address, 4, "").await;
                let connect = packet::connect("/chat", &json!({ "token": token }));
                wire.says(&connect).await;
                if at % 2 == 0 {
                    wire.listens_for(Duration::from_millis(50)).await;
                }
            }
        })
    });
    let flood: Vec<_> = flood.collect();
    let (begun, mut worst) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < Duration::from_secs(5) {
        let asked = Instant::now();
        eve.posts(&lobby, "Anybody here?").await;
        worst = worst.max(asked.elapsed());
    }
    assert!(worst < Duration::from_secs(1), "a message took {worst:?}");
    is_well(&chat).await;
    // And it can be ended in the midst of it: within ten seconds, or this fails.
    assert_eq!(chat.stop().await, 0);
    ends.store(true, Ordering::Relaxed);
    flood.iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn nobody_belongs_to_more_than_so_many() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let lobby = bob.opens_room("Lobby").await;
    assert_eq!(chat.stop().await, 0);
    fill(&file, 1_000..1_000 + MANY - 1, &[&ann]);
    let chat = Chat::on(&file, &[]).await;
    let (ann, bob) = (ann.at(&chat), bob.at(&chat));
    ann.opens_room("The last one").await;
    let full = async |answer: Answer| {
        answer.looks_like(
            409,
            json!({ "message": "Nobody may belong to more than 10,000 conversations" }),
        );
    };
    let room = json!({ "name": "One more", "description": "" });
    full(ann.post("/api/rooms", room).await).await;
    let said = json!({ "roomId": lobby, "content": "Hello" });
    full(ann.post("/api/messages", said).await).await;
    let group = json!({ "name": "With ann", "groupMenmbers": [ann.uuid] });
    full(bob.post("/conversaton/create-group", group).await).await;
    let pair = json!({ "toUserId": ann.number, "message": "Hello" });
    let refused = bob.is_refused(409, "send_message", pair).await;
    assert!(
        refused["message"].to_string().contains("10,000"),
        "{refused}"
    );
    // Who leaves one has room again.
    let left = ann.delete(format!("/api/conversations/1000/members/{}", ann.number));
    assert!(left.await.status < 300);
    ann.posts(&lobby, "Hello").await;
}

#[tokio::test]
async fn conversations_are_made_no_faster_than_so() {
    let chat = Chat::with(&["--limit-conversations", "3/1h"]).await;
    let (ann, bob) = (chat.direct("ann").await, chat.rooms("bob").await);
    for name in ["One", "Two"] {
        ann.opens_room(name).await;
    }
    let pair = json!({ "toUserId": bob.number, "message": "Hello" });
    ann.does("send_message", pair.clone()).await;
    let room = json!({ "name": "Four", "description": "" });
    let refused = ann.post("/api/rooms", room).await;
    refused.refused(429);
    let wait: u64 = refused.says("retry-after").parse().expect("seconds");
    assert!((1..=3_600).contains(&wait), "{wait}");
    let group = json!({ "name": "Four", "groupMenmbers": [bob.uuid] });
    let refused = ann.post("/conversaton/create-group", group).await;
    refused.refused(429);
    // What is there already is found, and others have a count of their own.
    ann.does("send_message", pair).await;
    bob.opens_room("Five").await;
}

#[tokio::test]
async fn people_are_made_members_no_faster_than_so() {
    let chat = Chat::with(&["--limit-members", "3/1h"]).await;
    let (ann, bob, carl) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("carl").await,
    );
    let group = ann.gathers("Group", &[&bob, &carl]).await;
    let room = carl.opens_room("Lobby").await;
    let joins = async |person: &Person| {
        let path = format!("/api/rooms/{room}/members");
        person.post(path, json!({ "userId": person.number })).await
    };
    joins(&ann).await.has_status(200);
    // Whoever comes and goes is counted as well: all others are told each time.
    let left = format!("/api/rooms/{room}/members/{}", ann.number);
    assert!(ann.delete(left).await.status < 300);
    let refused = joins(&ann).await;
    let said = refused.refused(429).json();
    let words = said["message"].as_str().expect("a sentence");
    assert!(
        words.starts_with("You have made many people members") && words.contains("try again in"),
        "{words}"
    );
    let wait: u64 = refused.says("retry-after").parse().expect("seconds");
    assert!((1..=3_600).contains(&wait), "{wait}");
    let gathered = json!({ "name": "More", "groupMenmbers": [bob.uuid] });
    ann.post("/conversaton/create-group", gathered)
        .await
        .refused(429);
    // It counts neither what is refused nor what others do, and hinders nobody from speaking.
    ann.sends_to(&group, "Hello").await;
    joins(&bob).await.has_status(200);
}

#[tokio::test]
async fn nobody_fills_the_disk_with_words() {
    let chat = Chat::with(&["--limit-message-bytes", "20KiB/1d"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    // 8,000 bytes are 8 KiB, and the shortest words are one.
    let says = async |person: &Person, words: &str| {
        let said = json!({ "roomId": room, "content": words });
        person.post("/api/messages", said).await
    };
    for words in [&"x".repeat(8_000), &"x".repeat(8_000), "a", "b", "c", "d"] {
        says(&ann, words).await.has_status(201);
    }
    let said = says(&ann, "e").await.refused(429).json();
    assert!(
        said["message"].to_string().contains("written very much"),
        "{said}"
    );
    let refused = ann
        .is_refused(429, "message", json!({ "roomId": room, "content": "f" }))
        .await;
    assert!(
        refused.to_string().contains("written very much"),
        "{refused}"
    );
    says(&bob, "It is mine").await.has_status(201);
}

#[tokio::test]
async fn nobody_connects_more_often_than_so() {
    let flags = ["--limit-connects", "3/1m", "--trust-proxy", "127.0.0.1"];
    let chat = Chat::with(&flags).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.mentor("bob").await);
    for _ in 0..3 {
        ann.enters(json!({})).await.expect("so often she may");
    }
    let refused = ann.enters(json!({})).await.err();
    let refused = refused.expect("the fourth is one too many");
    assert!(refused.contains("Too many requests"), "{refused}");
    bob.enters(json!({})).await.expect("bob may");
    // From one address 60 a minute, whoever they say they are.
    let from = async |address: &str| {
        let entry = ann.entry().header("X-Forwarded-For", address);
        let auth = json!({ "token": "nobody's" });
        let refused = entry.auth(auth).connect().await.err();
        refused.expect("no such token")
    };
    for _ in 0..60 {
        assert!(!from("192.0.2.1").await.contains("Too many"));
    }
    assert!(from("192.0.2.1").await.contains("Too many requests"));
    assert!(!from("192.0.2.2").await.contains("Too many"));
}
