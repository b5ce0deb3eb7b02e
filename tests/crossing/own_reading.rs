//! What one reads at one socket is read at all of one's sockets, in each dialect, and no one takes it for another's reading.

use crate::support::mentor::id;
use crate::support::*;

#[tokio::test]
async fn ones_other_sockets_hear_in_each_dialect_what_one_has_read() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let joins = [
        ("join-conversation", "conversation-read", "conversationId"),
        ("joinRoom", "conversationRead", "roomId"),
        ("join_conversation", "conversation_read", "conversationId"),
    ];
    let mut his = Vec::new();
    for (join, event, place) in joins {
        let socket = bob.opens_a_socket().await;
        socket.does(join, json!({ place: group })).await;
        his.push((socket, event, place));
    }
    his.push((
        bob.opens_chat().await,
        "conversation_read",
        "conversationId",
    ));
    let hers = ann.opens_chat().await;
    let elsewhere = bob.opens_a_socket().await;

    let first = ann.says(&group, "One").await;
    ann.says(&group, "Two").await;
    let upto_the_first = format!("?messageId={}", id(&first));
    // Nothing is left for the third.
    for upto in [&*upto_the_first, "", ""] {
        let path = format!("/api/conversations/{group}/read{upto}");
        bob.patch(path, json!({})).await.has_status(200);
    }
    for (socket, event, place) in &his {
        for left in [1, 0] {
            let heard = socket.hears(event, json!({ "unreadCount": left })).await;
            assert!(!heard[place].is_null(), "{heard}");
        }
        socket.hears_nothing_of(event).await;
        socket.hears_nothing_of("messages_read").await;
    }
    elsewhere.hears_nothing().await;
    for count in [1, 1] {
        hers.hears("messages_read", json!({ "count": count })).await;
    }
    hers.hears_nothing_of("conversation_read").await;
}

#[tokio::test]
async fn what_one_says_reads_nothing_and_is_told_to_nobody() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    bob.does("join_conversation", json!(group)).await;
    ann.posts(&group, "Hello").await;
    bob.does(
        "send_message",
        json!({ "conversationId": group, "content": "Hello, Ann" }),
    )
    .await;
    bob.hears_nothing_of("conversation_read").await;
    bob.does("mark_read", json!(group)).await;
    bob.hears("conversation_read", json!({ "unreadCount": 0 }))
        .await;
}
