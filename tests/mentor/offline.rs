//! Whoever has no live socket gets an e-mail: one per conversation, held for a while, dropped if they read in time.

use crate::support::mentor::*;
use crate::support::person::email_of;
use crate::support::*;
use std::time::Duration;

/// A server that holds mail for so long that nothing leaves the outbox within a scene.
async fn with_patience() -> Chat {
    Chat::with(&["--mail-delay", "10m"]).await
}

async fn mail(chat: &Chat, to: &Person) -> Vec<Value> {
    chat.mails_to(&email_of(&to.name)).await
}

#[tokio::test]
async fn one_mail_waits_for_each_conversation() {
    let chat = with_patience().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    let session = id(&john.opens_session(SESSION).await);
    assert!(mail(&chat, &jane).await.is_empty());
    for content in ["Hello", "Are you there?"] {
        john.says(&session, content).await;
    }
    let waiting = mail(&chat, &jane).await;
    let to_jane = json!([{ "to": email_of("jane"), "sentAt": null, "error": null }]);
    assert_looks_like(&json!(waiting), to_jane, "the mail to Jane");
    let mail_is = r#"{ "id": "0190b5a2-0000-8000-8000-000000000001", "createdAt": "2024-01-15T12:00:00.000Z" }"#;
    assert_looks_like(&waiting[0], mail_is, "the mail");

    // Elsewhere it is another mail, by whichever dialect the message came.
    john.writes_to(&jane, "And in direct").await;
    let group = john.gathers("Mentees", &[&jane]).await;
    john.posts(&group, "And in the group").await;
    assert_eq!(mail(&chat, &jane).await.len(), 3);
    assert!(
        mail(&chat, &john).await.is_empty(),
        "nobody is told of their own"
    );
}

/// Held until it is due; what is unread then decides its words.
#[tokio::test]
async fn when_its_time_has_come_the_mail_says_who_wrote() {
    let chat = Chat::with(&["--mail-delay", "1s"]).await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    john.writes_to(&jane, "Hello").await;
    eventually("the mail has its words", async || {
        mail(&chat, &jane).await[0]["text"] != ""
    })
    .await;
    let due = &mail(&chat, &jane).await[0];
    for field in ["subject", "text", "html"] {
        let told = due[field].as_str().unwrap_or_default();
        assert!(!told.is_empty(), "no {field}: {due}");
    }
    let told = format!("{} {}", due["subject"], due["text"]);
    assert!(told.contains("john"), "who wrote? {told}");
    // Without an SMTP server it stays there.
    assert_looks_like(due, json!({ "sentAt": null, "error": null }), "the mail");
}

#[tokio::test]
async fn who_is_here_needs_no_mail() {
    let chat = with_patience().await;
    let people = [
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("cleo").await,
    ];
    let [ann, bob, cleo] = &people;
    let group = ann.gathers("Friends", &[bob, cleo]).await;
    // In whichever namespace: a live socket is a live socket.
    let in_chat = bob.opens_chat().await;
    let at_home = cleo.opens_a_socket().await;
    ann.says(&group, "To both").await;
    in_chat
        .hears(
            "new_message",
            json!({ "message": { "content": "To both" } }),
        )
        .await;
    for person in &people {
        assert!(mail(&chat, person).await.is_empty(), "{}", person.name);
    }
    drop(in_chat);
    eventually("Bob is known to have gone", async || {
        ann.says(&group, "Still there?").await;
        mail(&chat, bob).await.len() == 1
    })
    .await;
    assert!(mail(&chat, cleo).await.is_empty());
    drop(at_home);
}

#[tokio::test]
async fn rooms_write_to_nobody() {
    let chat = with_patience().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.says(&room, "I am a member").await;
    ann.says(&room, "To all").await;
    for person in [&ann, &bob] {
        assert!(mail(&chat, person).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_read_in_time_needs_no_mail() {
    let chat = with_patience().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    let session = id(&john.opens_session(SESSION).await);
    john.says(&session, "Read me").await;
    john.writes_to(&jane, "And me").await;
    assert_eq!(mail(&chat, &jane).await.len(), 2);
    // Coming online is not yet reading.
    let hers = jane.opens_chat().await;
    assert_eq!(mail(&chat, &jane).await.len(), 2);
    hers.does("mark_read", json!({ "conversationId": session }))
        .await;
    eventually("one is dropped", async || {
        mail(&chat, &jane).await.len() == 1
    })
    .await;
    drop(hers);
    let direct = jane.get("/api/conversations").await.json();
    for conversation in direct.as_array().expect("a list") {
        jane.reads(&id(conversation)).await;
    }
    eventually("both are dropped", async || {
        mail(&chat, &jane).await.is_empty()
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    john.says(&session, "Read me too").await;
    assert_eq!(mail(&chat, &jane).await.len(), 1, "what comes after is new");
}

#[tokio::test]
async fn the_outbox_is_the_administrators() {
    let chat = with_patience().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    john.writes_to(&jane, "Hello").await;
    jane.get("/api/admin/outbox").await.refused(403);
    chat.nobody().get("/api/admin/outbox").await.refused(401);
}
