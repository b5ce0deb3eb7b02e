//! A deleted message: its text is nowhere, its sequence number stays.

use super::text;
use crate::support::kept::Kept;
use crate::support::mentor::id;
use crate::support::*;

const WORDS: &str = "Meet me at midnight";

#[tokio::test]
async fn a_deleted_message_is_gone_from_every_history() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.posts(&room, "Hello").await;
    let pair = ann.meets(&bob).await;
    let admin = chat.admin();
    for place in [&room, &pair] {
        let first = ann.sends_to(place, "first").await;
        let attached = json!({ "content": WORDS, "attachments": [
            { "filename": "map.png", "mimeType": "image/png", "url": "https://example.test/midnight.png", "size": 7 } ] });
        let sent = ann
            .post(format!("/api/conversations/{place}/messages"), attached)
            .await;
        let sent = id(&sent.has_status(201).json());
        let path = format!("/api/admin/messages/{sent}");
        admin.delete(&path).await.has_status(200);
        admin.delete(&path).await.refused(404);
        for path in [
            format!("/api/messages/{place}"),
            format!("/api/rooms/{place}"),
            format!("/message/get-messages?conversationId={place}"),
            format!("/api/conversations/{place}/messages"),
            "/api/conversations?limit=50".to_owned(),
            "/api/conversations?page=1".to_owned(),
            format!("/api/conversations/{place}"),
            format!("/api/admin/conversations/{place}/messages"),
        ] {
            let shown = bob.get(&path).await;
            let shown = if path.contains("admin") {
                admin.get(&path).await
            } else {
                shown
            };
            let shown = shown.has_status(200).text();
            assert!(!shown.contains("midnight"), "{path}: {shown}");
        }
        // Who comes back hears what was said since, and not this.
        let after = ann.sends_to(place, "after").await;
        for (namespace, join, heard) in [
            ("/", "joinRoom", "message"),
            ("/", "join_conversation", "new_message"),
            ("/chat", "", "new_message"),
        ] {
            let auth = json!({ "token": bob.token, "lastMessageId": first["id"] });
            let socket = bob.entry().namespace(namespace).auth(auth);
            let socket = socket.connect().await.expect("let in");
            if !join.is_empty() {
                let joining = json!({ "roomId": place, "conversationId": place });
                socket.does(join, joining).await;
            }
            let caught_up = socket.hears(heard, json!({})).await.to_string();
            assert!(caught_up.contains("after"), "{caught_up}");
        }
        // Its number stays, and is shown to the administrator as deleted.
        let seen = admin
            .get(format!("/api/admin/conversations/{place}/messages"))
            .await;
        let seen = seen.has_status(200).json();
        let expected = json!({ "id": sent, "text": "", "attachments": [], "deleted": true });
        assert_looks_like(&seen["messages"][1], expected, "the deleted one");
        let seqs = seen["messages"].as_array().expect("messages").iter();
        let seqs: Vec<_> = seqs.rev().map(|one| one["seq"].as_u64()).collect();
        let dense: Vec<_> = (1..=seqs.len() as u64).map(Some).collect();
        assert_eq!(seqs, dense);
        assert_eq!(seen["messages"][0]["id"], after["id"]);
    }
    if let Kept::File(_) = chat.kept {
        chat.command(&["check"]).await;
    }
}

#[tokio::test]
async fn what_is_unread_stays_countable() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    let mut sent = Vec::new();
    for content in ["one", "two", "three"] {
        sent.push(text(&ann.sends_to(&pair, content).await["id"]));
    }
    let admin = chat.admin();
    let delete = async |id: &str| {
        let path = format!("/api/admin/messages/{id}");
        admin.delete(path).await.has_status(200);
    };
    // The last one, then one in the middle: neither is unread, wherever that is told.
    for (gone, left) in [(2, 2), (1, 1)] {
        delete(&sent[gone]).await;
        assert_eq!(bob.conversation(&pair).await["unreadCount"], left);
        let listed = bob.get("/api/conversations?limit=50").await.json();
        assert_eq!(listed[0]["unreadCount"], left, "{listed}");
        let paged = bob.get("/api/conversations?page=1").await.json();
        assert_eq!(paged["conversations"][0]["unreadCount"], left, "{paged}");
        let seen = admin.get(format!("/api/admin/conversations/{pair}")).await;
        let seen = seen.has_status(200).json();
        let people = seen["conversation"]["participants"]
            .as_array()
            .expect("people");
        let his = people.iter().find(|one| one["name"] == "bob");
        assert_eq!(his.expect("Bob")["unread"], left, "{seen}");
    }
    bob.reads(&pair).await;
    assert_eq!(bob.conversation(&pair).await["unreadCount"], 0);
    delete(&sent[0]).await;
    assert_eq!(bob.conversation(&pair).await["unreadCount"], 0);
    ann.sends_to(&pair, "four").await;
    assert_eq!(bob.conversation(&pair).await["unreadCount"], 1);
    // What Ann said herself was never unread for her, before it was deleted nor afterwards.
    assert_eq!(ann.conversation(&pair).await["unreadCount"], 0);
    bob.sends_to(&pair, "five").await;
    assert_eq!(ann.conversation(&pair).await["unreadCount"], 1);
    admin
        .delete("/api/admin/messages/999999")
        .await
        .refused(404);
    admin.delete("/api/admin/messages/x").await.refused(400);
}

#[tokio::test]
async fn a_mail_about_what_is_unread_does_not_tell_it() {
    let chat = Chat::with(&["--mail-delay", "2s"]).await;
    let ann = chat.rooms("ann").await;
    let (bob, cleo) = (chat.campus("bob").await, chat.campus("cleo").await);
    let (pair, other) = (ann.meets(&bob).await, ann.meets(&cleo).await);
    let says = async |place: &str, words| text(&ann.sends_to(place, words).await["id"]);
    let deletes = async |id: String| {
        let path = format!("/api/admin/messages/{id}");
        chat.admin().delete(path).await.has_status(200);
    };
    // Nothing is left to tell to Bob: he gets no mail, and no empty one either.
    deletes(says(&pair, WORDS).await).await;
    let second = says(&other, WORDS).await;
    says(&other, "Hello").await;
    let mail = chat.digest_to(&cleo).await;
    assert_eq!(mail["subject"], "2 messages you have not read");
    assert!(chat.digests_to(&bob).await.is_empty());
    // It has not been sent yet: what is deleted now goes out no more.
    deletes(second).await;
    eventually("it was written anew", async || {
        let mails = chat.digests_to(&cleo).await;
        mails.len() == 1 && mails[0]["subject"] == "A message from ann"
    })
    .await;
    let mail = chat.digest_to(&cleo).await.to_string();
    assert!(
        mail.contains("Hello") && !mail.contains("midnight"),
        "{mail}"
    );
}
