//! One conversation heard in two dialects, each in its own shape, each message once.

use crate::support::*;

const MESSAGE: &str = r#"{
    "_id": "64f8a1b2c3d4e5f6a7b8c9d2",
    "content": "Hello!",
    "sender": { "_id": "64f8a1b2c3d4e5f6a7b8c9d0", "username": "ann" },
    "room": "64f8a1b2c3d4e5f6a7b8c9d1",
    "createdAt": "2024-01-01T00:00:00.000Z"
}"#;

fn new_message(from: &Person, to: Option<&Person>, content: &str) -> Value {
    let to = to.map(|person| person.number);
    json!({ "sender_id": from.number, "receiver_id": to, "content": content, "is_read": false, "read_at": null })
}

fn message(from: &Person, content: &str) -> Value {
    json!({ "content": content, "sender": { "_id": from.id, "username": from.name } })
}

#[tokio::test]
async fn ann_and_bob_talk_in_an_open_room() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    bob.does("join_conversation", json!(room)).await;

    let by_rest = ann.posts(&room, "By REST").await;
    let heard = bob
        .hears("new_message", new_message(&ann, None, "By REST"))
        .await;
    assert_eq!(heard["created_at"], by_rest["createdAt"]);
    ann.does("message", json!({ "roomId": room, "content": "By event" }))
        .await;
    bob.hears("new_message", new_message(&ann, None, "By event"))
        .await;
    bob.does(
        "send_message",
        json!({ "conversationId": room, "content": "Both arrived" }),
    )
    .await;
    bob.hears("new_message", new_message(&bob, None, "Both arrived"))
        .await;
    for (from, content) in [
        (&ann, "By REST"),
        (&ann, "By event"),
        (&bob, "Both arrived"),
    ] {
        let heard = ann.hears("message", message(from, content)).await;
        assert_eq!(heard["room"], json!(room));
    }
    for person in [&ann, &bob] {
        person.socket().await.hears_nothing().await;
    }
}

#[tokio::test]
async fn ann_and_bob_talk_in_private() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let first = bob.writes_to(&ann, "Are you there?").await;
    let number = first["conversation_id"].clone();

    // Ann finds it among her rooms; nobody else does.
    let rooms = ann
        .get("/api/rooms")
        .await
        .looks_like(200, json!({ "data": [{}] }));
    let private = rooms["data"][0]["_id"].as_str().expect("a room has an _id");
    ann.get(format!("/api/rooms/{private}")).await.looks_like(
        200,
        json!({ "data": { "messages": [message(&bob, "Are you there?")] } }),
    );
    chat.nobody()
        .get("/api/rooms")
        .await
        .looks_like(200, json!({ "data": [] }));

    ann.does("joinRoom", json!({ "roomId": private })).await;
    bob.hears(
        "new_message",
        new_message(&bob, Some(&ann), "Are you there?"),
    )
    .await;
    ann.emit("message", json!({ "roomId": private, "content": "Hello!" }))
        .await;
    let heard = ann.hears("message", MESSAGE).await;
    assert_looks_like(
        &heard,
        json!({ "room": private, "sender": { "_id": ann.id } }),
        "the message",
    );
    let heard = bob
        .hears("new_message", new_message(&ann, Some(&bob), "Hello!"))
        .await;
    assert_eq!(heard["conversation_id"], number);
    bob.hears(
        "message_notification",
        json!({ "id": heard["id"], "receiver_id": bob.number, "type": "new_message" }),
    )
    .await;

    bob.does(
        "send_message",
        json!({ "conversationId": number, "toUserId": ann.number, "content": "Hello, Ann" }),
    )
    .await;
    ann.hears("message", message(&bob, "Hello, Ann")).await;
    bob.hears("new_message", new_message(&bob, Some(&ann), "Hello, Ann"))
        .await;
    ann.hears_nothing_of("message").await;
    bob.socket().await.hears_nothing().await;
    let said: Vec<_> = ann
        .history(private)
        .await
        .iter()
        .map(|message| message["content"].clone())
        .collect();
    assert_eq!(said, ["Are you there?", "Hello!", "Hello, Ann"]);
}

#[tokio::test]
async fn a_socket_hears_in_the_dialects_by_which_it_joined_and_in_no_other() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let (rooms, direct, both) = (
        bob.opens_a_socket().await,
        bob.opens_a_socket().await,
        bob.opens_a_socket().await,
    );
    rooms.does("joinRoom", json!({ "roomId": room })).await;
    direct.does("join_conversation", json!(room)).await;
    both.does("joinRoom", json!({ "roomId": room })).await;
    both.does("join_conversation", json!(room)).await;

    ann.posts(&room, "One").await;
    for socket in [&rooms, &both] {
        socket.hears("message", message(&ann, "One")).await;
    }
    for socket in [&direct, &both] {
        socket
            .hears("new_message", new_message(&ann, None, "One"))
            .await;
    }
    for socket in [&rooms, &direct, &both] {
        socket.hears_nothing().await;
    }

    // Leaving in one dialect leaves the other as it was; speaking in one joins that one.
    both.does("leaveRoom", json!({ "roomId": room })).await;
    rooms
        .does(
            "send_message",
            json!({ "conversationId": room, "content": "Two" }),
        )
        .await;
    for socket in [&direct, &both, &rooms] {
        socket
            .hears("new_message", new_message(&bob, None, "Two"))
            .await;
    }
    rooms.hears("message", message(&bob, "Two")).await;
    for socket in [&rooms, &direct, &both] {
        socket.hears_nothing().await;
    }
}

#[tokio::test]
async fn what_a_document_does_not_know_its_listeners_do_not_hear() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    bob.does("join_conversation", json!(room)).await;
    ann.uploads(Form::file("notes.txt", "text/plain", "some notes").field("roomId", &room))
        .await
        .has_status(201);
    ann.hears("fileUpload", json!({ "originalName": "notes.txt" }))
        .await;
    bob.posts(&room, "I am a member now").await;
    ann.hears("message", message(&bob, "I am a member now"))
        .await;
    bob.hears("new_message", json!({ "content": "I am a member now" }))
        .await;
    bob.does("typing_start", json!({ "conversationId": room }))
        .await;
    bob.does("mark_read", json!({ "conversationId": room }))
        .await;
    for person in [&ann, &bob] {
        person.socket().await.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_read_mark_covers_what_was_said_in_either_dialect() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let number = bob.writes_to(&ann, "One").await["conversation_id"].clone();
    let conversation = number.to_string();
    ann.posts(&conversation, "Two").await;
    ann.does("message", json!({ "roomId": number, "content": "Three" }))
        .await;
    let marked = bob
        .asks("mark_read", json!({ "conversationId": number }))
        .await;
    assert_looks_like(&marked, json!({ "ok": true, "count": 2 }), "mark_read");
}
