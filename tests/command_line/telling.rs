//! `chat session` and `chat notify`: what another application tells by the command line; and what sockets hear of commands.

use super::{a_file, fed, typed, words};
use crate::support::mentor::SESSION;
use crate::support::*;

#[tokio::test]
async fn sessions_and_notifications_are_told() {
    let (_folder, file) = a_file().await;
    let db = ["--db", words(&file)];
    for name in ["ann", "bob"] {
        let email = format!("{name}@example.test");
        let add = ["user", "add", name, "--email", &email];
        fed(&[&add[..], &db].concat(), "a good password")
            .await
            .well();
    }
    let put = [
        "session", "put", SESSION, "--mentor", "ann", "--mentee", "2",
    ];
    let start = ["--start-at", "2024-01-15T10:00:00Z"];
    let done = typed(&[&put[..], &start, &db].concat()).await;
    assert_eq!(done.well().out, format!("session {SESSION} is scheduled\n"));
    let done = typed(&[&put[..], &start, &["--status", "done", "--json"], &db].concat()).await;
    let session = json!({ "id": SESSION, "mentorId": 1, "menteeId": 2, "startAt": "2024-01-15T10:00:00.000Z", "status": "done" });
    assert_eq!(done.json(), session);
    let listed = typed(&[&["session", "list", "--json"][..], &db].concat()).await;
    assert_eq!(listed.json(), json!([session]));
    let listed = typed(&[&["session", "list"][..], &db].concat()).await;
    assert!(listed.well().out.starts_with(SESSION), "{listed:?}");
    let wrong = typed(&[&put[..], &["--start-at", "tomorrow"], &db].concat()).await;
    wrong.badly(1, "write 2024-01-15T10:00:00Z");
    let nobody = [
        "session", "put", SESSION, "--mentor", "eve", "--mentee", "bob",
    ];
    typed(&[&nobody[..], &start, &db].concat())
        .await
        .badly(1, "User not found");

    let notice = ["notify", "ann", "--title", "Paid", "--message", "Thank you"];
    let told = typed(&[&notice[..], &db].concat()).await;
    assert_eq!(told.well().out, "ann was notified: Paid\n");
    let told = typed(&[&notice[..], &["--type", "payment", "--json"], &db].concat()).await;
    assert_eq!(
        told.json(),
        json!({ "id": 2, "userId": 1, "title": "Paid" })
    );
    let nobody = ["notify", "eve", "--title", "Paid", "--message", "Thank you"];
    typed(&[&nobody[..], &db].concat())
        .await
        .badly(1, "User not found");
}

/// Sockets hear what a command changes as if the server had done it, and in the same order.
#[tokio::test]
async fn a_group_hears_who_owns_it_when_a_command_has_removed_its_owner() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Friends", &[&bob]).await;
    let campus = bob.opens_a_socket().await;
    let joins = json!({ "conversationId": group });
    campus.does("join-conversation", joins).await;
    let rooms = bob.opens_a_socket().await;
    rooms.does("joinRoom", json!({ "roomId": group })).await;
    let mentor = bob.opens_chat().await;

    chat.command(&["user", "remove", "ann"]).await;
    for (socket, left, changed, owner) in [
        (&campus, "member-left", "conversation-updated", &bob.uuid),
        (&rooms, "memberLeft", "roomUpdated", &bob.id),
        (&mentor, "member_left", "conversation_updated", &bob.uuid),
    ] {
        let heard = socket.hears_all(2).await;
        let names: Vec<_> = heard.iter().map(|(event, _)| &**event).collect();
        assert_eq!(names, [left, changed]);
        assert_eq!(heard[1].1["owners"], json!([owner]), "{changed}");
        for event in [left, changed] {
            socket.hears_nothing_of(event).await;
        }
    }
}

#[tokio::test]
async fn who_connects_right_then_hears_notifications_once_and_in_their_order() {
    let chat = Chat::open().await;
    let eve = chat.rooms("eve").await;
    let room = eve.opens_room("Lobby").await;
    for name in ["ann", "bob", "cleo"] {
        let person = chat.direct(name).await;
        chat.notifies(&person, "First", "Thank you", "payment")
            .await;
        // The server hears of the first one now, when nobody is there, and of the second one while the socket comes in.
        eve.posts(&room, "Hello").await;
        chat.notifies(&person, "Second", "Thank you", "payment")
            .await;
        let socket = person.opens_a_socket().await;
        let heard = socket.hears_many(2, "new_notification").await;
        let heard: Vec<_> = heard.iter().map(|notice| &notice["title"]).collect();
        assert_eq!(heard, ["First", "Second"], "{name}");
        socket.hears_nothing_of("new_notification").await;
        let later = person.opens_a_socket().await;
        later.hears_nothing_of("new_notification").await;
    }
}
