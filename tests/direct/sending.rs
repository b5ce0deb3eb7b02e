//! `send_message`, and who hears `new_message` and `message_notification` of it.

use crate::support::*;

const NEW_MESSAGE: &str = r#"{
  "id": 101,
  "conversation_id": 123,
  "sender_id": 456,
  "receiver_id": 789,
  "content": "Hello world!",
  "is_read": false,
  "read_at": null,
  "created_at": "2023-10-27T10:00:00.000Z"
}"#;

const MESSAGE_NOTIFICATION: &str = r#"{
  "id": 101,
  "conversation_id": 123,
  "sender_id": 456,
  "receiver_id": 789,
  "content": "Hello world!",
  "is_read": false,
  "created_at": "2023-10-27T10:00:00.000Z",
  "type": "new_message"
}"#;

#[tokio::test]
async fn bob_is_told_of_a_message_before_he_has_joined_anything() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let (phone, laptop) = (bob.opens_a_socket().await, bob.opens_a_socket().await);
    let sent = ann.writes_to(&bob, "Hello world!").await;
    assert_looks_like(&sent, NEW_MESSAGE, "the message in the callback");
    let people = json!({ "id": sent["id"], "sender_id": ann.number, "receiver_id": bob.number });
    for socket in [&phone, &laptop] {
        let told = socket
            .hears("message_notification", MESSAGE_NOTIFICATION)
            .await;
        assert_looks_like(&told, people.clone(), "the notification");
        socket.hears_nothing().await;
    }
    ann.hears_nothing_of("message_notification").await;
}

#[tokio::test]
async fn whoever_joined_hears_the_message_and_the_receiver_the_notification_too() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    bob.socket().await;
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    bob.does("join_conversation", conversation.clone()).await;
    bob.hears("message_notification", json!({ "content": "First" }))
        .await;
    ann.hears("new_message", json!({ "content": "First" }))
        .await;

    let payload = json!({ "conversationId": conversation, "content": "Hello world!", "toUserId": bob.number });
    ann.emit("send_message", payload).await;
    let heard = bob.hears("new_message", NEW_MESSAGE).await;
    let people = json!({ "conversation_id": conversation, "sender_id": ann.number, "receiver_id": bob.number });
    assert_looks_like(&heard, people, "the message");
    let told = bob
        .hears("message_notification", MESSAGE_NOTIFICATION)
        .await;
    assert_eq!(told["id"], heard["id"]);
    assert_eq!(
        ann.hears("new_message", NEW_MESSAGE).await,
        heard,
        "the sender's own sockets hear it too"
    );
    for person in [&ann, &bob] {
        person.socket().await.hears_nothing().await;
    }
}

#[tokio::test]
async fn two_people_have_one_conversation_whoever_writes_first() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.direct("ann").await,
        chat.direct("bob").await,
        chat.direct("cleo").await,
    );
    let (there, back) = tokio::join!(
        ann.writes_to(&bob, "You first"),
        bob.writes_to(&ann, "No, you")
    );
    assert_eq!(there["conversation_id"], back["conversation_id"]);
    assert_eq!(
        (&back["sender_id"], &back["receiver_id"]),
        (&json!(bob.number), &json!(ann.number))
    );
    let other = cleo.writes_to(&ann, "And I?").await;
    assert_ne!(other["conversation_id"], there["conversation_id"]);
    assert!(
        other["id"].as_u64() > there["id"].as_u64().max(back["id"].as_u64()),
        "ids grow"
    );
}

#[tokio::test]
async fn a_conversation_a_person_or_both_say_where_to() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.direct("ann").await,
        chat.direct("bob").await,
        chat.direct("cleo").await,
    );
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    for payload in [
        json!({ "conversationId": conversation, "content": "Here" }),
        json!({ "conversationId": conversation.to_string(), "content": "Here" }),
        json!({ "conversationId": conversation, "toUserId": bob.number, "content": "Here" }),
        json!({ "conversationId": conversation, "toUserId": bob.id, "content": "Here" }),
        json!({ "conversationId": conversation, "toUserId": null, "content": "Here" }),
        json!({ "conversationId": null, "toUserId": bob.number, "content": "Here" }),
        json!({ "toUserId": bob.number.to_string(), "content": "Here" }),
        json!({ "toUserId": bob.id, "message": "Here" }),
        json!({ "toUserId": bob.number, "text": "Here" }),
    ] {
        let sent = ann.does("send_message", payload.clone()).await;
        let there = json!({ "conversation_id": conversation, "receiver_id": bob.number, "content": "Here" });
        assert_looks_like(&sent["message"], there, &payload.to_string());
    }
    for (status, payload) in [
        (
            400,
            json!({ "conversationId": conversation, "toUserId": cleo.number, "content": "Whom?" }),
        ),
        (
            400,
            json!({ "conversationId": conversation, "toUserId": ann.number, "content": "Whom?" }),
        ),
        (400, json!({ "content": "Whom?" })),
        (400, json!({ "conversationId": "one", "content": "Whom?" })),
        (400, json!({ "toUserId": "bob", "content": "Whom?" })),
        (404, json!({ "toUserId": 999_999_999, "content": "Whom?" })),
        (
            404,
            json!({ "conversationId": 999_999_999, "content": "Whom?" }),
        ),
        (
            404,
            json!({ "conversationId": 999_999_999, "toUserId": bob.number, "content": "Whom?" }),
        ),
        (
            400,
            json!({ "conversationId": conversation, "content": "" }),
        ),
        (400, json!({ "conversationId": conversation })),
        (
            400,
            json!({ "conversationId": conversation, "content": 17 }),
        ),
        (
            400,
            json!({ "conversationId": conversation, "content": "x".repeat(8001) }),
        ),
        (400, json!("Hello?")),
        (400, json!(null)),
    ] {
        ann.is_refused(status, "send_message", payload).await;
    }
    let history = ann.history(&conversation.to_string()).await;
    assert_eq!(history.len(), 10, "what was refused left nothing behind");
}

#[tokio::test]
async fn sending_joins_the_sender() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    ann.writes_to(&bob, "Hello").await;
    ann.hears("new_message", json!({ "content": "Hello" }))
        .await;
    bob.writes_to(&ann, "Hello, Ann").await;
    ann.hears("new_message", json!({ "content": "Hello, Ann" }))
        .await;
}

#[tokio::test]
async fn in_a_room_there_is_no_receiver_and_no_notification() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.direct("bob").await,
        chat.direct("cleo").await,
    );
    let room = ann.opens_room("General Discussion").await;
    for person in [&bob, &cleo] {
        person.does("join_conversation", json!(room)).await;
    }
    bob.does(
        "send_message",
        json!({ "conversationId": room, "content": "To all" }),
    )
    .await;
    for person in [&bob, &cleo] {
        let to_all = json!({ "content": "To all", "sender_id": bob.number, "receiver_id": null, "read_at": null });
        person.hears("new_message", to_all).await;
        person.socket().await.hears_nothing().await;
    }
}

#[tokio::test]
async fn an_error_is_told_to_the_sender_alone() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    bob.does("join_conversation", conversation.clone()).await;
    let second = ann.opens_a_socket().await;
    ann.emit(
        "send_message",
        json!({ "conversationId": conversation, "content": "" }),
    )
    .await;
    let error = ann
        .hears(
            "error",
            json!({ "statusCode": 400, "event": "send_message", "errors": ["…"] }),
        )
        .await;
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|words| !words.is_empty()),
        "{error}"
    );
    bob.hears_nothing_of("error").await;
    second.hears_nothing_of("error").await;
}
