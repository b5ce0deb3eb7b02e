//! Open sockets: who is connected by what, and the end of one.

use super::{asking, named, of, text};
use crate::support::*;

#[tokio::test]
async fn open_sockets_are_listed_and_one_is_ended() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let socket = ann.opens_a_socket().await;
    socket.does("joinRoom", json!({ "roomId": room })).await;
    socket
        .does("join_conversation", json!({ "conversationId": room }))
        .await;
    let other = bob.opens_chat().await;
    let admin = chat.admin();
    let listed = admin.get("/api/admin/sockets").await;
    let listed = listed.looks_like(200, json!({ "success": true }));
    assert_eq!(listed["pagination"]["total"], 2);
    let expected = json!({
        "user": { "id": ann.uuid, "name": "ann" }, "namespace": "/", "transport": "websocket", "address": "127.0.0.1",
    });
    let first = &listed["sockets"][0];
    assert_looks_like(first, expected, "her socket");
    let dialects = first["dialects"].to_string();
    assert!(
        dialects.contains("rooms") && dialects.contains("direct"),
        "{first}"
    );
    assert!(
        first["rooms"].is_u64()
            && first["connectedAt"].is_string()
            && first["userAgent"].is_string()
    );
    assert_eq!(listed["sockets"][1]["namespace"], "/chat");
    let found = admin.get(asking("sockets", "BO")).await.json();
    assert_eq!(found["sockets"][0]["user"]["name"], "bob");
    let second = admin.get("/api/admin/sockets?page=2&limit=1").await.json();
    assert_eq!(second["sockets"][0]["user"]["name"], "bob");
    let counted = admin.get(of(&ann)).await.json();
    assert_eq!(counted["user"]["sockets"], 1);

    let path = format!("/api/admin/sockets/{}", text(&first["id"]));
    admin.delete(&path).await.has_status(200);
    socket.is_sent_away().await;
    assert!(other.is_open());
    eventually("the socket is gone", async || {
        let listed = admin.get("/api/admin/sockets").await.json();
        listed["pagination"]["total"] == 1
    })
    .await;
    admin.delete(&path).await.refused(404);
    admin.delete("/api/admin/sockets/x").await.refused(400);
    // The device is still good: its client comes back.
    ann.opens_a_socket().await;
    assert_eq!(chat.audited().await[0], "socket.end");
    let emails = admin.get("/api/admin/users").await.json();
    assert_eq!(named(&emails, "users", "name"), ["bob", "ann", "admin"]);
}
