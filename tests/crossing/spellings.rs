//! Every spelling of an id is good everywhere: rooms' hex in direct, direct's number in rooms.

use crate::support::*;

/// The number and the hex of one conversation, learned the way a client would.
async fn spellings(ann: &Person, bob: &Person) -> (u64, String) {
    let sent = ann.writes_to(bob, "First").await;
    let number = sent["conversation_id"]
        .as_u64()
        .expect("direct's ids are integers");
    let shown = ann
        .get(format!("/api/rooms/{number}"))
        .await
        .looks_like(200, json!({ "success": true }));
    (
        number,
        shown["data"]["_id"]
            .as_str()
            .expect("rooms' ids are strings")
            .to_owned(),
    )
}

#[tokio::test]
async fn a_conversations_spellings() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let (number, hex) = spellings(&ann, &bob).await;
    for spelled in [
        json!(number),
        json!(number.to_string()),
        json!(hex),
        json!(hex.to_uppercase()),
    ] {
        let socket = ann.opens_a_socket().await;
        for (event, payload) in [
            ("joinRoom", spelled.clone()),
            ("joinRoom", json!({ "roomId": spelled })),
            ("join_conversation", spelled.clone()),
            ("join_conversation", json!({ "conversationId": spelled })),
            ("message", json!({ "roomId": spelled, "content": "Hello!" })),
            (
                "send_message",
                json!({ "conversationId": spelled, "content": "Hello!" }),
            ),
            ("mark_read", json!({ "conversationId": spelled })),
            ("typing_start", json!({ "conversationId": spelled })),
            ("typing_stop", json!({ "conversationId": spelled })),
            ("leaveRoom", json!({ "roomId": spelled })),
            ("leave_conversation", spelled.clone()),
        ] {
            socket.does(event, payload).await;
        }
        let file = json!({ "roomId": spelled, "filename": "notes.txt", "mimetype": "text/plain" });
        assert_looks_like(
            &socket.asks_with("fileUpload", file, b"notes").await,
            json!({ "file": { "room": hex } }),
            "file",
        );

        let posted = ann
            .post(
                "/api/messages",
                json!({ "roomId": spelled, "content": "Hello!" }),
            )
            .await;
        posted.looks_like(201, json!({ "data": { "room": hex } }));
        let in_path = spelled.as_str().map_or(spelled.to_string(), str::to_owned);
        ann.get(format!("/api/rooms/{in_path}"))
            .await
            .looks_like(200, json!({ "data": { "_id": hex } }));
        ann.get(format!("/api/messages/{in_path}"))
            .await
            .looks_like(200, json!({ "success": true }));
        let form = Form::file("notes.txt", "text/plain", "notes").field("roomId", &in_path);
        ann.uploads(form).await.has_status(201);
    }
}

#[tokio::test]
async fn a_persons_and_a_messages_spellings() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let (number, _) = spellings(&ann, &bob).await;
    for spelled in [
        json!(bob.number),
        json!(bob.number.to_string()),
        json!(bob.id),
    ] {
        let sent = ann
            .does(
                "send_message",
                json!({ "toUserId": spelled, "content": "Hello!" }),
            )
            .await;
        assert_eq!(sent["message"]["conversation_id"], json!(number));
        ann.does(
            "typing_start",
            json!({ "conversationId": number, "toUserId": spelled }),
        )
        .await;
        ann.does(
            "typing_stop",
            json!({ "conversationId": number, "toUserId": spelled }),
        )
        .await;
    }
    let sent = ann.writes_to(&bob, "Seen").await;
    let listed = ann.history(&number.to_string()).await;
    let hex = listed.last().expect("there are messages")["_id"].clone();
    for spelled in [sent["id"].clone(), json!(sent["id"].to_string()), hex] {
        ann.enters(json!({ "lastMessageId": spelled }))
            .await
            .expect("a message's id is a position");
    }
}

#[tokio::test]
async fn a_files_spellings() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let form = Form::file("notes.txt", "text/plain", "some notes").field("roomId", &room);
    let file = ann
        .uploads(form)
        .await
        .looks_like(201, json!({ "success": true }))["data"]["_id"]
        .clone();
    let hex = file.as_str().expect("a file has an _id");
    chat.nobody()
        .get(format!("/api/files/{hex}"))
        .await
        .has_status(200);

    // The first file of a fresh server: a number is easily guessed, so it opens nothing without a token.
    let owned = (1..50).map(|number| format!("/api/files/{number}"));
    let mut found = None;
    for path in owned {
        if found.is_none() && ann.get(&path).await.status == 200 {
            found = Some(path);
        }
    }
    let path = found.expect("with a token a file has its number, too");
    let guessed = chat.nobody().get(&path).await;
    assert!(matches!(guessed.status, 401 | 404), "{guessed:?}");
    guessed.refused(guessed.status);
}

#[tokio::test]
async fn neighbours_do_not_give_each_other_away() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let mut rooms = Vec::new();
    for name in ["One", "Two", "Three"] {
        rooms.push(ann.opens_room(name).await);
    }
    for room in &rooms {
        // Whatever single digit one turns, what comes out is nobody's id.
        for at in [0, 7, 12, 23] {
            let mut turned = room.clone().into_bytes();
            turned[at] = if turned[at] == b'0' { b'1' } else { b'0' };
            let turned = String::from_utf8(turned).expect("hex is ASCII");
            ann.get(format!("/api/rooms/{turned}")).await.refused(400);
        }
    }
    let alike = |one: &str, two: &str| one.bytes().zip(two.bytes()).filter(|(a, b)| a == b).count();
    for (one, two) in [(0, 1), (1, 2), (0, 2)] {
        assert!(
            alike(&rooms[one], &rooms[two]) < 16,
            "{} and {} look alike",
            rooms[one],
            rooms[two]
        );
    }
}
