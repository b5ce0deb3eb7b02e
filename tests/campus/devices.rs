//! Logging in, and the devices on which somebody is logged in.

use super::told;
use crate::support::*;

/// Ann logs in through this document on a device that calls itself so.
async fn on(chat: &Chat, user_agent: &str) -> Person {
    let login = json!({ "email": "ann@example.test", "password": "password of ann" });
    let login = Request::new("POST", "/auth/login")
        .json(&login)
        .header("User-Agent", user_agent);
    let login = told(&chat.nobody().sends(login).await);
    chat.nobody()
        .with_token(login["token"].as_str().expect("a token"))
}

async fn devices(of: &Person) -> Vec<Value> {
    let listed = of.get("/auth/active-devices").await.has_status(200).json();
    listed.as_array().expect("a list of devices").clone()
}

/// The id of the device that calls itself so.
async fn device(of: &Person, user_agent: &str) -> String {
    let devices = devices(of).await;
    let found = devices
        .iter()
        .find(|device| device["userAgent"] == user_agent);
    let found = found.unwrap_or_else(|| panic!("no {user_agent} among {devices:?}"));
    found["id"].as_str().expect("a device has an id").to_owned()
}

#[tokio::test]
async fn a_login_answers_who_it_is_and_a_token() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let login = json!({ "email": "Ann@Example.Test", "password": "password of ann" });
    let login = chat.nobody().post("/auth/login", login).await;
    told(&login);
    login.looks_like(
        200,
        r#"{
          "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
          "user": {
            "id": "01234567-89ab-8def-8123-456789abcdef",
            "full_name": "ann",
            "email": "ann@example.test",
            "gender": "female",
            "dateOfBirth": "1999-12-31",
            "role": "student",
            "profile": null,
            "createdAt": "2024-01-01T00:00:00.000Z"
          }
        }"#,
    );
}

#[tokio::test]
async fn a_wrong_login_does_not_tell_what_was_wrong() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let login = async |email: &str, password: &str| {
        let login = json!({ "email": email, "password": password });
        chat.nobody().post("/auth/login", login).await
    };
    let wrong = login("ann@example.test", "password of bob").await;
    let unknown = login("bob@example.test", "password of bob").await;
    assert_eq!(wrong.refused(401).json(), unknown.refused(401).json());
    let empty = chat.nobody().post("/auth/login", json!({})).await;
    empty.refused_for(&["email", "password"]);
}

#[tokio::test]
async fn five_logins_a_minute_by_this_door_too() {
    let chat = Chat::with(&["--limit-auth", "5/1m"]).await;
    let login = json!({ "email": "ann@example.test", "password": "password of ann" });
    for _ in 0..5 {
        let wrong = chat.nobody().post("/auth/login", login.clone()).await;
        wrong.refused(401);
    }
    let often = chat.nobody().post("/auth/login", login.clone()).await;
    often.refused(429).says("Retry-After");
    let elsewhere = chat.nobody().elsewhere();
    elsewhere.post("/auth/login", login).await.refused(401);
}

#[tokio::test]
async fn every_login_is_a_device() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let phone = on(&chat, "Ann's phone").await;
    on(&chat, "Ann's laptop").await;
    chat.campus("bob").await;
    let devices = devices(&phone).await;
    let found = |user_agent: &str| {
        devices
            .iter()
            .find(|device| device["userAgent"] == user_agent)
    };
    assert_looks_like(
        found("Ann's phone").expect("the phone"),
        r#"{
          "id": "01234567-89ab-8def-8123-456789abcdef",
          "userAgent": "Ann's phone",
          "ip": "127.0.0.1",
          "createdAt": "2024-01-01T00:00:00.000Z",
          "lastSeenAt": "2024-01-01T00:00:00.000Z",
          "current": true
        }"#,
        "the phone",
    );
    let laptop = found("Ann's laptop").expect("the laptop");
    assert_eq!(laptop["current"], false);
    let current = devices.iter().filter(|device| device["current"] == true);
    assert_eq!(current.count(), 1, "one is the asking one: {devices:?}");
    assert_eq!(
        devices.len(),
        4,
        "she registered, and logged in three times: {devices:?}"
    );
    assert_eq!(self::devices(&ann).await.len(), 4);
}

#[tokio::test]
async fn a_device_that_is_removed_is_out_at_once() {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    let (phone, laptop) = (on(&chat, "phone").await, on(&chat, "laptop").await);
    let (lost, kept) = (phone.opens_a_socket().await, laptop.opens_a_socket().await);
    let path = format!("/auth/remove-session/{}", device(&laptop, "phone").await);
    told(&laptop.post(&path, json!({})).await);
    phone.get("/user/profile").await.refused(401);
    lost.is_sent_away().await;
    assert!(phone.enters(json!({})).await.is_err());
    assert!(kept.is_open(), "the other device stays");
    laptop.post(&path, json!({})).await.refused(404);

    // No body is needed, and one may remove oneself.
    let own = format!("/auth/remove-session/{}", device(&laptop, "laptop").await);
    told(&laptop.sends(Request::new("POST", own)).await);
    laptop.get("/user/profile").await.refused(401);
    kept.is_sent_away().await;
}

#[tokio::test]
async fn only_ones_own_devices_can_be_removed() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let anns = devices(&ann).await;
    let nothing = bob.post("/auth/remove-session/999999999", json!({})).await;
    for device in &anns {
        let path = format!(
            "/auth/remove-session/{}",
            device["id"].as_str().expect("an id")
        );
        let answer = bob.post(path, json!({})).await;
        assert_eq!(answer.refused(404).json(), nothing.refused(404).json());
    }
    for wrong in [
        "phone",
        "0",
        "01234567-89ab-8def-8123-456789abcdef",
        &ann.uuid,
    ] {
        let path = format!("/auth/remove-session/{wrong}");
        ann.post(path, json!({})).await.refused(400);
    }
    assert_eq!(devices(&ann).await.len(), anns.len());
    // A number is as good as a UUID here as everywhere.
    for number in 1..20 {
        let path = format!("/auth/remove-session/{number}");
        let answer = ann.post(path, json!({})).await;
        match answer.status {
            404 => {}
            401 => break,
            _ => drop(told(&answer)),
        }
    }
    ann.get("/user/profile").await.refused(401);
}

#[tokio::test]
async fn all_devices_go_the_asking_one_too() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.campus("ann").await, chat.campus("bob").await);
    let phone = on(&chat, "phone").await;
    let sockets = [ann.opens_a_socket().await, phone.opens_a_socket().await];
    told(&phone.post("/auth/remove-all-session", json!({})).await);
    for device in [&ann, &phone] {
        device.get("/auth/active-devices").await.refused(401);
    }
    for socket in &sockets {
        socket.is_sent_away().await;
    }
    bob.get("/user/profile").await.has_status(200);
    assert_eq!(devices(&on(&chat, "tablet").await).await.len(), 1);
}

#[tokio::test]
async fn whatever_the_document_marks_with_a_token_needs_one() {
    let chat = Chat::open().await;
    for (method, path) in [
        ("GET", "/user/profile"),
        ("GET", "/auth/active-devices"),
        ("POST", "/auth/remove-all-session"),
        ("POST", "/auth/remove-session/1"),
        ("POST", "/conversaton/create"),
        ("GET", "/conversaton/1"),
        ("POST", "/conversaton/create-group"),
        ("POST", "/message/create"),
        ("GET", "/message/get-messages?conversationId=1"),
        (
            "GET",
            "/message/get-conversation-participants?conversationId=1",
        ),
    ] {
        for stranger in [chat.nobody(), chat.nobody().with_token("nonsense")] {
            let request = Request::new(method, path).json(&json!({}));
            stranger.sends(request).await.refused(401);
        }
    }
}
