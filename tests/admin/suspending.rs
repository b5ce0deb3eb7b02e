//! Whoever is suspended, or gets another password, is out at once, on every device and in both namespaces.

use super::of;
use crate::support::*;
use std::time::{Duration, Instant};

/// Somebody with a socket in each namespace.
async fn inside(chat: &Chat, name: &str) -> (Person, [Socket; 2]) {
    let person = chat.rooms(name).await;
    let sockets = [person.opens_a_socket().await, person.opens_chat().await];
    (person, sockets)
}

/// Both sockets end within a second, and the token is none.
async fn is_out(person: &Person, sockets: &[Socket; 2]) {
    let told = Instant::now();
    for socket in sockets {
        socket.is_sent_away().await;
    }
    let took = told.elapsed();
    assert!(took < Duration::from_secs(1), "took {took:?}");
    person.get("/api/auth/validate").await.refused(401);
    let back = person.enters(json!({})).await;
    assert!(back.is_err(), "was let in again");
}

fn login(name: &str, password: &str) -> Value {
    json!({ "email": format!("{name}@example.test"), "password": password })
}

#[tokio::test]
async fn who_is_suspended_is_out_until_resumed() {
    let chat = Chat::open().await;
    let (ann, sockets) = inside(&chat, "ann").await;
    let admin = chat.admin();
    let suspended = admin.patch(of(&ann), json!({ "suspended": true })).await;
    let suspended =
        suspended.looks_like(200, json!({ "user": { "suspended": true, "devices": 0 } }));
    assert!(suspended["user"]["suspendedAt"].is_string());
    is_out(&ann, &sockets).await;
    for path in ["/api/auth/login", "/auth/login"] {
        let right = login("ann", "password of ann");
        chat.nobody().post(path, right).await.refused(403);
        let wrong = login("ann", "a wrong password");
        let wrong = chat.nobody().post(path, wrong).await;
        // Who does not know the password learns nothing of the account.
        let stranger = login("stranger", "a wrong password");
        let stranger = chat.nobody().post(path, stranger).await;
        assert_eq!((wrong.status, wrong.text()), (401, stranger.text()));
    }
    admin
        .post(format!("{}/token", of(&ann)), json!({}))
        .await
        .refused(403);
    let resumed = admin.patch(of(&ann), json!({ "suspended": false })).await;
    let expected = json!({ "user": { "suspended": false, "suspendedAt": null } });
    resumed.looks_like(200, expected);
    // The old token stays void.
    ann.get("/api/auth/validate").await.refused(401);
    ann.logs_in().await.opens_a_socket().await;
    // Twice is as good as once, and told once.
    let again = json!({ "suspended": false });
    admin.patch(of(&ann), again).await.has_status(200);
    assert_eq!(chat.audited().await[..2], ["user.resume", "user.suspend"]);
}

#[tokio::test]
async fn another_password_logs_out() {
    let chat = Chat::open().await;
    let (ann, sockets) = inside(&chat, "ann").await;
    let change = json!({ "password": "another password" });
    let changed = chat.admin().patch(of(&ann), change).await;
    changed.has_status(200);
    is_out(&ann, &sockets).await;
    let nobody = chat.nobody();
    let old = login("ann", "password of ann");
    nobody.post("/api/auth/login", old).await.refused(401);
    let new = login("ann", "another password");
    nobody.post("/api/auth/login", new).await.has_status(200);
    let short = json!({ "password": "short" });
    let refused = chat.admin().patch(of(&ann), short).await;
    refused.refused_for(&["password"]);
}

#[tokio::test]
async fn a_removed_account_is_out() {
    let chat = Chat::open().await;
    let (ann, sockets) = inside(&chat, "ann").await;
    chat.admin().delete(of(&ann)).await.has_status(200);
    is_out(&ann, &sockets).await;
    let old = login("ann", "password of ann");
    chat.nobody()
        .post("/api/auth/login", old)
        .await
        .refused(401);
}
