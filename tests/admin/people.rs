//! Accounts: shown, made, changed; and the last administrator, who stays one.

use super::{named, of, text};
use crate::support::*;
use std::time::Instant;
use tokio::time::sleep;

#[tokio::test]
async fn an_account_is_shown_whole() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    ann.opens_a_socket().await;
    let asked = Instant::now();
    let user = loop {
        let shown = chat.admin().get(of(&ann)).await;
        let user = shown.looks_like(200, json!({ "success": true }))["user"].clone();
        // It is noted behind her: she does not wait for it.
        if user["lastSeenAt"].is_string() {
            break user;
        }
        assert!(asked.elapsed() < PATIENCE, "{user}");
        sleep(MOMENT).await;
    };
    let expected = json!({
        "id": ann.uuid, "number": ann.number, "name": "ann", "username": "ann", "email": "ann@example.test",
        "proven": false, "admin": false, "suspended": false, "suspendedAt": null, "home": "rooms",
        "picture": null,
    });
    assert_looks_like(&user, expected, "the user");
    assert!(user["createdAt"].is_string());
    assert!(user["devices"].as_u64() >= Some(1) && user["sockets"].is_u64());
    // Any spelling of the id names the same account.
    for id in [ann.id.clone(), ann.number.to_string()] {
        let again = chat.admin().get(format!("/api/admin/users/{id}")).await;
        assert_eq!(again.has_status(200).json()["user"]["id"], ann.uuid);
    }
    let admin = chat.admin();
    admin.get("/api/admin/users/999999").await.refused(404);
    admin.get("/api/admin/users/nobody").await.refused(400);
    admin.delete("/api/admin/users/999999").await.refused(404);
    admin
        .patch("/api/admin/users/999999", json!({ "suspended": true }))
        .await
        .refused(404);
}

#[tokio::test]
async fn whose_files_take_up_most_stands_first_if_asked() {
    let chat = Chat::open().await;
    let (ann, bob, carl) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("carl").await,
    );
    for (person, bytes) in [(&bob, 5_000), (&ann, 200), (&carl, 1_000)] {
        let file = Form::file("notes.txt", "text/plain", "x".repeat(bytes));
        person.uploads(file).await.has_status(201);
    }
    let admin = chat.admin();
    let listed = admin.get("/api/admin/users?sort=stored&limit=3").await;
    let listed = listed.has_status(200).json();
    let stored: Vec<_> = listed["users"]
        .as_array()
        .expect("people")
        .iter()
        .map(|one| (one["name"].clone(), one["storedBytes"].clone()))
        .collect();
    assert_eq!(
        stored,
        [
            (json!("bob"), json!(5_000)),
            (json!("carl"), json!(1_000)),
            (json!("ann"), json!(200))
        ]
    );
    admin
        .get("/api/admin/users?sort=height")
        .await
        .refused_for(&["sort"]);
}

#[tokio::test]
async fn an_account_is_made_with_a_password_or_without() {
    let chat = Chat::open().await;
    let admin = chat.admin();
    let new = json!({ "name": "bob", "email": "bob@example.test", "password": "password of bob", "admin": true });
    let made = admin.post("/api/admin/users", new.clone()).await;
    let expected = json!({ "success": true, "user": { "name": "bob", "email": "bob@example.test", "proven": true, "admin": true, "home": "admin" } });
    made.looks_like(201, expected);
    let mut bob = chat.nobody();
    bob.name = "bob".to_owned();
    let bob = bob.logs_in().await;
    bob.get("/api/admin/stats").await.has_status(200);
    admin.post("/api/admin/users", new).await.refused(409);

    let eve = json!({ "name": "eve", "email": "eve@example.test" });
    admin.post("/api/admin/users", eve).await.has_status(201);
    let login = json!({ "email": "eve@example.test", "password": "" });
    let refused = chat.nobody().post("/api/auth/login", login).await;
    assert!(matches!(refused.status, 400 | 401), "{refused:?}");
    let wrong = json!({ "email": "nothing", "password": "short" });
    let wrong = admin.post("/api/admin/users", wrong).await;
    wrong.refused_for(&["name", "password"]);
    let wrong = json!({ "name": "x", "email": "nothing" });
    admin
        .post("/api/admin/users", wrong)
        .await
        .refused_for(&["email"]);
}

#[tokio::test]
async fn a_name_changes_for_everybody_at_once() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let admin = chat.admin();
    let changed = admin.patch(of(&ann), json!({ "name": "Ann Smith" })).await;
    changed.looks_like(200, json!({ "user": { "name": "Ann Smith" } }));
    let users = bob.get("/api/profile/users").await.has_status(200).json();
    assert!(named(&users, "users", "name").contains(&"Ann Smith".to_owned()));
    let wrong = json!({ "name": "", "suspended": "perhaps" });
    let wrong = admin.patch(of(&ann), wrong).await;
    wrong.refused(400);
}

#[tokio::test]
async fn who_is_made_an_administrator_is_one_until_it_is_taken_back() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    ann.get("/api/admin/stats").await.refused(403);
    let admin = chat.admin();
    let set = async |is: bool| {
        let changed = admin.patch(of(&ann), json!({ "admin": is })).await;
        changed.looks_like(200, json!({ "user": { "admin": is } }));
    };
    set(true).await;
    ann.get("/api/admin/stats").await.has_status(200);
    set(false).await;
    ann.get("/api/admin/stats").await.refused(403);
    assert_eq!(
        chat.audited().await[..2],
        ["user.make-plain", "user.make-admin"]
    );
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let chat = Chat::open().await;
    let ann = chat.campus("ann").await;
    let admin = chat.admin();
    let own = format!("/api/admin/users/{}", chat.admins_uuid().await);
    let stays = async || {
        for change in [json!({ "admin": false }), json!({ "suspended": true })] {
            admin.patch(&own, change).await.refused(409);
        }
        admin.delete(&own).await.refused(409);
        admin.get("/api/admin/stats").await.has_status(200);
    };
    stays().await;
    // Who is suspended administers nothing, and so is no second one.
    let second = json!({ "admin": true, "suspended": true });
    admin.patch(of(&ann), second).await.has_status(200);
    stays().await;
    let back = json!({ "suspended": false });
    admin.patch(of(&ann), back).await.has_status(200);
    let plain = json!({ "admin": false });
    admin.patch(&own, plain).await.has_status(200);
    admin.get("/api/admin/stats").await.refused(403);
}

#[tokio::test]
async fn a_reset_link_works_once_and_logs_out() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let path = format!("{}/reset-link", of(&ann));
    let made = chat.admin().post(&path, json!({})).await;
    let made = made.looks_like(201, json!({ "success": true }));
    assert!(made["expiresAt"].is_string());
    let link = text(&made["link"]);
    let (url, token) = link.split_once("/#reset=").expect("a token in the link");
    assert_eq!(url, chat.announced["url"]);
    let reset = json!({ "token": token, "password": "another password" });
    let asked = || chat.nobody();
    let done = asked().post("/api/password/reset", reset.clone()).await;
    done.has_status(200);
    asked()
        .post("/api/password/reset", reset)
        .await
        .refused(400);
    ann.get("/api/auth/validate").await.refused(401);
    let login = json!({ "email": "ann@example.test", "password": "another password" });
    let login = asked().post("/api/auth/login", login).await;
    login.has_status(200);
    // The newest link is the one that counts.
    let first = chat.admin().post(&path, json!({})).await.json();
    chat.admin().post(&path, json!({})).await.has_status(201);
    let link = text(&first["link"]);
    let (_, token) = link.split_once("/#reset=").expect("a token");
    let reset = json!({ "token": token, "password": "a third password" });
    asked()
        .post("/api/password/reset", reset)
        .await
        .refused(400);
}

#[tokio::test]
async fn a_token_for_somebody_is_a_device_of_theirs() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let admin = chat.admin();
    let made = admin
        .post(format!("{}/token", of(&ann)), json!({ "label": "a look" }))
        .await;
    let made = made.looks_like(201, json!({ "success": true }));
    assert!(made["expiresAt"].is_string());
    let looking = ann.with_token(&text(&made["token"]));
    let known = looking.get("/api/auth/validate").await;
    assert_eq!(known.has_status(200).json()["user"]["id"], ann.uuid);
    let devices = format!("{}/devices", of(&ann));
    let listed = admin.get(&devices).await.has_status(200).json();
    let device = listed["devices"].as_array().expect("devices").iter();
    let device = device
        .clone()
        .find(|device| device["userAgent"] == "Administrator")
        .unwrap_or_else(|| panic!("not among {listed}"));
    for field in ["id", "ip", "createdAt", "lastSeenAt", "expiresAt"] {
        assert!(device[field].is_string(), "{field} of {device}");
    }
    // She sees it too, and it can be ended.
    let own = ann.get("/auth/active-devices").await.has_status(200).json();
    assert_eq!(
        own.as_array().map(Vec::len),
        listed["devices"].as_array().map(Vec::len)
    );
    let socket = looking.opens_a_socket().await;
    let path = format!("{devices}/{}", text(&device["id"]));
    admin.delete(&path).await.has_status(200);
    socket.is_sent_away().await;
    looking.get("/api/auth/validate").await.refused(401);
    ann.get("/api/auth/validate").await.has_status(200);
    admin.delete(&path).await.refused(404);
    assert_eq!(chat.audited().await[..2], ["device.end", "user.token"]);
}
