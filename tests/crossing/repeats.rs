//! A send that is repeated with its `clientMessageId` is one message, whichever way it is repeated.

use crate::support::*;

#[tokio::test]
async fn a_repeat_returns_the_first_message_and_is_not_heard_again() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let (room, other) = (ann.opens_room("One").await, ann.opens_room("Other").await);
    ann.does("joinRoom", json!({ "roomId": room })).await;
    bob.does("join_conversation", json!(room)).await;

    let message = json!({ "roomId": room, "content": "Once", "clientMessageId": "a1" });
    let first = ann
        .post("/api/messages", message.clone())
        .await
        .looks_like(201, json!({ "data": { "content": "Once" } }));
    let again = ann
        .post("/api/messages", message)
        .await
        .looks_like(201, json!({ "success": true }));
    assert_eq!(again, first);
    let differently =
        json!({ "roomId": other, "content": "Whatever else", "clientMessageId": "a1" });
    let again = ann
        .post("/api/messages", differently.clone())
        .await
        .looks_like(201, json!({ "success": true }));
    assert_eq!(again, first, "whatever else it says");
    let by_event = ann.does("message", differently).await;
    assert_eq!(by_event["message"]["_id"], first["data"]["_id"]);
    assert_looks_like(
        &by_event,
        json!({ "message": { "content": "Once", "room": room } }),
        "the repeat by event",
    );
    let in_direct =
        json!({ "conversationId": room, "content": "Once more", "clientMessageId": "a1" });
    let in_direct = ann.does("send_message", in_direct).await;
    assert_looks_like(
        &in_direct,
        json!({ "message": { "content": "Once", "sender_id": ann.number } }),
        "the repeat in direct",
    );

    bob.hears(
        "new_message",
        json!({ "content": "Once", "id": in_direct["message"]["id"] }),
    )
    .await;
    ann.hears("message", json!({ "content": "Once" })).await;
    bob.socket().await.hears_nothing().await;
    ann.hears_nothing_of("message").await;
    assert_eq!(ann.history(&room).await.len(), 1);
    assert!(ann.history(&other).await.is_empty());
}

#[tokio::test]
async fn everybodys_numbers_are_their_own() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let by_ann = json!({ "roomId": room, "content": "Ann's", "clientMessageId": "1" });
    let by_bob = json!({ "conversationId": room, "content": "Bob's", "clientMessageId": "1" });
    ann.post("/api/messages", by_ann)
        .await
        .looks_like(201, json!({ "data": { "content": "Ann's" } }));
    assert_looks_like(
        &bob.does("send_message", by_bob).await,
        json!({ "message": { "content": "Bob's" } }),
        "Bob's",
    );
    assert_eq!(ann.history(&room).await.len(), 2);
}

#[tokio::test]
async fn repeats_at_the_same_moment_are_one_message() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let message = json!({ "roomId": room, "content": "Once", "clientMessageId": "impatient" });
    let sending = (0..8).map(|_| ann.post("/api/messages", message.clone()));
    let answers = futures_util::future::join_all(sending).await;
    for answer in &answers {
        assert_eq!(answer.has_status(201).json(), answers[0].json());
    }
    assert_eq!(ann.history(&room).await.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_sent_again_is_one_file() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    let file = json!({ "roomId": room, "filename": "notes.txt", "mimetype": "text/plain", "clientMessageId": "f1" });
    let first = ann.asks_with("fileUpload", file.clone(), b"notes").await;
    let again = ann.asks_with("fileUpload", file, b"notes").await;
    assert_looks_like(&first, json!({ "ok": true }), "the first");
    assert_eq!(first["file"]["_id"], again["file"]["_id"]);
    ann.hears("fileUpload", json!({ "_id": first["file"]["_id"] }))
        .await;
    ann.hears_nothing_of("fileUpload").await;
}

#[tokio::test]
async fn a_repeat_of_what_was_deleted_since_brings_nothing_back() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.does("join_conversation", json!(room)).await;
    let said = json!({ "roomId": room, "content": "Never mind", "clientMessageId": "1" });
    let first = ann.post("/api/messages", said.clone()).await;
    let id = first.has_status(201).json()["data"]["_id"].clone();
    let id = id.as_str().expect("an id");
    ann.delete(format!("/api/messages/{id}"))
        .await
        .has_status(200);
    bob.hears("new_message", json!({ "content": "Never mind" }))
        .await;
    bob.hears("message_deleted", json!({})).await;
    ann.post("/api/messages", said.clone()).await.refused(404);
    ann.is_refused(404, "message", said).await;
    bob.socket().await.hears_nothing_said().await;
    assert!(ann.history(&room).await.is_empty());
}
