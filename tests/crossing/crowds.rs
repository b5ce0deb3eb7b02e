//! A room with many listeners: they come and go in any order, and who stays hears each message once.

use crate::support::*;

#[tokio::test]
async fn whoever_leaves_a_crowd_takes_nobody_along() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Crowd").await;
    let mut sockets = Vec::new();
    for _ in 0..90 {
        let socket = bob.opens_a_socket().await;
        socket.does("joinRoom", json!({ "roomId": room })).await;
        sockets.push(socket);
    }
    // Down to a few, and up again: who leaves stands at the end, at the beginning and in the middle.
    for (turn, stay) in [60, 33, 32, 31, 3, 40, 33, 70].into_iter().enumerate() {
        let is_in = |at: usize| (at * 37 + turn * 11) % 90 < stay;
        for (at, socket) in sockets.iter().enumerate() {
            let event = if is_in(at) { "joinRoom" } else { "leaveRoom" };
            socket.does(event, json!({ "roomId": room })).await;
        }
        let words = format!("To {stay}");
        ann.posts(&room, &words).await;
        for (at, socket) in sockets.iter().enumerate() {
            if is_in(at) {
                socket.hears("message", json!({ "content": words })).await;
            }
        }
    }
    // Some go without a word.
    let gone = sockets.split_off(45);
    drop(gone);
    for socket in &sockets {
        socket.does("joinRoom", json!({ "roomId": room })).await;
    }
    ann.posts(&room, "To who is left").await;
    for socket in &sockets {
        socket
            .hears("message", json!({ "content": "To who is left" }))
            .await;
    }
    // Nobody heard anything twice, or what was not for them.
    for socket in [&sockets[0], &sockets[20], &sockets[44]] {
        socket.hears_nothing_of("message").await;
    }
}
