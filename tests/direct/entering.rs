//! Connecting, joining a conversation and leaving it.

use crate::support::*;

#[tokio::test]
async fn every_documented_way_of_bringing_a_token_works() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let bearer = format!("Bearer {}", bob.token);
    for entry in [
        bob.entry().auth(json!({ "token": bob.token })),
        bob.entry().auth(json!({ "token": bearer })),
        bob.entry().header("Authorization", &bearer),
        bob.entry().query(&format!("token={}", bob.token)),
    ] {
        let socket = entry.connect().await.expect("a valid token opens the door");
        let sent = socket
            .does(
                "send_message",
                json!({ "toUserId": ann.number, "content": "I am in" }),
            )
            .await;
        assert_eq!(sent["message"]["sender_id"], json!(bob.number));
    }
}

#[tokio::test]
async fn a_conversation_is_joined_by_number_string_or_object() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    let mut joined = Vec::new();
    for payload in [
        conversation.clone(),
        json!(conversation.to_string()),
        json!({ "conversationId": conversation }),
        json!({ "conversationId": conversation.to_string() }),
    ] {
        let socket = bob.opens_a_socket().await;
        socket.does("join_conversation", payload.clone()).await;
        joined.push((socket, payload));
    }
    ann.writes_to(&bob, "All of Bob's sockets hear this").await;
    for (socket, payload) in &joined {
        socket
            .hears(
                "new_message",
                json!({ "content": "All of Bob's sockets hear this" }),
            )
            .await;
        socket.does("leave_conversation", payload.clone()).await;
    }
    ann.writes_to(&bob, "None hears this").await;
    for (socket, _) in &joined {
        socket.hears_nothing_of("new_message").await;
    }
}

#[tokio::test]
async fn joining_needs_no_callback() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    bob.emit("join_conversation", conversation.clone()).await;
    // One socket's events are handled in order: its own message is heard only if the join came before.
    bob.emit(
        "send_message",
        json!({ "conversationId": conversation, "content": "I have joined" }),
    )
    .await;
    bob.hears(
        "new_message",
        json!({ "content": "I have joined", "sender_id": bob.number }),
    )
    .await;
    bob.emit("leave_conversation", conversation.clone()).await;
    bob.does("mark_read", json!({ "conversationId": conversation }))
        .await;
    ann.writes_to(&bob, "Bob has left").await;
    bob.hears_nothing_of("new_message").await;
}

#[tokio::test]
async fn leaving_is_for_that_socket_alone() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    let (phone, laptop) = (bob.opens_a_socket().await, bob.opens_a_socket().await);
    for socket in [&phone, &laptop] {
        socket.does("join_conversation", conversation.clone()).await;
    }
    phone.does("leave_conversation", conversation).await;
    ann.writes_to(&bob, "Laptop only").await;
    laptop
        .hears("new_message", json!({ "content": "Laptop only" }))
        .await;
    phone.hears_nothing_of("new_message").await;
}

#[tokio::test]
async fn what_is_no_conversation_cannot_be_joined() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    ann.writes_to(&bob, "First").await;
    for event in ["join_conversation", "leave_conversation"] {
        for (status, payload) in [
            (404, json!(999_999_999)),
            (404, json!("999999999")),
            (400, json!(0)),
            (400, json!(-1)),
            (400, json!(1.5)),
            (400, json!("one")),
            (400, json!("64f8a1b2c3d4e5f6a7b8c9d1")),
            (400, json!(ann.id)),
            (400, json!({})),
            (400, json!({ "conversationId": null })),
            (400, json!(null)),
            (400, json!([1])),
            (400, json!(true)),
        ] {
            let error = bob.is_refused(status, event, payload).await;
            bob.hears("error", error).await;
        }
    }
}

#[tokio::test]
async fn names_that_only_the_server_may_say_do_nothing() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.direct("ann").await, chat.direct("bob").await);
    bob.socket().await;
    let conversation = ann.writes_to(&bob, "First").await["conversation_id"].clone();
    bob.does("join_conversation", conversation.clone()).await;
    bob.hears("message_notification", json!({ "content": "First" }))
        .await;
    let forged = json!({
        "id": 101, "conversation_id": conversation, "conversationId": conversation, "sender_id": bob.number,
        "user_id": bob.number, "userId": bob.number, "title": "Payment received", "message": "All of it",
        "content": "Forged", "type": "payment",
    });
    for event in [
        "new_message",
        "message_notification",
        "messages_read",
        "new_notification",
        "error",
        "connect",
        "disconnect",
    ] {
        ann.emit(event, forged.clone()).await;
    }
    ann.writes_to(&bob, "And this is true").await;
    bob.hears("new_message", json!({ "content": "And this is true" }))
        .await;
    bob.hears(
        "message_notification",
        json!({ "content": "And this is true" }),
    )
    .await;
    bob.socket().await.hears_nothing().await;
    assert!(
        ann.socket().await.is_open(),
        "a strange event is no reason to go"
    );
}
