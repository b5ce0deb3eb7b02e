//! Who is typing: told to the others in the conversation, never to the one who types.

use crate::support::*;
use std::time::Duration;

const TYPING_START: &str = r#"{
  "conversationId": 123,
  "userId": 456 // The user who is typing
}"#;

const TYPING_STOP: &str = r#"{
  "conversationId": 123,
  "userId": 456 // The user who stopped typing
}"#;

/// Ann and Bob in one conversation, both listening, and what `typing_start` of Ann's carries there.
async fn two_who_listen(chat: &Chat) -> (Person, Person, Value) {
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    bob.does("join_conversation", conversation.clone()).await;
    let typing = json!({ "conversationId": conversation, "toUserId": bob.number });
    (ann, bob, typing)
}

#[tokio::test]
async fn bob_sees_ann_typing() {
    let chat = Chat::open().await;
    let (ann, bob, typing) = two_who_listen(&chat).await;
    let by_ann = json!({ "conversationId": typing["conversationId"], "userId": ann.number });
    ann.emit("typing_start", typing.clone()).await;
    assert_looks_like(
        &bob.hears("typing_start", TYPING_START).await,
        by_ann.clone(),
        "typing_start",
    );
    bob.hears_nothing_of("typing_stop").await;
    ann.emit("typing_stop", typing.clone()).await;
    assert_looks_like(
        &bob.hears("typing_stop", TYPING_STOP).await,
        by_ann,
        "typing_stop",
    );
    ann.does(
        "typing_start",
        json!({ "conversationId": typing["conversationId"] }),
    )
    .await;
    bob.hears("typing_start", TYPING_START).await;
    ann.hears_nothing_of("typing_start").await;
    ann.hears_nothing_of("typing_stop").await;
}

#[tokio::test]
async fn whoever_did_not_join_sees_nobody_typing() {
    let chat = Chat::open().await;
    let (ann, bob, typing) = two_who_listen(&chat).await;
    let (elsewhere, here) = (bob.opens_a_socket().await, bob.socket().await);
    ann.emit("typing_start", typing).await;
    here.hears("typing_start", TYPING_START).await;
    elsewhere.hears_nothing_of("typing_start").await;
}

#[tokio::test]
async fn typing_ends_by_itself() {
    let chat = Chat::open().await;
    let (ann, bob, typing) = two_who_listen(&chat).await;
    ann.emit("typing_start", typing).await;
    bob.hears("typing_start", TYPING_START).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    bob.hears_nothing_of("typing_stop").await;
    bob.hears_within(Duration::from_secs(6), "typing_stop", TYPING_STOP)
        .await;
    bob.hears_nothing_of("typing_stop").await;
}

#[tokio::test]
async fn typing_ends_with_the_connection() {
    let chat = Chat::open().await;
    let (ann, bob, typing) = two_who_listen(&chat).await;
    ann.emit("typing_start", typing).await;
    bob.hears("typing_start", TYPING_START).await;
    ann.hangs_up().await;
    bob.hears_within(
        Duration::from_secs(5),
        "typing_stop",
        json!({ "userId": ann.number }),
    )
    .await;
}

#[tokio::test]
async fn who_types_and_is_gone_before_that_is_told_types_no_more() {
    let chat = Chat::open().await;
    let (ann, bob, typing) = two_who_listen(&chat).await;
    for _ in 0..10 {
        let socket = ann.opens_a_socket().await;
        socket.emit("typing_start", typing.clone());
        drop(socket);
        bob.hears("typing_start", TYPING_START).await;
        bob.hears_within(Duration::from_secs(5), "typing_stop", TYPING_STOP)
            .await;
    }
}

#[tokio::test]
async fn typing_where_one_may_not_or_nowhere_is_refused() {
    let chat = Chat::open().await;
    let (ann, bob, typing) = two_who_listen(&chat).await;
    let eve = chat.direct("eve").await;
    for event in ["typing_start", "typing_stop"] {
        eve.is_refused(404, event, typing.clone()).await;
        eve.is_refused(404, event, json!({ "conversationId": 999_999_999 }))
            .await;
        ann.is_refused(400, event, json!({ "conversationId": "one" }))
            .await;
        ann.is_refused(400, event, json!({})).await;
    }
    bob.hears_nothing_of("typing_start").await;
    bob.hears_nothing_of("typing_stop").await;
}
