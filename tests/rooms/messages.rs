//! Sending messages and reading them back.

use crate::support::*;

#[tokio::test]
async fn ann_says_hello_to_everyone() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let hello = json!({ "roomId": room, "content": "Hello everyone!" });
    let sent = ann.post("/api/messages", hello).await.looks_like(
        201,
        r#"{
          "success": true,
          "message": "Message sent successfully",
          "data": {
            "_id": "64f8a1b2c3d4e5f6a7b8c9d2",
            "content": "Hello everyone!",
            "sender": "64f8a1b2c3d4e5f6a7b8c9d0",
            "room": "64f8a1b2c3d4e5f6a7b8c9d1",
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
    );
    assert_looks_like(
        &sent["data"],
        json!({ "sender": ann.id, "room": room }),
        "the message",
    );

    let listed = chat
        .nobody()
        .get(format!("/api/messages/{room}"))
        .await
        .looks_like(
            200,
            r#"{
          "success": true,
          "message": "Messages retrieved successfully",
          "data": [
            {
              "_id": "64f8a1b2c3d4e5f6a7b8c9d2",
              "content": "Hello everyone!",
              "sender": {
                "_id": "64f8a1b2c3d4e5f6a7b8c9d0",
                "username": "ann"
              },
              "createdAt": "2024-01-01T00:00:00.000Z"
            }
          ],
          "pagination": { "page": 1, "limit": 20, "total": 1, "totalPages": 1 }
        }"#,
        );
    let (sent, listed) = (&sent["data"], &listed["data"][0]);
    let same =
        json!({ "_id": sent["_id"], "createdAt": sent["createdAt"], "sender": { "_id": ann.id } });
    assert_looks_like(listed, same, "the message in the list");
}

#[tokio::test]
async fn a_message_needs_a_room_and_something_to_say() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    ann.post("/api/messages", json!({ "roomId": room, "content": "" }))
        .await
        .refused_for(&["content"]);
    ann.post("/api/messages", json!({ "roomId": room }))
        .await
        .refused_for(&["content"]);
    ann.post("/api/messages", json!({ "roomId": room, "content": 17 }))
        .await
        .refused_for(&["content"]);
    ann.post("/api/messages", json!({ "content": "Where?" }))
        .await
        .refused_for(&["roomId"]);
    ann.post("/api/messages", json!({}))
        .await
        .refused_for(&["roomId", "content"]);
    let longest = "ü".repeat(8000);
    ann.post(
        "/api/messages",
        json!({ "roomId": room, "content": longest }),
    )
    .await
    .has_status(201);
    let longer = "x".repeat(8001);
    ann.post(
        "/api/messages",
        json!({ "roomId": room, "content": longer }),
    )
    .await
    .refused_for(&["content"]);
    chat.nobody()
        .post("/api/messages", json!({ "roomId": room, "content": "Hi" }))
        .await
        .refused(401);
    assert_eq!(
        ann.history(&room).await.len(),
        1,
        "what was refused left nothing behind"
    );
}

#[tokio::test]
async fn what_is_said_comes_back_letter_by_letter() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let sayings = [
        "<b>&amp;\"'</b>",
        "two\nlines",
        "Grüße, 世界 👋🏽",
        "'; DROP TABLE messages; --",
        "\u{202e}backwards",
    ];
    for content in sayings {
        assert_eq!(ann.posts(&room, content).await["content"], content);
    }
    let history = ann.history(&room).await;
    let said: Vec<_> = history
        .iter()
        .map(|message| message["content"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(said, sayings);
}

#[tokio::test]
async fn content_text_and_message_are_accepted_for_each_other() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for field in ["content", "message", "text"] {
        let message =
            json!({ "roomId": room, field: "Hello!", "somethingElse": { "is": "ignored" } });
        let sent = ann.post("/api/messages", message).await;
        sent.looks_like(201, json!({ "data": { "content": "Hello!" } }));
    }
}

#[tokio::test]
async fn anybody_may_post_in_an_open_room() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    bob.posts(&room, "May I?").await;
    ann.posts(&room, "Of course.").await;
    let history = json!([
        { "content": "May I?", "sender": { "_id": bob.id, "username": "bob" } },
        { "content": "Of course.", "sender": { "_id": ann.id, "username": "ann" } },
    ]);
    assert_looks_like(&json!(ann.history(&room).await), history, "the history");
}
