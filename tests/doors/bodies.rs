//! What no well-behaved client sends: bodies without end, that break off, or whose lengths lie.

use super::raw::*;
use crate::support::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

#[tokio::test]
async fn nothing_is_smuggled_past_a_lying_length() {
    let chat = Chat::open().await;
    let hidden = format!("{HEAD}\r\n");
    let chunk = format!("{:x}\r\n{NO_LOGIN}\r\n0\r\n\r\n", NO_LOGIN.len());
    let both = "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n";
    for (what, lengths, body) in [
        ("a length, then chunks", both, chunk.clone()),
        (
            "chunks, then a length",
            "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
            chunk.clone(),
        ),
        (
            "a length that covers the chunks and what is hidden behind",
            "Content-Length: 1000\r\nTransfer-Encoding: chunked\r\n",
            chunk.clone(),
        ),
        (
            "two lengths",
            "Content-Length: 2\r\nContent-Length: 60\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a list of lengths",
            "Content-Length: 2, 60\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a length with a sign",
            "Content-Length: +2\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a negative length",
            "Content-Length: -2\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a length in hex",
            "Content-Length: 0x2\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a length past all numbers",
            "Content-Length: 99999999999999999999999\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a space before the colon",
            "Content-Length : 2\r\n",
            NO_LOGIN.to_owned(),
        ),
        (
            "a coding that is not the last",
            "Transfer-Encoding: chunked, identity\r\n",
            chunk.clone(),
        ),
        (
            "an unknown coding",
            "Transfer-Encoding: xchunked\r\n",
            chunk.clone(),
        ),
        (
            "a folded header",
            "Transfer-Encoding:\r\n chunked\r\n",
            chunk.clone(),
        ),
        (
            "a chunk without a size",
            "Transfer-Encoding: chunked\r\n",
            "x\r\n".to_owned(),
        ),
        (
            "a chunk of more than all numbers",
            "Transfer-Encoding: chunked\r\n",
            "fffffffffffffffff\r\n".to_owned(),
        ),
        (
            "a chunk longer than it says",
            "Transfer-Encoding: chunked\r\n",
            format!("1\r\n{NO_LOGIN}\r\n0\r\n\r\n"),
        ),
    ] {
        let words = format!("{LOGIN}{lengths}\r\n{body}{hidden}");
        // Refused, or taken by its chunks alone; and then closed, for who knows where the next one begins.
        is_refused(&says(&chat, words).await, &["400", "501"], what);
    }
    // An honest one is served, and the next on the same connection too.
    let length = format!("Content-Length: {}\r\n", NO_LOGIN.len());
    let last = format!("{HEAD}Connection: close\r\n\r\n");
    let honest = [
        format!("{LOGIN}{length}\r\n{NO_LOGIN}{last}"),
        format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{chunk}{last}"),
    ];
    for words in honest {
        assert_eq!(statuses(&says(&chat, words).await), ["400", "200"]);
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let chat = Chat::open().await;
    let new = r#"{"username":"ann","email":"ann@example.test","password":"password of ann"}"#;
    let head = "POST /api/auth/signup HTTP/1.1\r\nHost: chat.example.test\r\nContent-Type: application/json\r\n";
    for (lengths, body) in [
        (
            format!("Content-Length: {}\r\n", new.len() + 1),
            new.to_owned(),
        ),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{new}\r\n", new.len()),
        ),
    ] {
        let mut connection = connect(&chat).await;
        let words = format!("{head}{lengths}\r\n{body}");
        let said = connection.write_all(words.as_bytes()).await;
        said.expect("the connection is open");
        connection.shutdown().await.expect("and half closed");
        let came = until_closed(&mut connection, PATIENCE).await;
        assert!(
            matches!(&statuses(&came)[..], [] | ["400"]),
            "half a body was taken for a whole one: {came:?}"
        );
    }
    // Had one of them been taken, the name would be.
    chat.rooms("ann").await;
    is_well(&chat).await;
}

#[tokio::test]
async fn a_body_without_end_is_refused_before_its_end() {
    let chat = Chat::open().await;
    let part = b" ".repeat(64 << 10);
    let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat();
    let endless = format!("Content-Length: {}\r\n", 100_u64 << 30);
    for (lengths, part) in [
        ("Transfer-Encoding: chunked\r\n", &chunk),
        (&*endless, &part),
    ] {
        let mut connection = connect(&chat).await;
        let head = format!("{LOGIN}{lengths}\r\n");
        let said = connection.write_all(head.as_bytes()).await;
        said.expect("the connection is open");
        let mut some = [0; 1_024];
        let mut answer = None;
        // 128 KiB are taken, a little more is on its way: not megabytes.
        for _ in 0..32 {
            if connection.write_all(part).await.is_err() {
                break;
            }
            let reading = timeout(Duration::from_millis(100), connection.read(&mut some));
            if let Ok(read) = reading.await {
                answer = Some(read.expect("an answer comes first"));
                break;
            }
        }
        let came = String::from_utf8_lossy(&some[..answer.unwrap_or(0)]).into_owned();
        is_refused(&came, &["413"], lengths);
        assert!(came.contains(r#""success":false"#), "{came}");
        // Nobody reads the rest: writing on meets a closed door.
        let writing_on = async {
            let mut written = 0_u64;
            while written < 64 << 20 && connection.write_all(part).await.is_ok() {
                written += part.len() as u64;
            }
            written
        };
        let written = timeout(PATIENCE, writing_on).await;
        let written = written.expect("it is closed, not left standing");
        assert!(written < 64 << 20, "{written} bytes were taken and read");
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn what_is_nested_too_deep_is_not_read() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    const DEEP: usize = 10_000;
    let brackets = "[".repeat(DEEP);
    let whole = format!("{brackets}{}", "]".repeat(DEEP));
    let objects = format!(r#"{}1{}"#, r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP));
    for nested in [
        &brackets,
        &whole,
        &objects,
        &format!(r#"{{"content":{whole}}}"#),
    ] {
        let body = Request::new("POST", "/api/messages").body("application/json", &**nested);
        ann.sends(body).await.refused(400);
    }
    // As deep by event: whatever becomes of that socket, the others' stay.
    let bob = chat.rooms("bob").await;
    bob.does("joinRoom", json!({ "roomId": room })).await;
    for nested in [&brackets, &whole, &objects] {
        for words in [
            format!(r#"42["message",{nested}]"#),
            format!("42{nested}"),
            format!(r#"421["message",{nested}]"#),
            format!(r#"451-["fileUpload",{nested}]"#),
            format!("40/chat,{nested}"),
            format!(r#"40/chat,{{"token":{nested}}}"#),
        ] {
            let opened = ann.sends(Request::new("GET", "/socket.io/?EIO=4&transport=polling"));
            let opened = opened.await.has_status(200).text();
            let opened: Value = serde_json::from_str(&opened[1..]).expect("an opening packet");
            let sid = opened["sid"].as_str().expect("a session");
            let session = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
            let connect = format!(r#"40{{"token":"{}"}}"#, ann.token);
            for said in [connect, words] {
                let said = Request::new("POST", &session).body("text/plain", said);
                let taken = ann.sends(said).await;
                assert!((200..500).contains(&taken.status), "{taken:?}");
            }
        }
    }
    assert!(bob.socket().await.is_open());
    ann.posts(&room, "Still here").await;
    bob.hears("message", json!({ "content": "Still here" }))
        .await;
    is_well(&chat).await;
}

#[tokio::test]
async fn json_that_begins_with_a_byte_order_mark_is_read() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let body = "\u{feff}{\"name\": \"Lobby\", \"description\": \"\"}";
    let asked = Request::new("POST", "/api/rooms").body("application/json", body);
    ann.sends(asked)
        .await
        .looks_like(201, json!({ "data": { "name": "Lobby" } }));
    let alone = Request::new("POST", "/api/rooms").body("application/json", "\u{feff}");
    ann.sends(alone).await.refused(400);
}

#[tokio::test]
async fn a_slash_too_many_at_the_end_leads_to_the_same() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    for path in [
        "/api/rooms/".to_owned(),
        format!("/api/rooms/{room}/"),
        format!("/api/messages/{room}/?limit=1"),
        "/api/conversations/?limit=5".to_owned(),
        "/auth/active-devices/".to_owned(),
        "/healthz/".to_owned(),
        "/docs/rooms/openapi.json/".to_owned(),
    ] {
        let short = path.replacen("/?", "?", 1);
        let short = short.trim_end_matches('/');
        let (with, without) = (ann.get(&path).await, ann.get(short).await);
        assert_eq!(
            with.has_status(200).body,
            without.has_status(200).body,
            "{path}"
        );
    }
    let said = json!({ "roomId": room, "content": "Hello" });
    ann.post("/api/messages/", said).await.has_status(201);
    let wrong = ann.post("/healthz/", json!({})).await;
    assert_eq!(wrong.refused(405).says("Allow"), "GET");
    for nothing in ["/nothing/", "/api/rooms//"] {
        ann.get(nothing).await.refused(404);
    }
    // A page's own addresses are relative to its, so a browser is shown the way.
    for (path, way) in [("/admin/", "../admin"), ("/docs/?a=b", "../docs?a=b")] {
        let looked = Request::new("GET", path).header("Accept", "text/html,*/*;q=0.8");
        let shown = looked.send(&chat.address).await;
        assert_eq!(shown.has_status(308).says("Location"), way);
    }
}
