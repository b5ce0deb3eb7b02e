//! `mark_read`, the receipt that the others hear, and what a message says of itself afterwards.

use crate::support::*;

#[tokio::test]
async fn ann_hears_that_bob_has_read_what_she_wrote() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "One").await["conversation_id"].clone();
    ann.writes_to(&bob, "Two").await;
    bob.does("join_conversation", conversation.clone()).await;
    let marked = bob
        .does("mark_read", json!({ "conversationId": conversation }))
        .await;
    assert_looks_like(&marked, json!({ "ok": true, "count": 2 }), "mark_read");
    let receipt = ann.hears(
        "messages_read",
        r#"{
          "conversationId": 123,
          "userId": 456, // The user who read the messages
          "readAt": "2023-10-27T10:05:00.000Z"
        }"#,
    );
    let read = json!({ "conversationId": conversation, "userId": bob.number, "count": 2 });
    let receipt = receipt.await;
    assert_looks_like(&receipt, read, "the receipt");
    assert!(
        receipt.get("readBy").is_some(),
        "the receipt carries the fields of both documents: {receipt}"
    );
    bob.hears_nothing_of("messages_read").await;

    ann.writes_to(&bob, "Three").await;
    bob.hears("new_message", json!({ "content": "Three" }))
        .await;
    let marked = bob
        .does(
            "mark_read",
            json!({ "conversationId": conversation.to_string() }),
        )
        .await;
    assert_eq!(marked["count"], 1, "only what was unread becomes read");
}

#[tokio::test]
async fn ones_own_messages_are_never_unread() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "One").await["conversation_id"].clone();
    let by_ann = ann
        .does("mark_read", json!({ "conversationId": conversation }))
        .await;
    assert_eq!(by_ann["count"], 0);
    bob.writes_to(&ann, "Two").await;
    ann.writes_to(&bob, "Three").await;
    let by_ann = ann
        .does("mark_read", json!({ "conversationId": conversation }))
        .await;
    assert_eq!(by_ann["count"], 1);
    let by_bob = bob
        .does("mark_read", json!({ "conversationId": conversation }))
        .await;
    assert_eq!(by_bob["count"], 2);
}

#[tokio::test]
async fn a_message_that_was_read_says_when() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let before = ann.writes_to(&bob, "Before").await;
    let conversation = before["conversation_id"].clone();
    ann.writes_to(&bob, "One").await;
    ann.does("join_conversation", conversation.clone()).await;
    bob.does("mark_read", json!({ "conversationId": conversation }))
        .await;
    let first = ann
        .hears("messages_read", json!({ "userId": bob.number }))
        .await;
    ann.writes_to(&bob, "Two").await;
    bob.does("mark_read", json!({ "conversationId": conversation }))
        .await;
    let second = ann
        .hears("messages_read", json!({ "userId": bob.number }))
        .await;
    ann.writes_to(&bob, "Three").await;

    // Who comes back is told what was missed, as it stands now.
    let returned = ann
        .enters(json!({ "lastMessageId": before["id"] }))
        .await
        .expect("a known id is a position");
    returned.does("join_conversation", conversation).await;
    let is = |content: &str, read_at: &Value| json!({ "content": content, "is_read": !read_at.is_null(), "read_at": read_at });
    returned
        .hears("new_message", is("One", &first["readAt"]))
        .await;
    returned
        .hears("new_message", is("Two", &second["readAt"]))
        .await;
    returned
        .hears("new_message", is("Three", &Value::Null))
        .await;
    returned.hears_nothing_of("new_message").await;
}

#[tokio::test]
async fn in_a_room_everybody_reads_for_themselves() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.direct("ann").await,
        chat.direct("bob").await,
        chat.direct("cleo").await,
    );
    let room = ann.opens_room("General Discussion").await;
    for person in [&bob, &cleo] {
        person.posts(&room, "I am a member now").await;
        person.does("join_conversation", json!(room)).await;
    }
    ann.does(
        "send_message",
        json!({ "conversationId": room, "content": "Read this" }),
    )
    .await;
    bob.does("mark_read", json!({ "conversationId": room }))
        .await;
    for person in [&ann, &cleo] {
        person
            .hears("messages_read", json!({ "userId": bob.number }))
            .await;
    }
    cleo.does("mark_read", json!({ "conversationId": room }))
        .await;
    bob.hears("messages_read", json!({ "userId": cleo.number }))
        .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let chat = Chat::open().await;
    let bob = chat.direct("bob").await;
    for (status, payload) in [
        (400, json!({})),
        (400, json!({ "conversationId": "one" })),
        (400, json!(null)),
        (404, json!({ "conversationId": 999_999_999 })),
    ] {
        bob.is_refused(status, "mark_read", payload).await;
    }
}
