//! Whoever has no live socket, and has proven their address, gets an e-mail: held for a while, one for all conversations,
//! and none about what they read in time.

use crate::support::mentor::*;
use crate::support::person::email_of;
use crate::support::*;
use std::time::Duration;

/// Long enough for a few requests on a machine that runs all scenes at once.
async fn that_waits() -> Chat {
    Chat::with(&["--mail-delay", "3s"]).await
}

async fn in_a_hurry() -> Chat {
    Chat::with(&["--mail-delay", "1s"]).await
}

/// Everything that was said before has been looked through once this one is written to.
async fn all_is_written(chat: &Chat, john: &Person, witness: &str) {
    let witness = chat.campus(witness).await;
    john.writes_to(&witness, "And you?").await;
    chat.digest_to(&witness).await;
}

#[tokio::test]
async fn one_mail_tells_of_all_conversations() {
    let chat = that_waits().await;
    let (john, jane) = (chat.campus("john").await, chat.campus("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    let session = id(&john.opens_session(SESSION).await);
    for content in ["Hello", "Are you there?"] {
        john.says(&session, content).await;
    }
    // By whichever dialect it comes.
    john.writes_to(&jane, "And in direct").await;
    let group = john.gathers("Mentees", &[&jane]).await;
    john.posts(&group, "And in the group").await;
    assert!(chat.digests_to(&jane).await.is_empty(), "it is held");

    let mail = chat.digest_to(&jane).await;
    let expected = json!({
        "to": email_of("jane"), "kind": "digest", "subject": "4 messages you have not read",
        "sentAt": null, "refusedAt": null, "error": null,
    });
    assert_looks_like(&mail, expected, "the mail to Jane");
    for form in ["text", "html"] {
        let told = mail[form].as_str().unwrap_or_default();
        for words in [
            "jane",
            "john",
            "Hello",
            "Are you there?",
            "And in direct",
            "Mentees",
            "And in the group",
        ] {
            assert!(told.contains(words), "{words} is not in the {form}: {told}");
        }
    }
    let text = mail["text"].as_str().unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with("# "));
    let headings = headings.collect::<Vec<_>>();
    assert_eq!(
        headings,
        ["# Mentees", "# john", "# john"],
        "each has its own: {text}"
    );
    all_is_written(&chat, &john, "witness").await;
    assert_eq!(chat.digests_to(&jane).await.len(), 1, "and no other");
    assert!(
        chat.digests_to(&john).await.is_empty(),
        "nobody is told of their own"
    );
    // Nor again of what they were told, but of what comes after.
    john.posts(&group, "Once more").await;
    let mails = chat.has_written(&jane, 2).await;
    let words = mails[0]["text"].to_string();
    assert!(words.contains("Once more"), "{words}");
}

/// An address that somebody typed is not one that somebody reads: whose it is never asked for this.
#[tokio::test]
async fn who_has_not_proven_an_address_is_not_written_to() {
    let chat = in_a_hurry().await;
    let john = chat.rooms("john").await;
    let victims = [chat.rooms("victim").await, chat.emote("prey").await];
    let group = john
        .gathers("Cheap watches", &[&victims[0], &victims[1]])
        .await;
    john.says(&group, "Buy now").await;
    for victim in &victims {
        john.writes_to(victim, "Buy now").await;
    }
    all_is_written(&chat, &john, "witness").await;
    for victim in &victims {
        assert!(chat.mails_to(&email_of(&victim.name)).await.is_empty());
    }
}

#[tokio::test]
async fn who_is_here_needs_no_mail() {
    let chat = in_a_hurry().await;
    let ann = chat.campus("ann").await;
    let (bob, cleo, dora) = (
        chat.campus("bob").await,
        chat.campus("cleo").await,
        chat.campus("dora").await,
    );
    let group = ann.gathers("Friends", &[&bob, &cleo, &dora]).await;
    // In whichever namespace: a live socket is a live socket.
    let in_chat = bob.opens_chat().await;
    let at_home = cleo.opens_a_socket().await;
    ann.says(&group, "To all").await;
    chat.digest_to(&dora).await;
    for person in [&ann, &bob, &cleo] {
        assert!(chat.digests_to(person).await.is_empty(), "{}", person.name);
    }
    drop(in_chat);
    eventually("Bob is known to have gone", async || {
        let open = chat.admin().get("/api/admin/sockets").await.json();
        open["sockets"].as_array().is_some_and(|all| all.len() == 1)
    })
    .await;
    ann.says(&group, "Still there?").await;
    chat.digest_to(&bob).await;
    assert!(chat.digests_to(&cleo).await.is_empty());
    drop(at_home);
}

#[tokio::test]
async fn rooms_write_to_nobody() {
    let chat = in_a_hurry().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.says(&room, "I am a member").await;
    ann.says(&room, "To all").await;
    all_is_written(&chat, &ann, "witness").await;
    for person in [&ann, &bob] {
        assert!(chat.digests_to(person).await.is_empty());
    }
}

/// Says what this person wants to be told of there.
async fn wants(person: &Person, place: &str, settings: Value) {
    let path = format!("/api/conversations/{place}/settings");
    person.patch(path, settings).await.has_status(200);
}

#[tokio::test]
async fn a_mail_tells_of_what_its_reader_wants_to_be_told_of() {
    let chat = in_a_hurry().await;
    let (john, jane) = (chat.campus("john").await, chat.campus("jane").await);
    let silent = john.gathers("Silent", &[&jane]).await;
    let muted = john.gathers("Muted", &[&jane]).await;
    let choosy = john.gathers("Choosy", &[&jane]).await;
    let wanted = john.gathers("Wanted", &[&jane]).await;
    wants(&jane, &silent, json!({ "level": "none" })).await;
    let long_after = json!({ "mutedUntil": "2999-01-01T00:00:00Z" });
    wants(&jane, &muted, long_after).await;
    wants(&jane, &choosy, json!({ "level": "mentions" })).await;
    for place in [&silent, &muted, &choosy] {
        john.says(place, "Not by mail").await;
    }
    all_is_written(&chat, &john, "witness").await;
    assert!(chat.digests_to(&jane).await.is_empty());
    assert_eq!(jane.conversation(&silent).await["unreadCount"], 1);

    // Nor with what she does want to be told of, also while those wait.
    for place in [&silent, &muted, &choosy, &wanted] {
        john.says(
            place,
            if place == &wanted {
                "By mail"
            } else {
                "Not by mail"
            },
        )
        .await;
    }
    let mail = chat.digest_to(&jane).await;
    assert_eq!(mail["subject"], "A message from john");
    let text = mail["text"].to_string();
    assert!(
        text.contains("By mail") && !text.contains("Not by mail"),
        "{text}"
    );

    // A mention is what she wants to be told of there, and nothing beside it.
    john.says(&choosy, "For @jane by name").await;
    let mails = chat.has_written(&jane, 2).await;
    let text = mails[0]["text"].to_string();
    assert!(
        text.contains("For @jane by name") && !text.contains("Not by mail"),
        "{text}"
    );

    // Of her own accord she hears again: of everything that is unread there.
    wants(&jane, &muted, json!({ "mutedUntil": null })).await;
    john.says(&muted, "By mail again").await;
    let mails = chat.has_written(&jane, 3).await;
    let text = mails[0]["text"].to_string();
    assert!(
        text.contains("By mail again") && text.contains("# Muted"),
        "{text}"
    );
    assert!(!text.contains("# Silent"), "{text}");
}

#[tokio::test]
async fn a_mute_ends_by_itself() {
    let chat = in_a_hurry().await;
    let (john, jane) = (chat.campus("john").await, chat.campus("jane").await);
    let group = john.gathers("Friends", &[&jane]).await;
    let soon = chat::core::time::Time::now().plus(Duration::from_secs(4));
    wants(&jane, &group, json!({ "mutedUntil": &*soon.iso() })).await;
    john.says(&group, "While it lasts").await;
    all_is_written(&chat, &john, "witness").await;
    assert!(chat.digests_to(&jane).await.is_empty());
    eventually("it is muted no more", async || {
        let path = format!("/api/conversations/{group}/settings");
        jane.get(path).await.json()["mutedUntil"].is_null()
    })
    .await;
    john.says(&group, "After it").await;
    let mail = chat.digest_to(&jane).await;
    assert!(mail["text"].to_string().contains("After it"), "{mail}");
}

#[tokio::test]
async fn who_wants_no_mail_gets_not_even_the_one_that_waits() {
    let chat = in_a_hurry().await;
    let (john, jane) = (chat.campus("john").await, chat.campus("jane").await);
    let group = john.gathers("Friends", &[&jane]).await;
    john.says(&group, "Hello").await;
    chat.digest_to(&jane).await;
    wants(&jane, &group, json!({ "level": "none" })).await;
    assert!(chat.digests_to(&jane).await.is_empty());
}

#[tokio::test]
async fn what_is_read_in_time_needs_no_mail() {
    let chat = that_waits().await;
    let (john, jane) = (chat.rooms("john").await, chat.campus("jane").await);
    chat.has_session(SESSION, &john, &jane).await;
    let session = id(&john.opens_session(SESSION).await);
    john.says(&session, "Read me").await;
    john.writes_to(&jane, "And me").await;
    let direct = john.meets(&jane).await;
    // By socket or by REST; then she goes.
    let hers = jane.opens_chat().await;
    hers.does("mark_read", json!({ "conversationId": session }))
        .await;
    drop(hers);
    jane.reads(&direct).await;
    all_is_written(&chat, &john, "witness").await;
    assert!(chat.digests_to(&jane).await.is_empty());
    john.says(&session, "Read me too").await;
    chat.digest_to(&jane).await;
    // It waits for a mail server, and she comes back before there is one.
    jane.reads(&session).await;
    assert!(chat.digests_to(&jane).await.is_empty());
}

#[tokio::test]
async fn a_link_in_the_mail_turns_such_mail_off() {
    let chat = in_a_hurry().await;
    let (john, jane) = (chat.rooms("john").await, chat.campus("jane").await);
    john.writes_to(&jane, "Hello").await;
    let mail = chat.digest_to(&jane).await;
    let text = mail["text"].as_str().expect("a text");
    let link = text
        .split_whitespace()
        .find(|word| word.contains("/mail/off/"));
    let link = link.unwrap_or_else(|| panic!("no link in {text}"));
    assert!(
        mail["html"]
            .as_str()
            .is_some_and(|html| html.contains(link))
    );
    let (_, path) = link.split_at(link.find("/mail/").expect("a path"));
    let wants = async || jane.get("/api/mail").await.has_status(200).json()["mail"].clone();
    assert_eq!(wants().await, json!({ "sent": false, "unread": true }));

    // Whatever looks at the links in mail does not turn it off; one click does.
    let nobody = chat.nobody();
    let shown = nobody.get(path).await;
    shown.has_status(200);
    assert!(
        shown.text().contains("<form method=\"post\">"),
        "{}",
        shown.text()
    );
    assert_eq!(wants().await["unread"], true);
    let form = "application/x-www-form-urlencoded";
    let click = Request::new("POST", path).body(form, "List-Unsubscribe=One-Click");
    click.send(&chat.address).await.has_status(200);
    assert_eq!(wants().await["unread"], false);
    assert!(
        chat.digests_to(&jane).await.is_empty(),
        "nor is that one sent"
    );
    john.writes_to(&jane, "Are you there?").await;
    all_is_written(&chat, &john, "witness").await;
    assert!(chat.digests_to(&jane).await.is_empty());
    // What she asks for still comes.
    let code = json!({ "email": email_of("jane") });
    nobody
        .post("/user/reset-password-code", code)
        .await
        .has_status(200);
    chat.code_for(&email_of("jane")).await;

    // She may have it back, and nobody else may turn anything off.
    let made_up = [&*jane.uuid, &*jane.id, &jane.number.to_string(), "x"].map(str::to_owned);
    let back = json!({ "unread": true });
    jane.patch("/api/mail", back)
        .await
        .looks_like(200, json!({ "mail": { "unread": true } }));
    for token in made_up {
        nobody
            .post(format!("/mail/off/{token}"), json!({}))
            .await
            .refused(404);
    }
    jane.patch("/api/mail", json!({}))
        .await
        .refused_for(&["unread"]);
    jane.patch("/api/mail", json!({ "unread": "x" }))
        .await
        .refused_for(&["unread"]);
    nobody
        .patch("/api/mail", json!({ "unread": false }))
        .await
        .refused(401);
    john.writes_to(&jane, "Welcome back").await;
    chat.digest_to(&jane).await;
}

#[tokio::test]
async fn whoever_asks_is_told_that_no_mail_is_sent() {
    let chat = Chat::open().await;
    let nobody = chat.nobody();
    let known = nobody.get("/api/mail").await;
    known.looks_like(
        200,
        json!({ "success": true, "mail": { "sent": false, "unread": null } }),
    );
    for path in [
        "/user/send-signup-code",
        "/user/reset-password-code",
        "/api/password/reset-request",
    ] {
        let asked = nobody
            .post(path, json!({ "email": "ann@example.test" }))
            .await;
        let words = asked.has_status(200).json()["message"].to_string();
        assert!(words.contains("Ask whoever runs it"), "{path}: {words}");
    }
    let sends = ["--smtp-url", "smtp://127.0.0.1:9"];
    let chat = Chat::with(&sends).await;
    let known = chat.nobody().get("/api/mail").await;
    known.looks_like(200, json!({ "mail": { "sent": true } }));
    let asked = json!({ "email": "ann@example.test" });
    let asked = chat.nobody().post("/user/send-signup-code", asked).await;
    let words = asked.has_status(200).json()["message"].to_string();
    assert!(words.contains("on its way"), "{words}");
}

#[tokio::test]
async fn the_outbox_is_the_administrators() {
    let chat = that_waits().await;
    let (john, jane) = (chat.rooms("john").await, chat.rooms("jane").await);
    john.writes_to(&jane, "Hello").await;
    jane.get("/api/admin/outbox").await.refused(403);
    chat.nobody().get("/api/admin/outbox").await.refused(401);
}
