//! A removed account: what it said stays, who it was does not.

use super::{asking, named, of};
use crate::support::person::email_of;
use crate::support::*;

#[tokio::test]
async fn what_was_said_stays_and_who_said_it_is_gone() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("Robert Roe").await,
        chat.rooms("eve").await,
    );
    let room = ann.opens_room("General Discussion").await;
    bob.posts(&room, "Hello everyone!").await;
    let group = ann.gathers("Friends", &[&bob, &eve]).await;
    bob.sends_to(&group, "Hello friends").await;
    let pair = ann.meets(&bob).await;
    bob.sends_to(&pair, "Hello Ann").await;
    let diary = bob.uploads(Form::file("diary.txt", "text/plain", "Dear diary"));
    let diary = diary.await.has_status(201).json()["data"]["_id"].clone();
    let admin = chat.admin();
    chat.notifies(&bob, "Paid", "Thank you", "payment").await;
    admin.delete(of(&bob)).await.has_status(200);

    // The words stay, in every conversation and every dialect; no answer names him.
    let everywhere = [
        format!("/api/messages/{room}"),
        format!("/api/rooms/{room}"),
        format!("/api/rooms/{group}"),
        format!("/message/get-messages?conversationId={group}"),
        format!("/message/get-messages?conversationId={pair}"),
        format!("/message/get-conversation-participants?conversationId={group}"),
        format!("/message/get-conversation-participants?conversationId={pair}"),
        format!("/conversaton/{pair}"),
        format!("/api/conversations/{pair}"),
        format!("/api/conversations/{pair}/messages"),
        "/api/conversations?limit=50".to_owned(),
        "/api/conversations?page=1".to_owned(),
        "/api/profile/users?page_size=100".to_owned(),
        "/api/files".to_owned(),
    ];
    for path in &everywhere {
        let shown = ann.get(path).await;
        let shown = shown.has_status(200).text();
        assert!(!shown.to_lowercase().contains("robert"), "{path}: {shown}");
    }
    for path in [
        "users",
        "conversations",
        "files",
        "sockets",
        "outbox",
        "sessions",
    ] {
        let shown = admin.get(format!("/api/admin/{path}?limit=100")).await;
        let shown = shown.has_status(200).text();
        assert!(
            !shown.to_lowercase().contains("robert"),
            "admin's {path}: {shown}"
        );
    }
    let said = ann.get(&everywhere[9]).await.json();
    assert_eq!(said["messages"][0]["content"], "Hello Ann");
    let members = format!(
        "/api/admin/conversations/{}/messages",
        pair.trim_start_matches('/')
    );
    let seen = admin.get(members).await.has_status(200).json();
    assert_eq!(seen["messages"][0]["author"]["name"], "Removed user");
    let path = format!("/message/get-conversation-participants?conversationId={pair}");
    let people = ann.get(path).await.text();
    assert!(people.contains("Removed user"), "{people}");

    // Groups are left, own files are gone, and he is nobody whom one could do anything to.
    let path = format!("/message/get-conversation-participants?conversationId={group}");
    let people = ann.get(path).await.json();
    assert_eq!(people.as_array().map(Vec::len), Some(2), "{people}");
    let file = diary.as_str().expect("an id");
    let gone = admin.get(format!("/api/admin/files/{file}")).await;
    gone.refused(404);
    admin.get(of(&bob)).await.refused(404);
    admin.delete(of(&bob)).await.refused(404);
    for change in [
        json!({ "name": "Bob" }),
        json!({ "suspended": true }),
        json!({ "admin": true }),
    ] {
        admin.patch(of(&bob), change).await.refused(404);
    }
    for (route, body) in [("token", json!({})), ("reset-link", json!({}))] {
        let asked = admin.post(format!("{}/{route}", of(&bob)), body).await;
        asked.refused(404);
    }
    admin
        .get(format!("{}/devices", of(&bob)))
        .await
        .refused(404);
    let notice = json!({ "userId": bob.uuid, "title": "Hello", "message": "Hello" });
    admin
        .post("/api/admin/notifications", notice)
        .await
        .refused(404);
    let found = admin
        .get(asking("users", "robert"))
        .await
        .has_status(200)
        .json();
    assert_eq!(named(&found, "users", "name"), [""; 0]);
}

#[tokio::test]
async fn the_address_and_the_name_can_be_had_again() {
    let chat = Chat::open().await;
    let bob = chat.rooms("bob").await;
    let link = chat
        .admin()
        .post(format!("{}/reset-link", of(&bob)), json!({}))
        .await;
    let link = link.has_status(201).json();
    chat.admin().delete(of(&bob)).await.has_status(200);
    // What was handed out for the old account is nothing for the new one.
    let again = chat.rooms("bob").await;
    assert_ne!(again.number, bob.number);
    let token = link["link"].as_str().expect("a link");
    let (_, token) = token.split_once("#reset=").expect("a token");
    let reset = json!({ "token": token, "password": "another password" });
    let nobody = chat.nobody();
    nobody.post("/api/password/reset", reset).await.refused(400);
    again.get("/api/auth/validate").await.has_status(200);
    let known = chat.admin().get(of(&again)).await.json();
    assert_eq!(known["user"]["email"], email_of("bob"));
}

#[tokio::test]
async fn who_writes_to_somebody_removed_is_told() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    chat.admin().delete(of(&bob)).await.has_status(200);
    let pair = json!({ "senderId": ann.uuid, "receiverId": bob.uuid });
    ann.post("/conversaton/create", pair).await.refused(404);
    let written = json!({ "toUserId": bob.number, "content": "Hello" });
    ann.is_refused(404, "send_message", written).await;
}
