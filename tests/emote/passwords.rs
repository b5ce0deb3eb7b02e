//! A forgotten password: the link by mail, and the new password.

use super::told;
use crate::support::*;
use std::time::Duration;

const ANN: &str = "ann@example.test";
const NEW: &str = "newpassword";

/// Asks for a link to Ann's address, and returns the token in it.
async fn link(chat: &Chat) -> String {
    let asked = json!({ "email": ANN });
    told(
        &chat
            .nobody()
            .post("/api/password/reset-request", asked)
            .await,
    );
    chat.link_token_for(ANN).await
}

async fn resets(chat: &Chat, token: &str, password: &str) -> Answer {
    let new = json!({ "token": token, "password": password });
    chat.nobody().post("/api/password/reset", new).await
}

async fn logs_in(chat: &Chat, password: &str) -> Answer {
    let login = json!({ "email": ANN, "password": password });
    chat.nobody().post("/api/auth/login", login).await
}

#[tokio::test]
async fn ann_follows_the_link_and_chooses_a_new_password() {
    let chat = Chat::open().await;
    let ann = chat.emote("ann").await;
    let (phone, bob) = (ann.logs_in().await, chat.emote("bob").await);
    let sockets = [ann.opens_a_socket().await, phone.opens_a_socket().await];
    let token = link(&chat).await;
    ann.get("/api/auth/validate").await.has_status(200);
    told(&resets(&chat, &token, NEW).await);

    for device in [&ann, &phone] {
        device.get("/api/auth/validate").await.refused(401);
    }
    for socket in &sockets {
        socket.is_sent_away().await;
    }
    bob.get("/api/auth/validate").await.has_status(200);
    logs_in(&chat, "password of ann").await.refused(401);
    let login = logs_in(&chat, NEW).await.has_status(200).json();
    let ann = ann.with_token(login["token"].as_str().expect("a token"));
    let shown = ann.get("/api/auth/validate").await;
    shown.looks_like(200, json!({ "user": { "id": ann.uuid } }));
}

#[tokio::test]
async fn a_link_works_once_and_the_newest_only() {
    let chat = Chat::open().await;
    chat.emote("ann").await;
    let (first, second) = (link(&chat).await, link(&chat).await);
    assert_ne!(first, second);
    resets(&chat, &first, NEW).await.refused(400);
    told(&resets(&chat, &second, NEW).await);
    resets(&chat, &second, "yet another password")
        .await
        .refused(400);
    logs_in(&chat, NEW).await.has_status(200);
}

#[tokio::test]
async fn a_link_lasts_an_hour() {
    let chat = Chat::open().await;
    chat.emote("ann").await;
    let minutes = |minutes: u64| chat.time_passes(Duration::from_secs(minutes * 60));
    let token = link(&chat).await;
    minutes(60).await;
    resets(&chat, &token, NEW).await.refused(400);
    let token = link(&chat).await;
    minutes(59).await;
    told(&resets(&chat, &token, NEW).await);
}

#[tokio::test]
async fn asking_does_not_tell_who_has_an_account() {
    let chat = Chat::open().await;
    chat.emote("ann").await;
    let ask = async |email: &str| {
        let asked = json!({ "email": email });
        told(
            &chat
                .nobody()
                .post("/api/password/reset-request", asked)
                .await,
        )
    };
    let known = ask(ANN).await;
    assert_eq!(ask("unknown@example.test").await, known);
    assert!(chat.mails_to("unknown@example.test").await.is_empty());
    assert_eq!(chat.mails_to(ANN).await.len(), 1);
    assert!(!known.to_string().contains(&chat.link_token_for(ANN).await));

    for wrong in [json!({}), json!({ "email": "ann" }), json!({ "email": 17 })] {
        let refused = chat
            .nobody()
            .post("/api/password/reset-request", wrong)
            .await;
        refused.refused_for(&["email"]);
    }
}

#[tokio::test]
async fn what_is_no_token_or_no_password_is_refused_and_costs_nothing() {
    let chat = Chat::open().await;
    chat.emote("ann").await;
    let token = link(&chat).await;
    for wrong in [
        "reset_token",
        &format!("{token}x"),
        &token[1..],
        "%",
        &"x".repeat(5000),
    ] {
        resets(&chat, wrong, NEW).await.refused(400);
    }
    for wrong in ["", "short", &"x".repeat(257)] {
        resets(&chat, &token, wrong)
            .await
            .refused_for(&["password"]);
    }
    let empty = chat.nobody().post("/api/password/reset", json!({})).await;
    empty.refused_for(&["token", "password"]);
    // A campus code resets nothing here, though it came by the same mail.
    let nobody = chat.nobody();
    let asked = nobody.post("/user/reset-password-code", json!({ "email": ANN }));
    asked.await.has_status(200);
    resets(&chat, &chat.code_for(ANN).await, NEW)
        .await
        .refused(400);
    logs_in(&chat, "password of ann").await.has_status(200);

    told(&resets(&chat, &token, NEW).await);
}

#[tokio::test]
async fn the_link_leads_to_this_server_whatever_the_request_claims() {
    for (flags, base) in [
        (&[][..], None),
        (
            &["--public-url", "https://chat.example.org"],
            Some("https://chat.example.org/"),
        ),
    ] {
        let chat = Chat::with(flags).await;
        chat.emote("ann").await;
        let asked = Request::new("POST", "/api/password/reset-request")
            .json(&json!({ "email": ANN }))
            .header("X-Forwarded-Host", "evil.example.com")
            .header("Origin", "https://evil.example.com");
        told(&chat.nobody().sends(asked).await);
        let mail = chat.mail_to(ANN).await.to_string();
        let base = base.map_or(format!("http://{}/", chat.address), str::to_owned);
        assert!(mail.contains(&base), "a link to {base} in {mail}");
        assert!(!mail.contains("evil"), "{mail}");
    }
}
