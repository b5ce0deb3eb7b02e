//! The socket: joining, leaving, messages and files in both directions.

use crate::support::*;

#[tokio::test]
async fn bob_hears_ann_in_the_room_he_joined() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    let sent = ann.posts(&room, "Hello everyone!").await;
    let heard = bob.hears(
        "message",
        r#"{
            "_id": "64f8a1b2c3d4e5f6a7b8c9d2",
            "content": "Hello everyone!",
            "sender": { "_id": "64f8a1b2c3d4e5f6a7b8c9d0", "username": "ann" },
            "room": "64f8a1b2c3d4e5f6a7b8c9d1",
            "createdAt": "2024-01-01T00:00:00.000Z"
        }"#,
    );
    let same = json!({ "_id": sent["_id"], "sender": { "_id": ann.id }, "room": room, "createdAt": sent["createdAt"] });
    assert_looks_like(&heard.await, same, "what Bob heard");
    bob.hears_nothing_of("message").await;
}

#[tokio::test]
async fn a_message_said_by_event_is_heard_by_all_and_stays() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    for person in [&ann, &bob] {
        person.does("joinRoom", json!({ "roomId": room })).await;
    }
    ann.emit("message", json!({ "roomId": room, "content": "Hello!" }))
        .await;
    let heard = bob
        .hears(
            "message",
            json!({ "content": "Hello!", "sender": { "_id": ann.id, "username": "ann" } }),
        )
        .await;
    assert_eq!(
        ann.hears("message", json!({ "content": "Hello!" })).await,
        heard,
        "the sender hears what all hear"
    );
    let answer = bob
        .does(
            "message",
            json!({ "roomId": room, "content": "Hello, Ann!" }),
        )
        .await;
    assert_eq!(
        ann.hears("message", json!({ "content": "Hello, Ann!" }))
            .await,
        answer["message"]
    );
    bob.hears("message", json!({ "content": "Hello, Ann!" }))
        .await;
    for person in [&ann, &bob] {
        person.hears_nothing_of("message").await;
    }
    let history =
        json!([{ "_id": heard["_id"], "content": "Hello!" }, { "_id": answer["message"]["_id"] }]);
    assert_looks_like(&json!(ann.history(&room).await), history, "the history");
}

#[tokio::test]
async fn whoever_has_left_hears_nothing_more() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let second = bob.opens_a_socket().await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    second.does("joinRoom", json!(room)).await;
    bob.does("leaveRoom", json!({ "roomId": room })).await;
    ann.posts(&room, "Is Bob there?").await;
    second
        .hears("message", json!({ "content": "Is Bob there?" }))
        .await;
    bob.hears_nothing_of("message").await;
    second.does("leaveRoom", json!(room)).await;
    ann.posts(&room, "And now?").await;
    second.hears_nothing_of("message").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    ann.posts(&room, "Welcome back").await;
    bob.hears("message", json!({ "content": "Welcome back" }))
        .await;
}

#[tokio::test]
async fn joining_twice_is_hearing_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let (room, other) = (ann.opens_room("One").await, ann.opens_room("Other").await);
    for _ in 0..2 {
        bob.does("joinRoom", json!({ "roomId": room })).await;
    }
    ann.posts(&other, "Not for Bob").await;
    ann.posts(&room, "Once").await;
    bob.hears("message", json!({ "content": "Once" })).await;
    bob.hears_nothing_of("message").await;
}

#[tokio::test]
async fn whoever_speaks_has_joined() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    bob.does("message", json!({ "roomId": room, "content": "I am here" }))
        .await;
    bob.hears("message", json!({ "content": "I am here" }))
        .await;
    ann.posts(&room, "So I hear").await;
    bob.hears("message", json!({ "content": "So I hear" }))
        .await;
}

#[tokio::test]
async fn one_sockets_events_are_handled_in_the_order_in_which_it_sent_them() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.emit("joinRoom", json!({ "roomId": room })).await;
    for at in 0..200 {
        ann.emit(
            "message",
            json!({ "roomId": room, "content": format!("{at}") }),
        )
        .await;
    }
    for at in 0..200 {
        ann.hears("message", json!({ "content": format!("{at}") }))
            .await;
    }
}

#[tokio::test]
async fn the_room_hears_of_a_file_however_it_was_uploaded() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    ann.does("joinRoom", json!({ "roomId": room })).await;

    let document = r#"{
        "_id": "64f8a1b2c3d4e5f6a7b8c9d3",
        "filename": "document.txt",
        "originalName": "document.txt",
        "mimetype": "text/plain",
        "size": 12,
        "url": "/uploads/document-1234567890.txt",
        "uploadedBy": "64f8a1b2c3d4e5f6a7b8c9d0",
        "room": "64f8a1b2c3d4e5f6a7b8c9d1",
        "createdAt": "2024-01-01T00:00:00.000Z"
    }"#;
    let form = Form::file("document.txt", "text/plain", "by REST, ok?").field("roomId", &room);
    ann.uploads(form).await.has_status(201);
    let by_rest = bob.hears("fileUpload", document).await;
    assert_looks_like(
        &by_rest,
        json!({ "uploadedBy": ann.id, "room": room }),
        "the file by REST",
    );

    let file = json!({ "roomId": room, "filename": "document.txt", "mimetype": "text/plain" });
    let answer = ann.asks_with("fileUpload", file, b"by event, ok").await;
    assert_looks_like(&answer, json!({ "ok": true }), "the callback of fileUpload");
    assert_looks_like(&answer["file"], document, "the file in the callback");
    let by_event = bob.hears("fileUpload", document).await;
    assert_eq!(by_event["_id"], answer["file"]["_id"]);
    for _ in 0..2 {
        ann.hears("fileUpload", document).await;
    }
    bob.hears_nothing_of("fileUpload").await;
    let download = chat
        .nobody()
        .get(by_event["url"].as_str().expect("a url"))
        .await;
    assert_eq!(download.has_status(200).body, b"by event, ok");
}

#[tokio::test]
async fn a_private_upload_is_news_to_nobody() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    ann.uploads(Form::file("diary.txt", "text/plain", "Dear diary"))
        .await
        .has_status(201);
    ann.hears_nothing_of("fileUpload").await;
}

#[tokio::test]
async fn a_mistake_is_told_to_the_one_who_made_it() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    for person in [&ann, &bob] {
        person.does("joinRoom", json!({ "roomId": room })).await;
    }
    for (status, event, payload) in [
        (400, "message", json!({ "roomId": room, "content": "" })),
        (400, "message", json!({ "roomId": room })),
        (400, "message", json!({ "content": "Where?" })),
        (
            400,
            "message",
            json!({ "roomId": "general", "content": "Where?" }),
        ),
        (
            404,
            "message",
            json!({ "roomId": 999_999_999, "content": "Where?" }),
        ),
        (400, "message", json!("Hello?")),
        (400, "message", json!(null)),
        (400, "joinRoom", json!({})),
        (400, "joinRoom", json!([1, 2])),
        (400, "joinRoom", json!({ "roomId": ann.id })),
        (404, "joinRoom", json!(999_999_999)),
        (400, "leaveRoom", json!({ "roomId": true })),
        (
            400,
            "fileUpload",
            json!({ "roomId": room, "filename": "no-data.txt", "mimetype": "text/plain" }),
        ),
    ] {
        let error = ann.is_refused(status, event, payload.clone()).await;
        ann.hears("error", error.clone()).await;
        ann.emit(event, payload).await;
        ann.hears("error", error).await;
    }
    bob.hears_nothing_of("error").await;
    bob.hears_nothing_of("message").await;
    ann.does(
        "message",
        json!({ "roomId": room, "content": "All is well" }),
    )
    .await;
}
