//! Somebody has another name or picture: who shares a conversation hears of it once, in their own words.

use crate::support::*;
use crate::trust_jwt::keys::Keys;
use std::time::{SystemTime, UNIX_EPOCH};

async fn is_named(person: &Person, name: &str) {
    let changed = person.patch("/api/profile", json!({ "name": name })).await;
    changed.looks_like(200, json!({ "user": { "name": name } }));
}

#[tokio::test]
async fn who_shares_a_conversation_hears_of_a_new_name_once() {
    let chat = Chat::open().await;
    let (ann, bob, cleo, dora) = tokio::join!(
        chat.emote("ann"),
        chat.campus("bob"),
        chat.mentor("cleo"),
        chat.rooms("dora")
    );
    let (eve, fay) = (chat.direct("eve").await, chat.direct("fay").await);
    let friends = ann.gathers("Friends", &[&bob, &cleo, &dora, &eve]).await;
    let others = ann.gathers("Others", &[&bob, &cleo, &dora, &eve]).await;
    let room = ann.opens_room("Lobby").await;
    let sockets = [
        bob.opens_a_socket().await,
        cleo.opens_chat().await,
        dora.opens_a_socket().await,
        eve.opens_a_socket().await,
        ann.opens_a_socket().await,
    ];
    let [to_bob, to_cleo, to_dora, to_eve, to_ann] = &sockets;
    for place in [&friends, &others] {
        let here = json!({ "conversationId": place });
        to_bob.does("join-conversation", here.clone()).await;
        to_dora.does("joinRoom", here.clone()).await;
        to_eve.does("join_conversation", here.clone()).await;
        to_ann.does("join-conversation", here).await;
    }
    // Whoever shares an open room only, or listens to nothing, hears nothing.
    let to_fay = fay.opens_a_socket().await;
    to_fay.does("joinRoom", json!({ "roomId": room })).await;
    let deaf = bob.opens_a_socket().await;

    is_named(&ann, "Ann Lee").await;
    to_bob
        .hears(
            "user-updated",
            json!({ "id": ann.uuid, "full_name": "Ann Lee", "profile": null }),
        )
        .await;
    to_ann
        .hears(
            "user-updated",
            json!({ "id": ann.uuid, "full_name": "Ann Lee" }),
        )
        .await;
    to_cleo
        .hears(
            "user_updated",
            json!({ "id": ann.uuid, "fullName": "Ann Lee", "avatarUrl": null }),
        )
        .await;
    to_dora
        .hears(
            "userUpdated",
            json!({ "_id": ann.id, "username": "Ann Lee", "picture": null }),
        )
        .await;
    to_eve
        .hears(
            "user_updated",
            json!({ "id": ann.number, "name": "Ann Lee", "avatar_url": null }),
        )
        .await;
    for socket in &sockets {
        socket.hears_nothing().await;
    }
    to_fay.hears_nothing().await;
    deaf.hears_nothing().await;
}

#[tokio::test]
async fn what_is_said_next_has_the_new_name() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    ann.does("message", json!({ "roomId": room, "content": "Hello" }))
        .await;
    bob.hears("message", json!({ "sender": { "username": "ann" } }))
        .await;
    is_named(&ann, "Ann Lee").await;
    ann.does(
        "message",
        json!({ "roomId": room, "content": "Hello again" }),
    )
    .await;
    bob.hears("message", json!({ "sender": { "username": "Ann Lee" } }))
        .await;
}

#[tokio::test]
async fn whoever_changes_it_it_is_told_and_the_last_name_last() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let met = ann.meets(&bob).await;
    let listening = bob.opens_a_socket().await;
    listening.does("joinRoom", json!({ "roomId": met })).await;
    let of_ann = format!("/api/admin/users/{}", ann.uuid);
    let named = json!({ "name": "Anna" });
    chat.admin().patch(&of_ann, named).await.has_status(200);
    listening
        .hears("userUpdated", json!({ "username": "Anna" }))
        .await;
    let picture = Form::default().with_file(
        "picture",
        "me.gif",
        "image/gif",
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
    );
    let picture = Request::new("PATCH", "/api/auth/profile").form(picture);
    let shown = ann.sends(picture).await.has_status(200).json();
    let heard = listening
        .hears("userUpdated", json!({ "username": "Anna" }))
        .await;
    assert_eq!(heard["picture"], shown["data"]["picture"]);

    for at in 0..20 {
        is_named(&ann, &format!("Ann {at}")).await;
    }
    // Some in between may be left out.
    let mut last = String::new();
    while last != "Ann 19" {
        let heard = listening.hears("userUpdated", json!({})).await;
        let heard = heard["username"].as_str().expect("a name").to_owned();
        let at = |name: &str| name.trim_start_matches("Ann ").parse::<i32>().unwrap_or(-1);
        assert!(at(&heard) >= at(&last), "{heard} after {last}");
        last = heard;
    }
    chat.command(&["user", "remove", &format!("id:{}", ann.number)])
        .await;
    // Her last name may be told twice: once for it and once for the one before.
    let mut heard = json!({ "username": last });
    while heard["username"] == last {
        heard = listening.hears("userUpdated", json!({})).await;
    }
    let removed = json!({ "_id": ann.id, "username": "Removed user", "picture": null });
    assert_looks_like(&heard, removed, "userUpdated");
}

#[tokio::test]
async fn whose_application_logs_them_in_proves_it_by_a_recent_login() {
    let keys = Keys::hs256();
    let chat = Chat::with(&["--trust-jwt", keys.file()]).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_secs();
    let claims = json!({ "sub": "greta", "name": "Greta", "iat": now, "exp": now + 600 });
    let greta = chat.nobody().with_token(&keys.sign(&claims));
    greta.get("/api/auth/validate").await.has_status(200);
    let logs_in_earlier = || {
        let earlier = "UPDATE devices SET created_at = created_at - 600000";
        chat.kept.does(earlier, &[]);
    };
    let new = json!({ "newPassword": "open sesame" });
    logs_in_earlier();
    for refused in [
        greta.puts("/api/profile/password", new.clone()).await,
        greta
            .post(
                "/api/profile/email",
                json!({ "email": "greta@example.test" }),
            )
            .await,
        greta
            .deletes("/api/profile", json!({ "password": "any password" }))
            .await,
    ] {
        let told = refused.has_status(403).json();
        let words = told["message"].as_str().expect("a sentence");
        assert!(
            words.contains("no password") && words.contains("10 minutes"),
            "{words}"
        );
    }
    let claims = json!({ "sub": "greta", "name": "Greta", "iat": now, "exp": now + 601 });
    let greta = greta.with_token(&keys.sign(&claims));
    greta
        .puts("/api/profile/password", new)
        .await
        .has_status(200);
    // From now on she has one.
    let asked = json!({ "email": "greta@example.test" });
    greta
        .post("/api/profile/email", asked)
        .await
        .refused_for(&["password"]);
    let asked = json!({ "email": "greta@example.test", "password": "open sesame" });
    greta
        .post("/api/profile/email", asked)
        .await
        .has_status(200);
    let code = json!({ "code": chat.code_for("greta@example.test").await });
    greta.puts("/api/profile/email", code).await.has_status(200);
}
