//! One account for all: made in any dialect, it logs in through every other, and is the same person there.

use crate::support::*;

/// The documents' two doors; emote's is rooms'.
const DOORS: [&str; 2] = ["/auth/login", "/api/auth/login"];

/// Somebody new from every dialect that documents a way to sign up.
async fn newcomers(chat: &Chat) -> [Person; 3] {
    [
        chat.campus("carl").await,
        chat.emote("emma").await,
        chat.rooms("rosa").await,
    ]
}

async fn logs_in(chat: &Chat, door: &str, name: &str, password: &str) -> Answer {
    let login = json!({ "email": format!("{name}@example.test"), "password": password });
    chat.nobody().post(door, login).await
}

async fn with_login(chat: &Chat, door: &str, who: &Person) -> Person {
    let password = format!("password of {}", who.name);
    let login = logs_in(chat, door, &who.name, &password)
        .await
        .has_status(200)
        .json();
    who.with_token(
        login["token"]
            .as_str()
            .expect("every login answers a token"),
    )
}

#[tokio::test]
async fn accounts_made_in_each_dialect_log_in_through_each_other() {
    let chat = Chat::open().await;
    let bob = chat.direct("bob").await;
    for new in newcomers(&chat).await {
        for door in DOORS {
            let known = with_login(&chat, door, &new).await;
            // campus
            let profile = json!({ "id": new.uuid, "full_name": new.name });
            known.get("/user/profile").await.looks_like(200, profile);
            known.sends_to(&known.meets(&bob).await, "By campus").await;
            // emote
            let valid = json!({ "user": { "id": new.uuid, "name": new.name } });
            known.get("/api/auth/validate").await.looks_like(200, valid);
            // rooms
            let room = known.opens_room("General Discussion").await;
            let said = known
                .does("message", json!({ "roomId": room, "content": "By rooms" }))
                .await;
            let sender =
                json!({ "message": { "sender": { "_id": new.id, "username": new.name } } });
            assert_looks_like(&said, sender, "who said it in rooms");
            // direct
            let said = known.writes_to(&bob, "By direct").await;
            assert_eq!(said["sender_id"], json!(new.number));
            // mentor
            let talks = known
                .get("/api/conversations?limit=10")
                .await
                .has_status(200)
                .json();
            assert!(
                talks.as_array().is_some_and(|talks| !talks.is_empty()),
                "{talks}"
            );
            known.through("/chat").opens_a_socket().await;
        }
    }
}

#[tokio::test]
async fn a_login_shows_the_account_in_the_shape_of_its_door() {
    let chat = Chat::open().await;
    for new in newcomers(&chat).await {
        let (name, password) = (&new.name, format!("password of {}", new.name));
        let email = format!("{name}@example.test");
        let campus = json!({ "user": { "id": new.uuid, "full_name": name, "email": email } });
        logs_in(&chat, "/auth/login", name, &password)
            .await
            .looks_like(200, campus);
        let rooms = json!({ "data": { "id": new.id, "username": name, "email": email } });
        logs_in(&chat, "/api/auth/login", name, &password)
            .await
            .looks_like(200, rooms);
    }
    // What a dialect does not ask for is empty, and nobody is asked for it later.
    let emma = with_login(&chat, "/auth/login", &chat.emote("edna").await).await;
    let empty = json!({ "gender": null, "dateOfBirth": null, "role": null, "profile": null });
    emma.get("/user/profile").await.looks_like(200, empty);
}

#[tokio::test]
async fn no_door_opens_to_a_wrong_password() {
    let chat = Chat::open().await;
    for new in newcomers(&chat).await {
        for door in DOORS {
            let wrong = logs_in(&chat, door, &new.name, "a wrong password").await;
            let unknown = logs_in(&chat, door, "unknown", "a wrong password").await;
            assert_eq!(
                wrong.refused(401).json(),
                unknown.refused(401).json(),
                "{door}"
            );
        }
    }
}

#[tokio::test]
async fn every_login_is_a_device_and_every_way_out_leads_out() {
    let chat = Chat::open().await;
    for new in newcomers(&chat).await {
        let before = new.get("/auth/active-devices").await.has_status(200).json();
        let before = before.as_array().map_or(0, Vec::len);
        let (campus, rooms) = (
            with_login(&chat, "/auth/login", &new).await,
            with_login(&chat, "/api/auth/login", &new).await,
        );
        let devices = campus
            .get("/auth/active-devices")
            .await
            .has_status(200)
            .json();
        assert_eq!(
            devices.as_array().map(Vec::len),
            Some(before + 2),
            "{devices}"
        );

        let socket = campus.opens_a_socket().await;
        campus
            .post("/api/auth/logout", json!({}))
            .await
            .has_status(200);
        campus.get("/user/profile").await.refused(401);
        socket.is_sent_away().await;

        let sockets = [rooms.opens_a_socket().await, new.opens_a_socket().await];
        rooms
            .post("/auth/remove-all-session", json!({}))
            .await
            .has_status(200);
        for person in [&rooms, &new] {
            person.get("/api/notifications").await.refused(401);
            person.get("/api/auth/validate").await.refused(401);
        }
        for socket in sockets {
            socket.is_sent_away().await;
        }
    }
}

#[tokio::test]
async fn a_password_that_was_reset_in_one_dialect_is_new_in_all() {
    let chat = Chat::open().await;
    let nobody = chat.nobody();
    for new in newcomers(&chat).await {
        let email = format!("{}@example.test", new.name);
        let asked = nobody.post("/api/password/reset-request", json!({ "email": email }));
        asked.await.has_status(200);
        let reset = json!({ "token": chat.link_token_for(&email).await, "password": "by a link" });
        nobody
            .post("/api/password/reset", reset)
            .await
            .has_status(200);
        for door in DOORS {
            logs_in(&chat, door, &new.name, &format!("password of {}", new.name))
                .await
                .refused(401);
            logs_in(&chat, door, &new.name, "by a link")
                .await
                .has_status(200);
        }

        let asked = nobody.post("/user/reset-password-code", json!({ "email": email }));
        asked.await.has_status(200);
        let code = chat.code_for(&email).await;
        let proof = json!({ "email": email, "verificationCode": code });
        nobody
            .post("/user/verify-reset-code", proof)
            .await
            .has_status(200);
        let reset = json!({ "email": email, "password": "by a code" });
        nobody
            .patch("/user/reset-password", reset)
            .await
            .has_status(200);
        for door in DOORS {
            logs_in(&chat, door, &new.name, "by a link")
                .await
                .refused(401);
            logs_in(&chat, door, &new.name, "by a code")
                .await
                .has_status(200);
        }
    }
}

#[tokio::test]
async fn an_address_that_one_dialect_has_the_others_do_not_give_away_again() {
    let chat = Chat::open().await;
    for new in newcomers(&chat).await {
        let email = format!("{}@example.test", new.name);
        let john = json!({ "username": "john", "email": email, "password": "securePassword123" });
        chat.nobody()
            .post("/api/auth/signup", john)
            .await
            .refused(400);
        let john = json!({ "name": "John Doe", "email": email, "password": "yourpassword" });
        chat.nobody()
            .post("/api/auth/register", john)
            .await
            .refused(409);
        for door in DOORS {
            with_login(&chat, door, &new).await;
        }
    }
}
