//! How often: five logins a minute, a hundred calls in a quarter of an hour, ten uploads an hour.

use crate::support::*;

fn number(answer: &Answer, header: &str) -> u64 {
    answer
        .says(header)
        .parse()
        .unwrap_or_else(|_| panic!("{header} is no number: {answer:?}"))
}

/// Refused for being too often, and told when to come back.
fn is_too_often(answer: &Answer, window: u64) {
    answer.refused(429);
    let wait = number(answer, "Retry-After");
    assert!((1..=window).contains(&wait), "come back in {wait} s");
    assert_eq!(number(answer, "RateLimit-Remaining"), 0);
}

#[tokio::test]
async fn five_logins_a_minute() {
    let chat = Chat::with(&["--limit-auth", "5/1m", "--user", "john:securePassword123"]).await;
    let login = async |password: &str| {
        let login = json!({ "email": "john@example.test", "password": password });
        chat.nobody().post("/api/auth/login", login).await
    };
    for left in (1..5).rev() {
        let wrong = login("wrong password").await;
        wrong.refused(401);
        assert_eq!(number(&wrong, "RateLimit-Limit"), 5);
        assert_eq!(number(&wrong, "RateLimit-Remaining"), left);
        assert!(
            (1..=60).contains(&number(&wrong, "RateLimit-Reset")),
            "{wrong:?}"
        );
    }
    login("securePassword123").await.has_status(200);
    is_too_often(&login("securePassword123").await, 60);
    is_too_often(&login("wrong password").await, 60);

    // Each endpoint counts for itself: whoever mistyped a password may still sign up.
    let john = json!({ "username": "johnny", "email": "johnny@example.test", "password": "securePassword123" });
    chat.nobody()
        .post("/api/auth/signup", john)
        .await
        .has_status(201);
}

#[tokio::test]
async fn a_hundred_calls_in_a_quarter_of_an_hour() {
    let chat = Chat::with(&["--limit-api", "100/15m"]).await;
    let ann = chat.rooms("ann").await;
    for left in (0..100).rev() {
        let answer = chat.nobody().get("/api/rooms").await;
        assert_eq!(number(answer.has_status(200), "RateLimit-Limit"), 100);
        assert_eq!(number(&answer, "RateLimit-Remaining"), left);
    }
    is_too_often(&chat.nobody().get("/api/rooms").await, 15 * 60);
    is_too_often(&chat.nobody().get("/api/files").await, 15 * 60);

    // Who has an account is counted by it, not by the address that many share.
    let answer = ann.get("/api/rooms").await;
    assert_eq!(number(answer.has_status(200), "RateLimit-Remaining"), 99);
    let bob = chat.rooms("bob").await;
    assert_eq!(
        number(
            bob.get("/api/rooms").await.has_status(200),
            "RateLimit-Remaining"
        ),
        99
    );
}

#[tokio::test]
async fn a_few_uploads_an_hour_by_either_way() {
    let chat = Chat::with(&["--limit-upload", "3/1h"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let file = || Form::file("notes.txt", "text/plain", "some notes");
    let said = json!({ "roomId": room, "filename": "notes.txt", "mimetype": "text/plain" });
    ann.uploads(file()).await.has_status(201);
    ann.uploads(file()).await.has_status(201);
    assert_looks_like(
        &ann.asks_with("fileUpload", said.clone(), b"notes").await,
        json!({ "ok": true }),
        "the third",
    );
    is_too_often(&ann.uploads(file()).await, 60 * 60);
    let fifth = ann.asks_with("fileUpload", said, b"notes").await;
    assert_looks_like(
        &fifth,
        json!({ "ok": false, "error": { "statusCode": 429, "event": "fileUpload" } }),
        "the fifth",
    );
    bob.uploads(file()).await.has_status(201);
    ann.posts(&room, "Words are still free").await;
}

#[tokio::test]
async fn an_evening_with_pictures_is_counted_in_bytes_and_not_in_files() {
    let chat = Chat::with(&["--limit-upload", "3/1h", "--limit-upload-bytes", "2MiB/1d"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    let attaches = async |who: &Person, bytes: usize| {
        let form = Form::file("picture.bin", "application/octet-stream", vec![7; bytes]);
        let path = format!("/api/conversations/{pair}/attachments");
        who.sends(Request::new("POST", path).form(form)).await
    };
    for _ in 0..12 {
        attaches(&ann, 100 << 10).await.has_status(201);
    }
    // Whoever sends many small ones pays for files, not for bytes: 64 KiB each.
    for _ in 0..13 {
        attaches(&ann, 1).await.has_status(201);
    }
    let refused = attaches(&ann, 1).await;
    let wait = number(refused.refused(429), "Retry-After");
    assert!((1..=24 * 60 * 60).contains(&wait), "come back in {wait} s");
    // All ways of uploading are one volume.
    let file = || Form::file("notes.txt", "text/plain", "some notes");
    ann.uploads(file()).await.refused(429);
    let said = json!({ "roomId": pair, "filename": "notes.txt" });
    let refused = ann.asks_with("fileUpload", said, b"notes").await;
    assert_eq!(refused["error"]["statusCode"], 429, "{refused}");
    attaches(&bob, 1 << 20).await.has_status(201);
    // One that is too much is refused on its way, and has cost what came of it.
    attaches(&bob, 3 << 20).await.refused(429);
    attaches(&bob, 1).await.refused(429);
    ann.posts(&pair, "Words are still free").await;
}

#[tokio::test]
async fn all_files_of_an_account_take_up_so_much_and_no_more() {
    let chat = Chat::with(&["--max-stored", "1MiB"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    let uploads = async |who: &Person, bytes: usize| {
        let form = Form::file("picture.bin", "application/octet-stream", vec![7; bytes]);
        who.uploads(form.field("roomId", &room)).await
    };
    let stored = async || {
        let all = chat.admin().get("/api/admin/users").await.json();
        let users = all["users"].as_array().expect("users").clone();
        let hers = users.iter().find(|one| one["name"] == "ann");
        hers.expect("ann")["storedBytes"].clone()
    };
    let first = uploads(&ann, 600 << 10).await.has_status(201).json();
    uploads(&ann, 424 << 10).await.has_status(201);
    assert_eq!(stored().await, 1 << 20);
    // Not a byte more, by whatever way.
    uploads(&ann, 1).await.refused(413);
    let said = json!({ "roomId": room, "filename": "notes.txt" });
    let refused = ann.asks_with("fileUpload", said, b"notes").await;
    assert_eq!(refused["error"]["statusCode"], 413, "{refused}");
    assert_eq!(stored().await, 1 << 20, "what was refused is not kept");
    uploads(&bob, 1 << 20).await.has_status(201);
    uploads(&bob, 1).await.refused(413);
    // What is deleted makes room.
    let id = first["data"]["_id"].as_str().expect("an id");
    chat.admin()
        .delete(format!("/api/admin/files/{id}"))
        .await
        .has_status(200);
    assert_eq!(stored().await, 424 << 10);
    uploads(&ann, 700 << 10).await.refused(413);
    uploads(&ann, 600 << 10).await.has_status(201);
    ann.posts(&room, "Words are still free").await;
}

#[tokio::test]
async fn an_account_is_logged_in_on_so_many_devices_and_the_idlest_makes_room() {
    let chat = Chat::with(&["--max-devices", "3"]).await;
    let ann = chat.rooms("ann").await;
    let socket = ann.opens_a_socket().await;
    let mut again = Vec::new();
    for _ in 0..4 {
        again.push(ann.logs_in().await);
    }
    let devices = "/api/auth/devices";
    // The first one of all had a socket, which ends with it.
    socket.is_sent_away().await;
    ann.get(devices).await.refused(401);
    again[0].get(devices).await.refused(401);
    for one in &again[1..] {
        let devices = one.get(devices).await.has_status(200).json();
        assert_eq!(
            devices["data"].as_array().map(Vec::len),
            Some(3),
            "{devices}"
        );
    }
}

#[tokio::test]
async fn a_socket_may_hurry_but_not_flood() {
    let chat = Chat::with(&["--limit-events", "20/1s"]).await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    for at in 0..300 {
        ann.emit(
            "message",
            json!({ "roomId": room, "content": format!("{at}") }),
        )
        .await;
    }
    ann.hears("error", json!({ "statusCode": 429, "event": "message" }))
        .await;
    // Its turn comes after all that was said before, and after a pause it is not too often.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    let passed = ann.history(&room).await.len();
    assert!(
        (100..200).contains(&passed),
        "a burst of a hundred passes, not {passed}"
    );
}

#[tokio::test]
async fn without_a_limit_there_is_none() {
    let chat = Chat::open().await;
    for _ in 0..7 {
        let login = json!({ "email": "nobody@example.test", "password": "wrong password" });
        chat.nobody()
            .post("/api/auth/login", login)
            .await
            .refused(401);
    }
}
