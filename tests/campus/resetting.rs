//! A forgotten password: the code by mail, its proof, and the new password.

use super::told;
use crate::support::*;
use std::time::Duration;

const ANN: &str = "ann@example.test";
const NEW: &str = "a new password";

/// Shows the code that was mailed to Ann, and returns the `resetToken`.
async fn proves_reset(chat: &Chat) -> String {
    let nobody = chat.nobody();
    let asked = nobody.post("/user/reset-password-code", json!({ "email": ANN }));
    told(&asked.await);
    let proof = json!({ "email": ANN, "verificationCode": chat.code_for(ANN).await });
    let proven = told(&nobody.post("/user/verify-reset-code", proof).await);
    assert_eq!(proven["verified"], true);
    proven["resetToken"].as_str().expect("a token").to_owned()
}

async fn resets(by: &Person, password: &str, token: Option<&str>) -> Answer {
    let mut new = json!({ "email": ANN, "password": password });
    if let Some(token) = token {
        new["resetToken"] = json!(token);
    }
    by.patch("/user/reset-password", new).await
}

async fn logs_in(chat: &Chat, password: &str) -> Answer {
    let login = json!({ "email": ANN, "password": password });
    chat.nobody().post("/auth/login", login).await
}

#[tokio::test]
async fn ann_chooses_a_new_password() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    proves_reset(&chat).await;
    ann.get("/user/profile").await.has_status(200);
    told(&resets(&chat.nobody(), NEW, None).await);
    logs_in(&chat, "password of ann").await.refused(401);
    logs_in(&chat, NEW)
        .await
        .looks_like(200, json!({ "user": { "id": ann.uuid } }));
}

#[tokio::test]
async fn a_new_password_ends_every_device_and_its_sockets() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let (phone, bob) = (ann.logs_in().await, chat.campus("bob").await);
    let sockets = [ann.opens_a_socket().await, phone.opens_a_socket().await];
    let bobs = bob.opens_a_socket().await;
    proves_reset(&chat).await;
    told(&resets(&chat.nobody(), NEW, None).await);
    for device in [&ann, &phone] {
        device.get("/user/profile").await.refused(401);
        assert!(device.enters(json!({})).await.is_err());
    }
    for socket in &sockets {
        socket.is_sent_away().await;
    }
    assert!(bobs.is_open(), "Bob has nothing to do with it");
    bob.get("/user/profile").await.has_status(200);
}

#[tokio::test]
async fn a_proof_is_good_for_one_new_password() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let token = proves_reset(&chat).await;
    told(&resets(&chat.nobody(), NEW, None).await);
    let again = resets(&chat.nobody(), "yet another password", None).await;
    again.refused(403);
    let again = resets(&chat.nobody(), "yet another password", Some(&token)).await;
    again.refused(403);
    logs_in(&chat, NEW).await.has_status(200);
}

#[tokio::test]
async fn without_a_proof_nothing_is_reset() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let known = resets(&chat.nobody(), NEW, None).await.refused(403).json();
    let unknown = json!({ "email": "unknown@example.test", "password": NEW });
    let unknown = chat.nobody().patch("/user/reset-password", unknown).await;
    assert_eq!(
        unknown.refused(403).json(),
        known,
        "it does not tell who has an account"
    );

    // To have asked for a code is no proof, and the proof for signing up is none for this.
    let asked = json!({ "email": ANN });
    told(&chat.nobody().post("/user/reset-password-code", asked).await);
    resets(&chat.nobody(), NEW, None).await.refused(403);
    let signup = chat.proves("john@example.com").await;
    resets(&chat.nobody(), NEW, Some(&signup))
        .await
        .refused(403);
    logs_in(&chat, "password of ann").await.has_status(200);
}

#[tokio::test]
async fn elsewhere_the_proof_is_the_token() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let token = proves_reset(&chat).await;
    let elsewhere = chat.nobody().elsewhere();
    resets(&elsewhere, NEW, None).await.refused(403);
    resets(&elsewhere, NEW, Some("forged")).await.refused(403);
    told(&resets(&elsewhere, NEW, Some(&token)).await);
    logs_in(&chat, NEW).await.has_status(200);
}

#[tokio::test]
async fn a_proof_lasts_ten_minutes() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let minutes = |minutes: u64| chat.time_passes(Duration::from_secs(minutes * 60));
    let token = proves_reset(&chat).await;
    minutes(10).await;
    resets(&chat.nobody(), NEW, Some(&token)).await.refused(403);
    proves_reset(&chat).await;
    minutes(9).await;
    told(&resets(&chat.nobody(), NEW, None).await);
}

#[tokio::test]
async fn what_is_no_password_is_refused_and_costs_nothing() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    proves_reset(&chat).await;
    for wrong in ["", "short", &"x".repeat(257)] {
        resets(&chat.nobody(), wrong, None)
            .await
            .refused_for(&["password"]);
    }
    let without = chat.nobody().patch("/user/reset-password", json!({})).await;
    without.refused_for(&["email", "password"]);
    told(&resets(&chat.nobody(), NEW, None).await);
    let post = json!({ "email": ANN, "password": NEW });
    chat.nobody()
        .post("/user/reset-password", post)
        .await
        .refused(405);
}
