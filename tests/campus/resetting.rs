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

/// What a request carries that came through a proxy.
const SIGNS: [(&str, &str); 4] = [
    ("X-Forwarded-For", "203.0.113.1"),
    ("X-Real-IP", "203.0.113.1"),
    ("Forwarded", "for=203.0.113.1"),
    ("Via", "1.1 proxy.example.test"),
];

/// Asks as everybody does whose proxy nobody told the server of.
async fn through(chat: &Chat, sign: (&str, &str), method: &str, path: &str, body: Value) -> Answer {
    let request = Request::new(method, path).json(&body);
    let request = request.header(sign.0, sign.1);
    chat.nobody().sends(request).await
}

#[tokio::test]
async fn an_address_that_many_share_proves_nothing() {
    for sign in SIGNS {
        let chat = Chat::alone(&[]).await;
        chat.campus("ann").await;
        let asks = async |path: &str, body: Value| {
            let method = if path.ends_with("reset-password") {
                "PATCH"
            } else {
                "POST"
            };
            through(&chat, sign, method, path, body).await
        };
        told(&asks("/user/reset-password-code", json!({ "email": ANN })).await);
        let proof = json!({ "email": ANN, "verificationCode": chat.code_for(ANN).await });
        let proven = told(&asks("/user/verify-reset-code", proof).await);
        // Whoever else comes through the same proxy: the token is asked for.
        let mut new = json!({ "email": ANN, "password": NEW });
        let refused = asks("/user/reset-password", new.clone()).await;
        refused.refused_for(&["resetToken"]);
        // Neither here nor past the proxy is that address anybody's.
        resets(&chat.nobody(), NEW, None).await.refused(403);
        new["resetToken"] = json!("0".repeat(48));
        asks("/user/reset-password", new.clone()).await.refused(403);
        logs_in(&chat, "password of ann").await.has_status(200);
        new["resetToken"] = proven["resetToken"].clone();
        told(&asks("/user/reset-password", new).await);
        logs_in(&chat, NEW).await.has_status(200);
    }
}

#[tokio::test]
async fn a_proof_of_before_the_proxy_is_not_taken_through_it() {
    let chat = Chat::alone(&[]).await;
    chat.campus("ann").await;
    proves_reset(&chat).await;
    let new = json!({ "email": ANN, "password": NEW });
    for sign in SIGNS {
        let stolen = through(&chat, sign, "PATCH", "/user/reset-password", new.clone()).await;
        stolen.refused_for(&["resetToken"]);
    }
    // What a proxy speaks that was told nothing but where to pass it on.
    let bare = format!(
        "PATCH /user/reset-password HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{new}",
        chat.address,
        new.to_string().len(),
    );
    let stolen = crate::doors::raw::says(&chat, bare).await;
    assert!(
        stolen.contains(" 400 ") && stolen.contains("resetToken"),
        "{stolen}"
    );
    told(&resets(&chat.nobody(), NEW, None).await);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_address() {
    let chat = Chat::with(&["--trust-proxy", "127.0.0.1"]).await;
    chat.campus("ann").await;
    let asks = async |hops: &str, method: &str, path: &str, body: Value| {
        through(&chat, ("X-Forwarded-For", hops), method, path, body).await
    };
    let new = json!({ "email": ANN, "password": NEW });
    let path = "/user/reset-password-code";
    told(&asks("203.0.113.1", "POST", path, json!({ "email": ANN })).await);
    let proof = json!({ "email": ANN, "verificationCode": chat.code_for(ANN).await });
    told(&asks("203.0.113.1:4000", "POST", "/user/verify-reset-code", proof).await);
    let path = "/user/reset-password";
    asks("203.0.113.2", "PATCH", path, new.clone())
        .await
        .refused(403);
    // Where the proxy does not say who asks, its own address is that of everybody.
    for nobody in ["unknown", "", "203.0.113.1, unknown"] {
        let refused = asks(nobody, "PATCH", path, new.clone()).await;
        refused.refused_for(&["resetToken"]);
    }
    told(&asks("203.0.113.1:4001", "PATCH", path, new).await);
}
