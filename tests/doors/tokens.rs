//! Tokens: none, forged, expired or revoked, they open no door.

use crate::support::*;
use jsonwebtoken::Algorithm;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECRET: &[u8] = b"a secret that the scene shares with the server";

/// A server whose signing secret the scene knows, so that a forgery can be as good as a forgery gets.
async fn with_a_known_secret(flags: &[&str]) -> (Chat, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, SECRET).expect("the secret is written");
    let path = secret.to_str().expect("a temporary path is UTF-8");
    (
        Chat::with(&[&["--jwt-secret-file", path], flags].concat()).await,
        directory,
    )
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970")
        .as_secs()
}

/// Every token that looks like Ann's and is none, with what is wrong with it.
fn forgeries(ann: &Person, bob: &Person) -> Vec<(&'static str, String)> {
    let claims = token::claims(&ann.token);
    let with = |claim: &str, value: Value| {
        let mut claims = claims.clone();
        claims[claim] = value;
        token::signed(&claims, Algorithm::HS256, SECRET)
    };
    let without = |claim: &str| {
        let mut claims = claims.clone();
        claims
            .as_object_mut()
            .expect("claims are an object")
            .remove(claim);
        token::signed(&claims, Algorithm::HS256, SECRET)
    };
    let (head, signature) = (
        ann.token.rsplit_once('.').expect("three parts").0,
        bob.token.rsplit_once('.').expect("three").1,
    );
    vec![
        ("nonsense", "nonsense".to_owned()),
        ("three empty parts", "..".to_owned()),
        ("no signature", format!("{head}.")),
        ("another's signature", format!("{head}.{signature}")),
        ("the algorithm none", token::unsigned(&claims)),
        (
            "a wrong secret",
            token::signed(
                &claims,
                Algorithm::HS256,
                b"another secret, and quite as long as that",
            ),
        ),
        (
            "an empty secret",
            token::signed(&claims, Algorithm::HS256, b""),
        ),
        (
            "another algorithm",
            token::signed(&claims, Algorithm::HS512, SECRET),
        ),
        ("expired", with("exp", json!(now() - 2))),
        ("expired long ago", with("exp", json!(1))),
        ("no expiry", without("exp")),
        ("no subject", without("sub")),
        ("no device", without("sid")),
        (
            "a device that is not there",
            with("sid", json!("999999999")),
        ),
        (
            "another's device",
            with("sub", json!(bob.number.to_string())),
        ),
        (
            "a subject that is not there",
            with("sub", json!("999999999")),
        ),
        ("a subject that is no id", with("sub", json!("ann"))),
    ]
}

#[tokio::test]
async fn no_forgery_opens_a_route() {
    let (chat, _secret) = with_a_known_secret(&[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let good = token::signed(&token::claims(&ann.token), Algorithm::HS256, SECRET);
    ann.with_token(&good)
        .get("/api/notifications")
        .await
        .has_status(200);
    let mut strangers = forgeries(&ann, &bob);
    strangers.push(("no token", String::new()));
    for (what, token) in strangers {
        let forger = ann.with_token(&token);
        let answers = [
            forger
                .post("/api/rooms", json!({ "name": "Mine", "description": "" }))
                .await,
            forger
                .post(
                    "/api/messages",
                    json!({ "roomId": room, "content": "It is me" }),
                )
                .await,
            forger
                .uploads(Form::file("notes.txt", "text/plain", "mine").field("roomId", &room))
                .await,
            forger.get("/api/auth/logout").await,
            forger.post("/api/auth/logout", json!({})).await,
            forger.get("/api/notifications").await,
            forger.patch("/api/notifications/1/read", json!({})).await,
        ];
        for answer in &answers {
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            answer.refused(401);
        }
        if !token.is_empty() {
            // Nobody may look around; somebody with a bad token is told that it is bad.
            assert_eq!(forger.get("/api/rooms").await.status, 401, "{what}");
        }
    }
    assert!(ann.history(&room).await.is_empty());
    ann.posts(&room, "Still me").await;
}

#[tokio::test]
async fn no_forgery_opens_a_socket() {
    let (chat, _secret) = with_a_known_secret(&[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    for (what, token) in forgeries(&ann, &bob) {
        let bearer = format!("Bearer {token}");
        for entry in [
            ann.entry().auth(json!({ "token": token })),
            ann.entry().auth(json!({ "token": bearer })),
            ann.entry().header("Authorization", &bearer),
            ann.entry().query(&format!("token={token}")),
        ] {
            let why = entry
                .connect()
                .await
                .err()
                .unwrap_or_else(|| panic!("{what} opened a socket"));
            assert!(
                !why.is_empty() && !why.contains(&token),
                "{what} was refused with {why:?}"
            );
        }
    }
    for auth in [
        json!({}),
        json!({ "token": null }),
        json!({ "token": "" }),
        json!({ "token": 17 }),
        json!({ "token": [] }),
    ] {
        let why = ann.entry().auth(auth.clone()).connect().await.err();
        assert!(
            why.is_some_and(|why| !why.is_empty()),
            "{auth} opened a socket, or was refused without a word"
        );
    }
}

#[tokio::test]
async fn what_a_proxy_in_front_asks_for_is_no_token_of_ours() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    ann.opens_room("General Discussion").await;
    let schemes = [
        "Basic YW5uOnNlY3JldA==",
        "Digest username=\"ann\", realm=\"proxy\"",
        "Negotiate YIIJ",
        "basic YW5uOnNlY3JldA==",
    ];
    for other in schemes {
        let with = |path: &str| Request::new("GET", path).header("Authorization", other);
        // Who brings nothing else is nobody: may look around, and is told that a token is missing.
        chat.nobody()
            .sends(with("/api/rooms"))
            .await
            .has_status(200);
        let missing = chat.nobody().sends(with("/api/notifications")).await;
        missing.refused(401);
        assert_eq!(missing.json()["message"], "A token is required");
        // The other header of the same name is ours.
        ann.sends(with("/api/notifications")).await.has_status(200);
        let bearer = format!("Bearer {}", ann.token);
        for namespace in ["/", "/chat"] {
            let entry = || {
                ann.entry()
                    .namespace(namespace)
                    .header("Authorization", other)
            };
            for entry in [
                entry().query(&format!("token={}", ann.token)),
                entry().auth(json!({ "token": ann.token })),
            ] {
                let socket = entry.connect().await;
                assert!(socket.as_ref().is_ok_and(Socket::is_open), "{other}");
            }
            let why = entry().connect().await.err().unwrap_or_default();
            assert_eq!(why, "A token is required", "{other}");
            // A bearer's is the one that counts, whatever the query says.
            let entry = ann.entry().namespace(namespace).query("token=nonsense");
            let entry = entry.header("Authorization", &bearer);
            assert!(entry.connect().await.is_ok(), "the header comes first");
        }
    }
}

#[tokio::test]
async fn logging_out_takes_the_sockets_along() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let (phone, laptop) = (bob.logs_in().await, bob.logs_in().await);
    let sockets = [phone.opens_a_socket().await, phone.opens_a_socket().await];
    for socket in sockets.iter().chain([&*laptop.socket().await]) {
        socket.does("joinRoom", json!({ "roomId": room })).await;
        socket.does("join_conversation", json!(room)).await;
    }
    phone
        .post("/api/auth/logout", json!({}))
        .await
        .has_status(200);
    ann.posts(&room, "Bob's phone is off").await;
    laptop
        .hears("message", json!({ "content": "Bob's phone is off" }))
        .await;
    laptop
        .hears("new_message", json!({ "content": "Bob's phone is off" }))
        .await;
    for socket in &sockets {
        socket.is_sent_away().await;
        socket.hears_nothing_of("message").await;
        socket.hears_nothing_of("new_message").await;
        assert_eq!(
            socket
                .tries(
                    "message",
                    json!({ "roomId": room, "content": "Still here" })
                )
                .await,
            None
        );
    }
    assert!(
        phone.enters(json!({})).await.is_err(),
        "a revoked token opens no socket"
    );
    phone.get("/api/notifications").await.refused(401);
    phone.get("/api/rooms").await.refused(401);
    assert!(laptop.socket().await.is_open(), "the other device stays");
    assert_eq!(ann.history(&room).await.len(), 1);
}

#[tokio::test]
async fn a_token_that_expires_takes_its_sockets_along() {
    let chat = Chat::with(&["--jwt-ttl", "2s"]).await;
    let ann = chat.rooms("ann").await;
    let socket = ann.opens_a_socket().await;
    ann.get("/api/notifications").await.has_status(200);
    socket.is_sent_away().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ann.get("/api/notifications").await.refused(401);
    assert!(ann.enters(json!({})).await.is_err());
}

/// The seconds for which a token is good, and the device that it names.
fn life(of: &str) -> (i64, Value) {
    let claims = token::claims(of);
    let number = |name: &str| claims[name].as_i64().expect("seconds");
    (number("exp") - number("iat"), claims["sid"].clone())
}

#[tokio::test]
async fn a_device_in_use_lives_on_with_its_sockets_as_long_as_the_operator_says() {
    let chat = Chat::with(&["--jwt-ttl", "4s", "--login-max", "7s"]).await;
    let started = std::time::Instant::now();
    let ann = chat.rooms("ann").await;
    let socket = ann.opens_a_socket().await;
    // Asked at once it is not written down, but a token it is.
    let at_once = ann.post("/api/auth/refresh", json!({})).await;
    let at_once = at_once.has_status(200).json();
    assert!(at_once["token"].is_string(), "{at_once}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let fresh = ann.post("/api/auth/refresh", json!({})).await;
    let fresh = fresh.has_status(200).json();
    let token = fresh["token"].as_str().expect("a token").to_owned();
    let ((lasts, device), (_, before)) = (life(&token), life(&ann.token));
    assert_eq!((lasts, device), (4, before), "the same device");
    let with = async |token: &str| {
        let asked = Request::new("GET", "/api/auth/validate")
            .header("Authorization", format!("Bearer {token}"));
        asked.send(&chat.address).await.status
    };
    // Past the end of the first token, and the socket that it opened goes on.
    tokio::time::sleep(Duration::from_secs(5).saturating_sub(started.elapsed())).await;
    assert_eq!((with(&ann.token).await, with(&token).await), (401, 200));
    assert!(socket.is_open(), "it goes on");
    // But not past the bound.
    let last = Request::new("POST", "/api/auth/refresh")
        .header("Authorization", format!("Bearer {token}"));
    let last = last.send(&chat.address).await.has_status(200).json();
    let last = last["token"].as_str().expect("a token").to_owned();
    assert!(life(&last).0 <= 3, "{last}");
    socket.is_sent_away().await;
    assert!(started.elapsed() < Duration::from_secs(12));
    tokio::time::sleep(Duration::from_secs(8).saturating_sub(started.elapsed())).await;
    assert_eq!(with(&last).await, 401);
}

#[tokio::test]
async fn no_other_than_a_login_of_this_server_is_prolonged() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let look = chat
        .admin()
        .post(format!("/api/admin/users/{}/token", ann.uuid), json!({}))
        .await;
    let look = look.json()["token"].as_str().expect("a token").to_owned();
    let asked =
        Request::new("POST", "/api/auth/refresh").header("Authorization", format!("Bearer {look}"));
    asked.send(&chat.address).await.refused(403);
    chat.nobody()
        .post("/api/auth/refresh", json!({}))
        .await
        .refused(401);
    ann.post("/api/auth/logout", json!({}))
        .await
        .has_status(200);
    ann.post("/api/auth/refresh", json!({})).await.refused(401);
}
