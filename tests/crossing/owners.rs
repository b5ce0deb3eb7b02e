//! Whose address is it? Whoever proves it: an address that somebody merely typed blocks nobody.

use crate::support::*;

const BOB: &str = "bob@example.test";
const EVES: &str = "password of eve";
const BOBS: &str = "password of bob";

/// Eve signs up in this dialect with Bob's address, which she cannot read the mails of.
async fn eve_with_bobs_address(chat: &Chat, dialect: &str) -> Person {
    let (path, name) = match dialect {
        "emote" => ("/api/auth/register", "name"),
        _ => ("/api/auth/signup", "username"),
    };
    let eve = json!({ name: "eve", "email": BOB, "password": EVES });
    let made = chat.nobody().post(path, eve).await;
    assert!(matches!(made.status, 200 | 201), "{made:?}");
    let login = logs_in(chat, EVES).await.has_status(200).json();
    chat.nobody()
        .with_token(login["token"].as_str().expect("a token"))
}

async fn logs_in(chat: &Chat, password: &str) -> Answer {
    let login = json!({ "email": BOB, "password": password });
    chat.nobody().post("/api/auth/login", login).await
}

/// Bob, who has no account that he knows of, proves his address in each way that there is.
async fn bob_proves_it(chat: &Chat, way: &str) {
    let nobody = chat.nobody();
    match way {
        "campus code" => {
            chat.proves(BOB).await;
            let new = nobody
                .post("/user/register", arriving::student("bob"))
                .await;
            let new = new.looks_like(201, json!({ "user": { "full_name": "bob", "email": BOB } }));
            let bob = nobody.with_token(new["token"].as_str().expect("a token"));
            bob.get("/user/profile")
                .await
                .looks_like(200, json!({ "role": "student" }));
        }
        "campus reset" => {
            let asked = nobody.post("/user/reset-password-code", json!({ "email": BOB }));
            asked.await.has_status(200);
            let proof = json!({ "email": BOB, "verificationCode": chat.code_for(BOB).await });
            nobody
                .post("/user/verify-reset-code", proof)
                .await
                .has_status(200);
            let reset = json!({ "email": BOB, "password": BOBS });
            nobody
                .patch("/user/reset-password", reset)
                .await
                .has_status(200);
        }
        _ => {
            let asked = nobody.post("/api/password/reset-request", json!({ "email": BOB }));
            asked.await.has_status(200);
            let token = chat.link_token_for(BOB).await;
            let reset = json!({ "token": token, "password": BOBS });
            nobody
                .post("/api/password/reset", reset)
                .await
                .has_status(200);
        }
    }
}

#[tokio::test]
async fn whoever_proves_the_address_becomes_the_owner() {
    for dialect in ["emote", "rooms"] {
        for way in ["campus code", "campus reset", "emote link"] {
            let chat = Chat::open().await;
            let eve = eve_with_bobs_address(&chat, dialect).await;
            let socket = eve.opens_a_socket().await;
            eve.opens_room("Eve's room").await;
            bob_proves_it(&chat, way).await;

            let how = format!("{way} after {dialect}");
            assert_eq!(eve.get("/api/auth/validate").await.status, 401, "{how}");
            eve.get("/user/profile").await.refused(401);
            socket.is_sent_away().await;
            assert!(eve.enters(json!({})).await.is_err(), "{how}");
            assert_eq!(
                logs_in(&chat, EVES).await.status,
                401,
                "{how}: Eve's password"
            );
            assert_eq!(
                logs_in(&chat, BOBS).await.status,
                200,
                "{how}: Bob's password"
            );
        }
    }
}

#[tokio::test]
async fn there_is_one_account_with_the_address_afterwards() {
    let chat = Chat::open().await;
    let eve = eve_with_bobs_address(&chat, "emote").await;
    let before = eve.get("/api/auth/validate").await.has_status(200).json();
    bob_proves_it(&chat, "campus code").await;
    let login = logs_in(&chat, BOBS).await.has_status(200).json();
    let bob = chat
        .nobody()
        .with_token(login["token"].as_str().expect("a token"));
    let after = bob.get("/api/auth/validate").await;
    assert_eq!(
        login["data"]["username"], "bob",
        "nothing is left of the name that Eve gave"
    );
    let same = json!({ "user": { "id": before["user"]["id"], "name": "bob", "email": BOB } });
    after.looks_like(200, same);
    let devices = bob.get("/auth/active-devices").await.has_status(200).json();
    let own = devices.as_array().map(Vec::len);
    assert_eq!(
        own,
        Some(2),
        "from registering and from logging in: {devices}"
    );
}

#[tokio::test]
async fn only_to_ask_for_a_proof_changes_nothing() {
    let chat = Chat::open().await;
    let eve = eve_with_bobs_address(&chat, "emote").await;
    let nobody = chat.nobody();
    for path in [
        "/user/send-signup-code",
        "/user/reset-password-code",
        "/api/password/reset-request",
    ] {
        nobody
            .post(path, json!({ "email": BOB }))
            .await
            .has_status(200);
    }
    nobody
        .post("/user/register", arriving::student("bob"))
        .await
        .refused(403);
    eve.get("/api/auth/validate").await.has_status(200);
    logs_in(&chat, EVES).await.has_status(200);
}

#[tokio::test]
async fn a_proven_address_is_not_proven_away() {
    let chat = Chat::open().await;
    // Bob holds the proof of a sign-up, and in the meantime proves the address by a link as well.
    eve_with_bobs_address(&chat, "emote").await;
    let token = chat.proves(BOB).await;
    bob_proves_it(&chat, "emote link").await;
    let mut again = arriving::student("bob");
    again["signupToken"] = json!(token);
    again["password"] = json!("yet another password");
    chat.nobody()
        .post("/user/register", again)
        .await
        .refused(409);
    logs_in(&chat, BOBS).await.has_status(200);
    logs_in(&chat, "yet another password").await.refused(401);
}
