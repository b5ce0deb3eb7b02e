//! Tokens that look like the application's and are none, and files that are no key.

use super::{Keys, bringing, now, profile, trusting, user};
use crate::support::mentor::*;
use crate::support::*;
use jsonwebtoken::{Algorithm, Header};

fn with(claim: &str, value: Value) -> Value {
    let mut claims = user("42");
    claims[claim] = value;
    claims
}

fn without(claim: &str) -> Value {
    let mut claims = user("42");
    claims.as_object_mut().expect("an object").remove(claim);
    claims
}

/// Every token that should not be believed by a server that trusts these keys, with what is wrong with it.
fn forgeries(keys: &Keys, strangers: &Keys) -> Vec<(&'static str, String)> {
    let good = keys.sign(&user("42"));
    let (head, _) = good.rsplit_once('.').expect("three parts");
    let foreign = strangers.sign(&user("42"));
    let (_, signature) = foreign.rsplit_once('.').expect("three parts");
    let mut forged = vec![
        ("no signature", format!("{head}.")),
        ("a stranger's signature", format!("{head}.{signature}")),
        ("a stranger's key", foreign.clone()),
        ("the algorithm none", token::unsigned(&user("42"))),
        ("expired", keys.sign(&with("exp", json!(now() - 2)))),
        ("expired long ago", keys.sign(&with("exp", json!(1)))),
        ("no expiry", keys.sign(&without("exp"))),
        (
            "an expiry that is no time",
            keys.sign(&with("exp", json!("never"))),
        ),
        ("not yet valid", keys.sign(&with("nbf", json!(now() + 60)))),
        ("no subject", keys.sign(&without("sub"))),
        ("an empty subject", keys.sign(&with("sub", json!("")))),
        (
            "a subject that is no text",
            keys.sign(&with("sub", json!(["42"]))),
        ),
        ("no subject at all", keys.sign(&with("sub", Value::Null))),
    ];
    // What the server knows of the application is public: nobody can sign with it.
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        if keys.algorithm == Algorithm::HS256 && algorithm == Algorithm::HS256 {
            continue;
        }
        let signed = token::signed(&user("42"), algorithm, &keys.told);
        forged.push(("an HMAC with what the server was told", signed));
        let trimmed = keys.told.trim_ascii_end();
        let signed = token::signed(&user("42"), algorithm, trimmed);
        forged.push(("an HMAC with its last line end cut off", signed));
    }
    for other in [Keys::hs256(), Keys::rs256(), Keys::es256()] {
        if other.algorithm != keys.algorithm {
            forged.push(("another algorithm", other.sign(&user("42"))));
        }
    }
    forged
}

#[tokio::test]
async fn no_forgery_opens_anything() {
    for (keys, mut strangers) in [
        (Keys::hs256(), Keys::rs256()),
        (Keys::rs256(), Keys::rs256()),
        (Keys::es256(), Keys::es256()),
    ] {
        let chat = trusting(&keys).await;
        if keys.algorithm == Algorithm::HS256 {
            // Another secret of the same length.
            strangers = Keys::hs256_of(b"A secret that the application shares with the server");
        }
        for (what, token) in forgeries(&keys, &strangers) {
            let what = format!("{what} where {:?} is trusted", keys.algorithm);
            let forger = chat.nobody().with_token(&token);
            for path in ["/api/notifications", "/user/profile", "/api/conversations"] {
                let answer = forger.get(path).await;
                assert_eq!(answer.status, 401, "{what}: {answer:?}");
            }
            for namespace in ["/", "/chat"] {
                let entry = forger.entry().namespace(namespace);
                let why = entry.auth(json!({ "token": token })).connect().await.err();
                let why = why.unwrap_or_else(|| panic!("{what} opened a socket"));
                assert!(!why.is_empty() && !why.contains(&token), "{what}: {why}");
            }
        }
        bringing(&chat, &keys, &user("42"))
            .get("/api/notifications")
            .await
            .has_status(200);
    }
}

#[tokio::test]
async fn what_a_header_says_of_keys_is_not_believed() {
    let (keys, strangers) = (Keys::rs256(), Keys::rs256());
    let chat = trusting(&keys).await;
    let header = Header {
        kid: Some("../../dev/null".to_owned()),
        jku: Some("https://evil.example.test/keys".to_owned()),
        x5u: Some("https://evil.example.test/chain".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let forger = strangers.sign_under(&header, &user("42"));
    let forger = chat.nobody().with_token(&forger);
    forger.get("/api/notifications").await.refused(401);
    // In a token that is signed as it should be, they are merely of no interest.
    let greta = keys.sign_under(&header, &user("42"));
    profile(&chat.nobody().with_token(&greta)).await;
}

#[tokio::test]
async fn the_application_cannot_speak_for_an_account_of_this_server() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    let ann = chat.rooms("ann").await;
    // Ann's own claims, device and all, under the application's signature.
    let posing = keys.sign(&token::claims(&ann.token));
    let posing = chat.nobody().with_token(&posing);
    let answer = posing.get("/user/profile").await;
    if answer.status != 401 {
        let shown = answer.has_status(200).json();
        assert_ne!(id(&shown), id(&profile(&ann).await));
    }
}

#[tokio::test]
async fn without_the_flag_nobody_is_trusted() {
    let chat = Chat::open().await;
    for keys in [Keys::hs256(), Keys::rs256(), Keys::es256()] {
        let greta = bringing(&chat, &keys, &user("42"));
        greta.get("/api/notifications").await.refused(401);
    }
}

#[tokio::test]
async fn a_file_that_is_no_key_is_refused_at_the_start() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let good = Keys::es256();
    let half = &good.told[..good.told.len() / 2];
    let private = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let nonsense = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    for (name, content) in [
        ("missing", None),
        ("empty", Some(&b""[..])),
        ("short", Some(b"only 31 bytes of a secret here!")),
        ("half", Some(half)),
        ("private", Some(private)),
        ("nonsense", Some(nonsense)),
    ] {
        let file = directory.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).expect("the file is written");
        }
        let file = file.to_str().expect("a path that is UTF-8");
        let started = Chat::start(&["--temp", "--trust-jwt", file]).await;
        let refusal = started
            .err()
            .unwrap_or_else(|| panic!("a key that is {name} was trusted"));
        assert!(matches!(refusal.code, Some(1 | 2)), "{name}: {refusal:?}");
        assert!(refusal.log.contains("trust-jwt"), "{name}: {refusal:?}");
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_or_from_somebody_else_is_refused() {
    let keys = Keys::hs256();
    let aud = [
        "--trust-aud",
        "chat",
        "--trust-aud",
        "https://chat.example.test",
    ];
    let iss = ["--trust-iss", "https://app.example.test"];
    let with = |aud: Value, iss: Value| {
        let mut claims = user("42");
        for (claim, value) in [("aud", aud), ("iss", iss)] {
            if !value.is_null() {
                claims[claim] = value;
            }
        }
        claims
    };
    let (ours, theirs) = (json!("chat"), json!("https://app.example.test"));
    for (flags, asks_aud, asks_iss) in [
        (&[][..], false, false),
        (&aud, true, false),
        (&iss, false, true),
        (&[&aud[..], &iss].concat(), true, true),
    ] {
        let chat = Chat::with(&[&["--trust-jwt", keys.file()], flags].concat()).await;
        let tried = async |claims: Value, good: bool, what: &str| {
            let greta = bringing(&chat, &keys, &claims);
            let answer = greta.get("/api/notifications").await;
            let expected = if good { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{what} with {flags:?}: {answer:?}");
            let socket = greta.enters(json!({})).await;
            assert_eq!(socket.is_ok(), good, "{what} with {flags:?}");
        };
        for (aud, good) in [
            (ours.clone(), true),
            (json!("https://chat.example.test"), true),
            (json!(["billing", "chat"]), true),
            (json!("billing"), false),
            (json!(["billing"]), false),
            (json!([]), false),
            (json!("Chat"), false),
            (json!(17), false),
            (Value::Null, false),
        ] {
            let what = format!("aud {aud}");
            tried(with(aud, theirs.clone()), good || !asks_aud, &what).await;
        }
        for (iss, good) in [
            (theirs.clone(), true),
            (json!("https://other.example.test"), false),
            (json!("https://app.example.test/"), false),
            (json!(17), false),
            (Value::Null, false),
        ] {
            let what = format!("iss {iss}");
            tried(with(ours.clone(), iss), good || !asks_iss, &what).await;
        }
        // Logins of this server name neither, and are as good as ever.
        let ann = chat.rooms("ann").await;
        ann.get("/api/notifications").await.has_status(200);
    }
}
