//! In slow mode one waits between two messages, whichever way they are sent.

use crate::support::*;

/// This answer says to wait, and for how long.
fn waits(answer: &Answer, most: u64) {
    let told = answer.refused(429).json()["message"].to_string();
    let seconds = answer.says("retry-after").parse::<u64>();
    let seconds = seconds.expect("seconds");
    assert!((1..=most).contains(&seconds), "{seconds}");
    assert!(told.contains(&format!("in {seconds} s")), "{told}");
}

/// So many seconds pass for who has spoken.
fn passes(chat: &Chat, seconds: i64) {
    let earlier = "UPDATE turns SET spoke_at = spoke_at - $1";
    chat.kept.does(earlier, &[&(seconds * 1_000)]);
}

#[tokio::test]
async fn one_waits_between_two_messages_in_every_dialect() {
    let chat = Chat::open().await;
    let (ann, bob, cleo) = (
        chat.rooms("ann").await,
        chat.direct("bob").await,
        chat.rooms("cleo").await,
    );
    let room = ann.opens_room("Lobby").await;
    bob.says(&room, "Before").await;
    let listens = bob.opens_a_socket().await;
    listens.does("joinRoom", json!({ "roomId": room })).await;
    let slow = json!({ "slowMode": 60 });
    ann.patch(format!("/api/rooms/{room}"), slow.clone())
        .await
        .looks_like(200, json!({ "data": slow.clone() }));
    listens.hears("roomUpdated", slow.clone()).await;
    assert_eq!(bob.conversation(&room).await["slowMode"], 60);
    for wrong in [json!(-1), json!(21_601), json!("slow")] {
        ann.patch(format!("/conversaton/{room}"), json!({ "slowMode": wrong }))
            .await
            .refused_for(&["slowMode"]);
    }
    bob.patch(format!("/api/rooms/{room}"), json!({ "slowMode": 0 }))
        .await
        .refused(403);

    let first = json!({ "roomId": room, "content": "First", "clientMessageId": "b1" });
    let first = bob.post("/api/messages", first).await;
    let first = first.has_status(201).json();
    let here = format!("/api/conversations/{room}/messages");
    waits(&bob.post(&here, json!({ "content": "Second" })).await, 60);
    let rooms = json!({ "roomId": room, "content": "Second" });
    waits(&bob.post("/api/messages", rooms).await, 60);
    let campus = json!({ "conversationId": room, "message": "Second" });
    waits(&bob.post("/message/create", campus).await, 60);
    let shared = || Form::file("notes.txt", "text/plain", "Hello").field("roomId", &room);
    waits(&bob.uploads(shared()).await, 60);
    for (event, field, content) in [
        ("message", "roomId", "content"),
        ("send_message", "conversationId", "content"),
        ("send-message", "conversationId", "message"),
    ] {
        let said = json!({ field: room, content: "Second" });
        let told = listens.is_refused(429, event, said).await;
        assert!(told.to_string().contains("Slow mode"), "{told}");
    }
    // A repeat is no new message.
    let again = json!({ "roomId": room, "content": "First", "clientMessageId": "b1" });
    let again = bob
        .post("/api/messages", again)
        .await
        .has_status(201)
        .json();
    assert_eq!(again["data"]["_id"], first["data"]["_id"]);
    // Who leaves and comes back waits too.
    bob.delete(format!("/api/rooms/{room}/members/{}", bob.id))
        .await
        .has_status(200);
    waits(&bob.post(&here, json!({ "content": "Second" })).await, 60);
    // Elsewhere, and by others, is said what is to be said; an owner and an administrator do not wait.
    let other = ann.opens_room("Other").await;
    for content in ["One", "Two"] {
        bob.says(&other, content).await;
        ann.says(&room, content).await;
        chat.admin().says(&room, content).await;
    }
    cleo.says(&room, "Mine").await;

    passes(&chat, 30);
    waits(&bob.post(&here, json!({ "content": "Second" })).await, 30);
    passes(&chat, 30);
    // What is refused for another reason is no turn.
    bob.post(&here, json!({ "content": "" })).await.refused(400);
    // Files and the message that they are for are one turn.
    for _ in 0..10 {
        bob.uploads(shared()).await.has_status(201);
    }
    waits(&bob.uploads(shared()).await, 60);
    bob.says(&room, "These are my files").await;
    waits(&bob.uploads(shared()).await, 60);
    waits(&bob.post(&here, json!({ "content": "Second" })).await, 60);
    ann.patch(format!("/conversaton/{room}"), json!({ "slowMode": 0 }))
        .await
        .has_status(200);
    for content in ["Two", "Three"] {
        bob.says(&room, content).await;
    }
    assert!(bob.conversation(&room).await.get("slowMode").is_none());
}
