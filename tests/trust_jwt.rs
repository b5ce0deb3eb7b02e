//! `--trust-jwt`: tokens that the surrounding application mints open every door, and nobody else's do.

use crate::support::*;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub mod keys;
mod refused;

use keys::Keys;

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_secs()
}

/// What the application says of its user with this id.
fn user(sub: &str) -> Value {
    json!({
        "sub": sub,
        "name": "Greta",
        "email": "greta@app.example.test",
        "picture": "https://app.example.test/greta.png",
        "iat": now(),
        "exp": now() + 600,
    })
}

fn user_named(sub: &str, name: &str) -> Value {
    let mut claims = user(sub);
    claims["name"] = json!(name);
    claims["email"] = json!(format!("{}@app.example.test", name.to_lowercase()));
    claims
}

/// A server that trusts these keys.
async fn trusting(keys: &Keys) -> Chat {
    Chat::with(&["--trust-jwt", keys.file()]).await
}

/// Somebody who brings such a token.
fn bringing(chat: &Chat, keys: &Keys, claims: &Value) -> Person {
    chat.nobody().with_token(&keys.sign(claims))
}

/// The account behind a token, as campus shows it.
async fn profile(of: &Person) -> Value {
    of.get("/user/profile").await.has_status(200).json()
}

#[tokio::test]
async fn a_token_of_the_application_is_all_the_invitation_that_one_needs() {
    let keys = Keys::hs256();
    for who in ["invited", "closed"] {
        let chat = Chat::with(&["--trust-jwt", keys.file(), "--sign-up", who]).await;
        let greta = bringing(&chat, &keys, &user("42"));
        assert_eq!(profile(&greta).await["full_name"], "Greta", "{who}");
        let ann =
            json!({ "username": "ann", "email": "ann@example.test", "password": "open sesame" });
        let refused = chat.nobody().post("/api/auth/signup", ann).await;
        refused.refused(403);
    }
}

#[tokio::test]
async fn a_token_of_the_application_opens_every_door() {
    for keys in [Keys::hs256(), Keys::rs256(), Keys::es256()] {
        let chat = trusting(&keys).await;
        let ann = chat.rooms("ann").await;
        let greta = bringing(&chat, &keys, &user("app|user 42 ü"));
        let shown = profile(&greta).await;
        let as_told = json!({
            "full_name": "Greta", "email": "greta@app.example.test",
            "profile": "https://app.example.test/greta.png",
        });
        assert_looks_like(&shown, as_told, "the profile");
        for path in [
            "/api/conversations",
            "/api/conversations?page=1",
            "/api/notifications",
            "/api/auth/validate",
            "/api/profile/users",
            "/api/rooms",
            "/auth/active-devices",
        ] {
            greta.get(path).await.has_status(200);
        }

        let room = greta.opens_room("From the application").await;
        ann.does("joinRoom", json!({ "roomId": room })).await;
        let bearer = format!("Bearer {}", greta.token);
        for namespace in ["/", "/chat"] {
            let entry = || greta.entry().namespace(namespace);
            for entry in [
                entry().auth(json!({ "token": greta.token })),
                entry().header("Authorization", &bearer),
                entry().query(&format!("token={}", greta.token)),
            ] {
                let socket = entry.connect().await.expect("the token opens the door");
                greta.posts(&room, "Hello").await;
                let joined = json!({ "conversationId": room });
                socket.does("join_conversation", joined).await;
                ann.hears(
                    "message",
                    json!({ "content": "Hello", "sender": { "username": "Greta" } }),
                )
                .await;
            }
        }
        // Logins of this server are as good as before.
        ann.posts(&room, "I have no application").await;
    }
}

#[tokio::test]
async fn one_user_of_the_application_is_one_account() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    let first_sight = (0..8).map(async |_| {
        let greta = bringing(&chat, &keys, &user("42"));
        profile(&greta).await["id"].clone()
    });
    let ids = futures_util::future::join_all(first_sight).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

    // Any string is a user id, and each is somebody else.
    let mut seen = vec![ids[0].clone()];
    for sub in [
        "042",
        "42 ",
        "a",
        "A",
        "6f1d2c3b-4a59-4e87-9b06-1c2d3e4f5a6b",
        "auth0|64f8a1b2c3d4e5f6a7b8c9d1",
        "https://app.example.test/users/世界",
        "'; DROP TABLE accounts; --",
        &"s".repeat(255),
    ] {
        let claims = json!({ "sub": sub, "name": "One of many", "exp": now() + 600 });
        let id = profile(&bringing(&chat, &keys, &claims)).await["id"].clone();
        assert!(!seen.contains(&id), "{sub:?} is somebody else");
        seen.push(id);
    }
    let again = bringing(&chat, &keys, &user("42"));
    assert_eq!(profile(&again).await["id"], ids[0]);
}

#[tokio::test]
async fn an_application_may_number_its_users() {
    for keys in [Keys::hs256(), Keys::rs256(), Keys::es256()] {
        let chat = trusting(&keys).await;
        for number in [
            json!(42),
            json!(0),
            json!(-7),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            let mut claims = user("");
            claims["sub"] = number.clone();
            let greta = bringing(&chat, &keys, &claims);
            let id = profile(&greta).await["id"].clone();
            greta.opens_a_socket().await;
            greta.opens_chat().await;
            // The same one, written as text.
            let text = bringing(&chat, &keys, &user(&number.to_string()));
            assert_eq!(profile(&text).await["id"], id, "{number}");
        }
    }
}

#[tokio::test]
async fn an_expiry_may_have_a_fraction() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    let mut claims = user("42");
    claims["exp"] = json!(now() as f64 + 600.5);
    let greta = bringing(&chat, &keys, &claims);
    profile(&greta).await;
    claims["exp"] = json!(now() as f64 - 1.5);
    bringing(&chat, &keys, &claims)
        .get("/user/profile")
        .await
        .refused(401);
}

#[tokio::test]
async fn the_account_is_kept_current() {
    let keys = Keys::es256();
    let chat = trusting(&keys).await;
    let ann = chat.rooms("ann").await;
    let greta = bringing(&chat, &keys, &user("42"));
    let room = greta.opens_room("General Discussion").await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    greta.posts(&room, "Before").await;
    ann.hears("message", json!({ "sender": { "username": "Greta" } }))
        .await;
    let before = profile(&greta).await;

    let mut renamed = user("42");
    renamed["name"] = json!("Margarete");
    renamed["email"] = json!("margarete@app.example.test");
    renamed["picture"] = json!("https://app.example.test/margarete.png");
    let renamed = bringing(&chat, &keys, &renamed);
    let as_told = json!({
        "id": before["id"], "full_name": "Margarete", "email": "margarete@app.example.test",
        "profile": "https://app.example.test/margarete.png",
    });
    assert_looks_like(&profile(&renamed).await, as_told.clone(), "the profile");
    renamed.posts(&room, "After").await;
    ann.hears(
        "message",
        json!({ "content": "After", "sender": { "username": "Margarete" } }),
    )
    .await;
    // What a token does not mention stays as it was.
    let short = json!({ "sub": "42", "exp": now() + 600 });
    let short = bringing(&chat, &keys, &short);
    assert_looks_like(&profile(&short).await, as_told, "the profile, unmentioned");
    // By a socket alone, a new name arrives as well.
    let third = bringing(&chat, &keys, &user_named("42", "Gretel"));
    third
        .does("message", json!({ "roomId": room, "content": "Third" }))
        .await;
    ann.hears(
        "message",
        json!({ "content": "Third", "sender": { "username": "Gretel" } }),
    )
    .await;
}

#[tokio::test]
async fn claims_that_make_no_sense_harm_nobody() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    for (sub, claim, value) in [
        ("1", "picture", json!("javascript:alert(1)")),
        ("2", "picture", json!(17)),
        ("3", "email", json!("not an address")),
        ("4", "email", json!(["a@b.test"])),
        ("5", "name", json!("")),
        ("6", "name", json!("line\nbreak \u{7}")),
        ("7", "name", json!("n".repeat(5_000))),
        ("8", "name", json!({ "first": "Greta" })),
        ("9", "role", json!("administrator")),
        ("10", "admin", json!(true)),
    ] {
        let mut claims = json!({ "sub": sub, "name": "Greta", "exp": now() + 600 });
        claims[claim] = value;
        let greta = bringing(&chat, &keys, &claims);
        let shown = profile(&greta).await;
        let name = shown["full_name"].as_str().unwrap_or_default();
        assert!(!name.trim().is_empty() && name.len() < 1_000, "{shown}");
        assert!(!shown.to_string().contains("javascript:"), "{shown}");
        greta.get("/api/admin/outbox").await.refused(403);
    }
}

#[tokio::test]
async fn an_address_in_a_token_takes_nobodys_account() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    let ann = chat.rooms("ann").await;
    // The address that Ann signed up with, and the number by which direct knows her.
    let mut claims = user(&ann.number.to_string());
    claims["email"] = json!("ann@example.test");
    let other = bringing(&chat, &keys, &claims);
    assert_ne!(profile(&other).await["id"], profile(&ann).await["id"]);
    assert_eq!(profile(&ann).await["email"], "ann@example.test");
    ann.logs_in().await;
    // Two users of the application with one address are still two.
    let [one, two] = ["1", "2"].map(|sub| bringing(&chat, &keys, &user(sub)));
    assert_ne!(profile(&one).await["id"], profile(&two).await["id"]);
    // A token of the application has its own lifetime; a login here cannot be had with it.
    let login = json!({ "email": "greta@app.example.test", "password": "" });
    let login = chat.nobody().post("/api/auth/login", login).await;
    assert!([400, 401].contains(&login.status), "{login:?}");
}

#[tokio::test]
async fn what_the_application_calls_its_users_is_made_a_name() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    let long = "x".repeat(4_000);
    let blank = "\u{3164}\u{200B}\n";
    for (sub, name, shown) in [
        ("1", "An\n\u{202E}n\0 \u{200B}Lee\r\n", "An n Lee"),
        ("2", &*long, &long[..100]),
        ("Its user 3", blank, "Its user 3"),
        ("\u{2800}", blank, "Somebody"),
    ] {
        let mut claims = user_named(sub, name);
        claims["email"] = json!("gre\u{200B}ta\n@app.example.test");
        claims["picture"] = json!(format!("https://app.example.test/{long}"));
        let shown = json!({ "full_name": shown, "email": "", "profile": "" });
        let greta = profile(&bringing(&chat, &keys, &claims)).await;
        assert_eq!(greta["full_name"], shown["full_name"], "{sub}");
        assert!(
            !greta["email"].is_string() || greta["email"] == "",
            "{greta}"
        );
        assert!(
            !greta["profile"].is_string() || greta["profile"] == "",
            "{greta}"
        );
    }
}

#[tokio::test]
async fn a_token_that_expires_takes_its_sockets_along() {
    let keys = Keys::hs256();
    let chat = trusting(&keys).await;
    let mut claims = user("42");
    claims["exp"] = json!(now() + 2);
    let greta = bringing(&chat, &keys, &claims);
    let sockets = [greta.opens_a_socket().await, greta.opens_chat().await];
    for socket in &sockets {
        socket.is_sent_away().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    greta.get("/api/notifications").await.refused(401);
    assert!(greta.enters(json!({})).await.is_err());
    // The next token is the same person.
    let next = bringing(&chat, &keys, &user("42"));
    assert_eq!(profile(&next).await["full_name"], "Greta");
}
