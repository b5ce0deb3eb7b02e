//! Addresses that anybody may have typed: who is made an administrator by one is its owner, and not whoever typed it first.

use super::{of, text};
use crate::support::*;

const BOSS: &str = "boss@example.test";

/// Somebody who has signed up with the boss's address, and whom nobody has asked for a proof.
async fn eve(chat: &Chat) -> Person {
    let new = json!({ "username": "eve", "email": BOSS, "password": "password of eve" });
    let signed_up = chat.nobody().post("/api/auth/signup", new).await;
    signed_up.has_status(201);
    let eve = logs_in(chat, "password of eve").await;
    eve.expect("she can log in")
}

/// Whoever has the boss's address and this password.
async fn logs_in(chat: &Chat, password: &str) -> Option<Person> {
    let login = json!({ "email": BOSS, "password": password });
    let answer = chat.nobody().post("/api/auth/login", login).await;
    if answer.status != 200 {
        answer.refused(401);
        return None;
    }
    let mut person = chat.nobody().with_token(&text(&answer.json()["token"]));
    let known = person.get("/api/auth/validate").await.json();
    person.uuid = text(&known["user"]["id"]);
    Some(person)
}

/// Eve has no way in any more, and the boss administers the account.
async fn is_the_boss_s(chat: &Chat, eve: &Person, socket: &Socket, password: &str) {
    socket.is_sent_away().await;
    eve.get("/api/auth/validate").await.refused(401);
    assert!(logs_in(chat, "password of eve").await.is_none());
    let boss = logs_in(chat, password).await.expect("the new password");
    assert_eq!(boss.uuid, eve.uuid);
    boss.get("/api/admin/stats").await.has_status(200);
    assert!(chat.audited().await.contains(&"user.take-over".to_owned()));
}

#[tokio::test]
async fn who_typed_somebody_elses_address_is_not_promoted_with_it() {
    let chat = Chat::open().await;
    let (eve, admin) = (eve(&chat).await, chat.admin());
    let socket = eve.opens_a_socket().await;
    let promoted = admin.patch(of(&eve), json!({ "admin": true })).await;
    promoted.refused_for(&["password"]);
    eve.get("/api/admin/stats").await.refused(403);
    let promotion = json!({ "admin": true, "password": "password of boss" });
    let promoted = admin.patch(of(&eve), promotion).await;
    promoted.looks_like(200, json!({ "user": { "admin": true, "proven": true } }));
    is_the_boss_s(&chat, &eve, &socket, "password of boss").await;
    // From now on it is proven, and takes no password to be made plain and an administrator again.
    for is in [false, true] {
        let changed = admin.patch(of(&eve), json!({ "admin": is })).await;
        changed.looks_like(200, json!({ "user": { "admin": is } }));
    }
    assert!(logs_in(&chat, "password of boss").await.is_some());
}

#[tokio::test]
async fn an_account_that_is_made_is_its_owners_whoever_typed_the_address_before() {
    let chat = Chat::open().await;
    let (eve, admin) = (eve(&chat).await, chat.admin());
    let socket = eve.opens_a_socket().await;
    admin
        .patch(of(&eve), json!({ "suspended": true }))
        .await
        .has_status(200);
    let new = json!({ "name": "Boss", "email": "BOSS@Example.test", "password": "password of boss", "admin": true });
    let made = admin.post("/api/admin/users", new.clone()).await;
    let expected = json!({ "user": { "id": eve.uuid, "name": "Boss", "username": "Boss", "proven": true, "admin": true, "suspended": false } });
    made.looks_like(201, expected);
    is_the_boss_s(&chat, &eve, &socket, "password of boss").await;
    // An owner's address is taken.
    admin.post("/api/admin/users", new).await.refused(409);
}

#[tokio::test]
async fn the_set_up_link_makes_an_owner_of_whoever_holds_it() {
    let chat = Chat::open().await;
    let eve = eve(&chat).await;
    let socket = eve.opens_a_socket().await;
    let link = chat.runs(&["admin", "link", "--json"]).await;
    let link: Value = serde_json::from_slice(&link.stdout).expect("JSON");
    let (_, token) = link["link"]
        .as_str()
        .and_then(|link| link.split_once("#setup="))
        .expect("a token");
    let boss =
        json!({ "token": token, "name": "boss", "email": BOSS, "password": "password of boss" });
    let made = chat.nobody().post("/api/admin/setup", boss).await;
    made.looks_like(201, json!({ "user": { "id": eve.uuid, "admin": true } }));
    is_the_boss_s(&chat, &eve, &socket, "password of boss").await;
}

#[tokio::test]
async fn an_administrator_is_taken_over_by_no_new_account() {
    let chat = Chat::open().await;
    let admin = chat.admin();
    let new = json!({ "name": "Somebody", "email": "admin@example.test" });
    admin.post("/api/admin/users", new).await.refused(409);
    admin.get("/api/admin/stats").await.has_status(200);
}
