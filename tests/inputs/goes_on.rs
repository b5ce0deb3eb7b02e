//! Who goes on although refused, and who takes nothing of what it is told: each costs little, and is ended.

use super::frames::session;
use super::wire::Wire;
use crate::support::*;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const RATE: &[&str] = &["--limit-events", "20/1s"];

#[tokio::test]
async fn a_refusal_repeats_no_more_of_a_name_than_a_name_is_long() {
    // So few that a busy machine is too fast as well.
    let chat = Chat::with(&["--limit-events", "2/1s"]).await;
    let ann = chat.rooms("ann").await;
    let name = "x".repeat(90 << 10);
    let unknown = ann.enters(json!({})).await.expect("ann comes in");
    for _ in 0..150 {
        unknown.emit(&name, json!({}));
    }
    let refusals = unknown.hears_many(150, "error").await;
    for refusal in &refusals {
        assert_eq!(refusal["event"], "x".repeat(64));
    }
    // The first are unknown events, all others too many: that is told while the first still wait.
    let with = |status: u16| {
        let such = refusals.iter().filter(|one| one["statusCode"] == status);
        such.count()
    };
    let (unknown, too_many) = (with(404), with(429));
    assert!(unknown > 0 && too_many > unknown, "{unknown}, {too_many}");
    assert_eq!(unknown + too_many, refusals.len());
}

#[tokio::test]
async fn who_goes_on_after_many_refusals_is_ended_and_who_said_too_much_once_is_not() {
    let chat = Chat::with(RATE).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let join = format!("42[\"joinRoom\",{{\"roomId\":\"{room}\"}}]");
    // A client that comes back and joins all its rooms at once says more than it may.
    let mut hasty = Wire::enters(&ann, &chat.address, "/").await;
    for _ in 0..500 {
        assert!(hasty.says(&join).await);
    }
    sleep(Duration::from_secs(1)).await;
    assert!(hasty.says("421[\"joinRoom\",{}]").await);
    let answered = hasty.hears(|packet| packet.ack == Some(1)).await;
    answered.expect("it is there still");
    let mut hostile = Wire::enters(&ann, &chat.address, "/").await;
    for _ in 0..2_000 {
        if !hostile.says(&join).await {
            break;
        }
    }
    assert!(hostile.ends().await, "who goes on is not ended");
}

#[tokio::test]
async fn events_with_files_that_wait_for_an_earlier_one_are_bounded_in_bytes() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let socket = ann.socket().await;
    let (file, bytes) = (
        json!({ "roomId": room, "filename": "big.bin" }),
        vec![7; 8 << 20],
    );
    // Each waits until the one before it is stored.
    let uploads = (0..40).map(|_| socket.tries_with("fileUpload", file.clone(), &bytes));
    let answers = futures_util::future::join_all(uploads).await;
    let is_refused = |answer: &&Option<Value>| {
        let answer = answer.as_ref().expect("the socket lives");
        answer["ok"] == false
    };
    let refused = answers.iter().filter(is_refused).collect::<Vec<_>>();
    assert!(
        (1..40).contains(&refused.len()),
        "{} refused",
        refused.len()
    );
    for answer in refused.into_iter().flatten() {
        assert_eq!(answer["error"]["statusCode"], 503, "{answer}");
        assert_eq!(answer["error"]["message"], "Too many events are waiting");
    }
    ann.does("joinRoom", json!({ "roomId": room })).await;
}

#[tokio::test]
async fn typing_is_told_once_in_a_while_in_each_conversation_whatever_lies_between() {
    let chat = Chat::with(&["--limit-events", "1000/1s"]).await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let rooms = [ann.opens_room("One").await, ann.opens_room("Two").await];
    for room in &rooms {
        bob.posts(room, "Here I am").await;
        bob.does("join_conversation", json!(room)).await;
    }
    let begun = Instant::now();
    for _ in 0..20 {
        for room in &rooms {
            for event in ["typing_start", "typing_stop"] {
                ann.does(event, json!({ "conversationId": room })).await;
            }
        }
    }
    if begun.elapsed() < Duration::from_secs(2) {
        for event in ["typing_start", "typing_stop"] {
            bob.hears(event, json!({})).await;
            bob.hears(event, json!({})).await;
            bob.hears_nothing_of(event).await;
        }
    }
}

/// A session that is in a room and from now on polls no more: its path. It waits for each answer as clients do: who speaks
/// before CONNECT is answered ends the session.
async fn session_in(room: &str, chat: &Chat, person: &Person) -> String {
    let path = format!("/socket.io/?EIO=4&transport=polling&token={}", person.token);
    let session = session(chat, &path).await;
    for (packet, answer) in [
        ("40".to_owned(), "40{"),
        (
            format!("420[\"joinRoom\",{{\"roomId\":\"{room}\"}}]"),
            "430[",
        ),
    ] {
        assert_eq!(says(chat, &session, packet).await, 200);
        is_told(chat, &session, answer).await;
    }
    eventually("they are there", async || present(chat).await == 1).await;
    session
}

async fn says(chat: &Chat, session: &str, packet: impl Into<String>) -> u16 {
    let said = Request::new("POST", session).body("text/plain;charset=UTF-8", packet.into());
    said.send(&chat.address).await.status
}

/// Polls until it is told this. A ping may come first.
async fn is_told(chat: &Chat, session: &str, what: &str) {
    loop {
        let polled = Request::new("GET", session).send(&chat.address).await;
        if polled.has_status(200).text().contains(what) {
            return;
        }
    }
}

/// How many sockets the server counts as present.
async fn present(chat: &Chat) -> usize {
    let sockets = chat
        .admin()
        .get("/api/admin/sockets")
        .await
        .has_status(200)
        .json();
    sockets["sockets"].as_array().expect("sockets").len()
}

#[tokio::test]
async fn who_takes_nothing_of_what_it_is_told_is_ended_and_not_present_any_more() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    // A client that answers pings and never asks for what it was told.
    let path = session_in(&room, &chat, &bob).await;
    let begun = Instant::now();
    while present(&chat).await > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "bob is there still"
        );
        ann.post(
            "/api/messages",
            json!({ "roomId": room, "content": "Hello?" }),
        )
        .await;
        says(&chat, &path, "3").await;
        sleep(Duration::from_secs(1)).await;
    }
    let after = begun.elapsed();
    assert!(after > Duration::from_secs(20), "ended too soon: {after:?}");
}

#[tokio::test]
async fn who_stops_taking_is_ended_although_nothing_new_is_told() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let path = session_in(&room, &chat, &bob).await;
    // All that he will ever be told, between his last poll and the next time that anybody looks.
    let hello = json!({ "roomId": room, "content": "Hello?" });
    ann.post("/api/messages", hello.clone()).await;
    Request::new("GET", &path).send(&chat.address).await;
    ann.post("/api/messages", hello).await;
    let begun = Instant::now();
    while present(&chat).await > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "bob is there still"
        );
        says(&chat, &path, "3").await;
        sleep(Duration::from_secs(1)).await;
    }
    let after = begun.elapsed();
    assert!(after > Duration::from_secs(20), "ended too soon: {after:?}");
}
