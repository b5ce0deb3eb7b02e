//! Typing, receipts and unread counts cross the dialects that have them, and leave the others alone.

use super::stage::*;
use crate::support::*;

/// Who types or reads: a socket joined in direct, or one in `/chat`.
const SIGNALLERS: [Listener; 2] = [Listener::Direct, Listener::Mentor];

impl Stage {
    /// What the others hear of this person's typing, in a dialect that knows it.
    fn typing_heard_in(&self, dialect: Listener, who: &Person, on: bool) -> Option<(&str, Value)> {
        match dialect {
            Listener::Direct => {
                let event = if on { "typing_start" } else { "typing_stop" };
                let heard = json!({ "conversationId": self.number, "userId": who.number });
                Some((event, heard))
            }
            Listener::Mentor => {
                let heard =
                    json!({ "conversationId": self.uuid, "userId": who.uuid, "isTyping": on });
                Some(("user_typing", heard))
            }
            Listener::Rooms | Listener::Campus => None,
        }
    }

    /// What the others hear of this person's reading, in a dialect that knows it.
    fn reading_heard_in(&self, dialect: Listener, who: &Person, count: usize) -> Option<Value> {
        let (place, reader) = match dialect {
            Listener::Direct => (self.number.clone(), json!(who.number)),
            Listener::Mentor => (json!(self.uuid), json!(who.uuid)),
            Listener::Rooms | Listener::Campus => return None,
        };
        Some(json!({ "conversationId": place, "userId": reader, "readBy": reader, "count": count }))
    }
}

#[tokio::test]
async fn typing_is_seen_by_the_others_in_every_sort() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        let hers = stage.listens_everywhere(ann).await;
        let his = stage.listens_everywhere(bob).await;
        for typist in SIGNALLERS {
            let mouth = stage.listens(bob, &[typist]).await;
            for on in [true, false] {
                let (event, mut payload) = stage
                    .typing_heard_in(typist, bob, on)
                    .expect("it knows typing");
                let event = if typist == Listener::Mentor {
                    "typing"
                } else {
                    event
                };
                payload["toUserId"] = json!(ann.number);
                mouth.socket.does(event, payload).await;
                for ears in &hers {
                    for dialect in &ears.dialects {
                        if let Some((event, heard)) = stage.typing_heard_in(*dialect, bob, on) {
                            ears.socket.hears(event, heard).await;
                        }
                    }
                }
            }
            mouth.socket.hears_nothing_said().await;
        }
        all_is_quiet(&hers).await;
        all_is_quiet(&his).await;
    }
}

#[derive(Clone, Copy, Debug)]
enum Reading {
    DirectSocket,
    MentorSocket,
    MentorRest,
}

#[tokio::test]
async fn what_was_said_anywhere_is_unread_until_it_is_read_anywhere() {
    for sort in SORTS {
        let stage = Stage::of(sort).await;
        let (ann, bob) = (&stage.ann, &stage.bob);
        ann.reads(&stage.uuid).await;
        let hers = stage.listens_everywhere(ann).await;
        let (mouth, in_direct, in_chat) = (
            ann.opens_a_socket().await,
            stage.listens(bob, &[Listener::Direct]).await.socket,
            stage.listens(bob, &[Listener::Mentor]).await.socket,
        );
        let unread = async |who: &Person| {
            let list = who.get("/api/conversations").await.has_status(200).json();
            assert_eq!(list[0]["id"], json!(stage.uuid));
            list[0]["unreadCount"].clone()
        };
        for reading in [
            Reading::DirectSocket,
            Reading::MentorSocket,
            Reading::MentorRest,
        ] {
            for (before, speaker) in SPEAKERS.into_iter().enumerate() {
                assert_eq!(unread(bob).await, before, "before {speaker:?} in {sort:?}");
                stage.says(speaker, &mouth, "Read this").await;
            }
            let all = SPEAKERS.len();
            assert_eq!(unread(bob).await, all);
            assert_eq!(unread(ann).await, 0, "one's own is never unread");
            let place = json!({ "conversationId": stage.uuid });
            let count = match reading {
                Reading::DirectSocket => in_direct.does("mark_read", place).await["count"].clone(),
                Reading::MentorSocket => in_chat.does("mark_read", place).await["count"].clone(),
                Reading::MentorRest => bob.reads(&stage.uuid).await,
            };
            assert_eq!(count, all, "by {reading:?} in {sort:?}");
            assert_eq!(unread(bob).await, 0);
            for ears in &hers {
                for dialect in &ears.dialects {
                    if let Some(receipt) = stage.reading_heard_in(*dialect, bob, all) {
                        ears.socket.hears("messages_read", receipt).await;
                    }
                }
            }
        }
        for socket in [&in_direct, &in_chat] {
            socket.hears_nothing_of("messages_read").await;
        }
        for ears in &hers {
            let own = SPEAKERS.len() * 3;
            for dialect in &ears.dialects {
                ears.socket
                    .hears_many(own, stage.heard_in(*dialect, "").0)
                    .await;
            }
        }
        all_is_quiet(&hers).await;
    }
}

#[tokio::test]
async fn what_comes_along_from_a_terminal_is_dropped_and_the_words_are_said() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.does("join_conversation", json!(room)).await;
    let pasted = "\u{1b}[31mred\u{1b}[0m\u{b}\u{c}\tand\r\nblue\u{0}\u{9b}";
    let meant = "[31mred[0m\tand\r\nblue";
    ann.posts(&room, pasted).await;
    ann.sends_to(&room, pasted).await;
    let path = format!("/api/conversations/{room}/messages");
    ann.post(path, json!({ "content": pasted }))
        .await
        .looks_like(201, json!({ "content": meant }));
    for (event, body) in [
        ("message", json!({ "roomId": room, "content": pasted })),
        (
            "send_message",
            json!({ "conversationId": room, "content": pasted }),
        ),
        (
            "send-group-message",
            json!({ "conversationId": room, "message": pasted }),
        ),
    ] {
        ann.does(event, body).await;
    }
    for _ in 0..6 {
        bob.hears("new_message", json!({ "content": meant })).await;
    }
    // Where nothing is left, nothing was said.
    let nothing = json!({ "roomId": room, "content": "\u{1b}\u{c} \u{b}" });
    ann.post("/api/messages", nothing)
        .await
        .refused_for(&["content"]);
    // No argument of a command has a NUL.
    let pasted = pasted.replace('\0', "");
    chat.notifies(&bob, "Log", &pasted, "system").await;
    bob.hears("new_notification", json!({ "message": meant }))
        .await;
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named_by_its_documents_name() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let (both, long) = (json!({ "roomId": "zz", "content": "" }), "x".repeat(8_001));
    let refused = ann.post("/api/messages", both.clone()).await;
    refused.refused_for(&["roomId", "content"]);
    let campus = json!({ "conversationId": "zz", "message": long });
    let refused = ann.post("/message/create", campus).await;
    refused.refused_for(&["conversationId", "message"]);
    // What is attached lets a text be empty, and no longer than any.
    let blank = json!({
        "content": " ".repeat(8_001),
        "attachments": [{ "filename": "x", "mimeType": "text/plain", "url": "https://example.com/x", "size": 1 }],
    });
    let path = format!("/api/conversations/{room}/messages");
    ann.post(&path, blank).await.refused_for(&["content"]);
    let mentor = json!({ "content": 5, "attachments": [{ "url": "x" }] });
    let refused = ann.post(path, mentor).await;
    let fields = [
        "content",
        "attachments[0].filename",
        "attachments[0].mimeType",
    ];
    refused.refused_for(&[&fields[..], &["attachments[0].url"]].concat());
    for (event, payload, fields) in [
        ("message", both, &["roomId", "content"][..]),
        ("joinRoom", json!({}), &["roomId"]),
        ("join_conversation", json!({}), &["conversationId"]),
        (
            "send_message",
            json!({ "toUserId": "zz", "content": "" }),
            &["toUserId", "content"],
        ),
    ] {
        let error = ann.is_refused(400, event, payload).await;
        let wrong = error["errors"].as_array().expect("a line for each field");
        let name = |line: &Value| Some(line.as_str()?.split_once(':')?.0.to_owned());
        let named: Vec<_> = wrong.iter().filter_map(name).collect();
        assert_eq!(named, fields, "{event}: {error}");
    }
}
