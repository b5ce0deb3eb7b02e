//! What no well-behaved client sends: heads that never end or are none, too many at once, other protocols.

use super::raw::*;
use crate::support::*;
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

#[tokio::test]
async fn who_does_not_get_on_with_it_is_not_waited_for() {
    let chat = Chat::with(&["--keep-alive", "3s"]).await;
    let patience = Duration::from_secs(14);
    let waits_for = async |words: &str| {
        let mut connection = connect(&chat).await;
        let begun = Instant::now();
        let said = connection.write_all(words.as_bytes()).await;
        said.expect("the connection is open");
        let came = until_closed(&mut connection, patience).await;
        (came, begun.elapsed())
    };
    let drips = async || {
        // A byte now and then does not buy more time.
        let (mut from, mut to) = connect(&chat).await.into_split();
        let begun = Instant::now();
        let dripping = async {
            for letter in HEAD.bytes().cycle() {
                if to.write_all(&[letter]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        };
        let mut came = Vec::new();
        let reading = timeout(patience, from.read_to_end(&mut came));
        tokio::select! {
            () = dripping => {}
            read = reading => drop(read.expect("who drips is not waited for")),
        }
        begun.elapsed()
    };
    let idle = format!("{HEAD}\r\n");
    let ((half, after_half), (silent, after_silent), (idle, after_idle), after_drips) =
        tokio::join!(waits_for(HEAD), waits_for(""), waits_for(&idle), drips());
    for came in [&half, &silent] {
        let told: Vec<_> = statuses(came);
        assert!(told.is_empty() || told == ["408"], "{came:?}");
    }
    assert_eq!(statuses(&idle), ["200"], "{idle:?}");
    for after in [after_half, after_drips] {
        assert!(after > Duration::from_secs(8), "only {after:?} for a head");
    }
    for after in [after_silent, after_idle] {
        assert!(after > Duration::from_secs(1), "only {after:?} to think");
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn a_head_is_so_long_and_no_longer() {
    let chat = Chat::open().await;
    let with = |headers: String| format!("{HEAD}Connection: close\r\n{headers}\r\n");
    let long = |length: usize| with(format!("X-Long: {}\r\n", "x".repeat(length)));
    let many = |count: usize| with((0..count).map(|at| format!("X-{at}: x\r\n")).collect());
    assert_eq!(statuses(&says(&chat, long(15_000)).await), ["200"]);
    assert_eq!(statuses(&says(&chat, many(90)).await), ["200"]);
    let path = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000));
    for (what, head) in [
        ("20 kB in one header", long(20_000)),
        ("10 MB in one header", long(10_000_000)),
        ("20 kB in many headers", with("X: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n".repeat(90))),
        ("101 headers and more", many(101)),
        ("a path of 20 kB", path),
    ] {
        is_refused(&says(&chat, head).await, &["400", "414", "431"], what);
    }
    // A head that grows and grows is refused long before it ends.
    let (mut from, mut to) = connect(&chat).await.into_split();
    let growing = async {
        let _ = to.write_all(HEAD.as_bytes()).await;
        while to.write_all(b"X-More: and more\r\n").await.is_ok() {}
    };
    let mut came = Vec::new();
    tokio::select! {
        () = growing => {}
        read = timeout(PATIENCE, from.read_to_end(&mut came)) => drop(read.expect("it is refused")),
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn another_protocol_is_turned_away() {
    let chat = Chat::open().await;
    let http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    for (what, words) in [
        ("HTTP/2 in clear text", http2.as_bytes()),
        ("HTTP/3", b"GET / HTTP/3.0\r\n\r\n"),
        (
            "a TLS greeting",
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\x00\x00",
        ),
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("Redis", b"*1\r\n$4\r\nPING\r\n"),
        ("HTTP/0.9", b"GET /\r\n"),
        ("nothing at all", b"\0\0\0\0\0\0\0\0\r\n\r\n"),
        ("a line without a version", b"GET /api/rooms\r\n\r\n"),
        ("a header without a name", b"GET / HTTP/1.1\r\n: x\r\n\r\n"),
        ("a NUL in a header", b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"),
    ] {
        let came = says(&chat, words).await;
        let told = statuses(&came);
        assert!(
            came.is_empty() || matches!(told[..], ["400" | "505"]),
            "{what}: {came:?}"
        );
    }
    // An offer to change to HTTP/2 is left lying, and the request served.
    let offer = format!(
        "{HEAD}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
    );
    assert_eq!(statuses(&says(&chat, offer).await), ["200"]);
    is_well(&chat).await;
}

#[tokio::test]
async fn the_oldest_clients_and_the_oddest_targets_get_an_answer() {
    let chat = Chat::open().await;
    for head in ["", "Host: chat.example.test\r\n"] {
        let came = says(&chat, format!("GET /api/rooms HTTP/1.0\r\n{head}\r\n")).await;
        assert_eq!(statuses(&came), ["200"], "{came}");
        // They know no chunks.
        let head = came.to_lowercase();
        assert!(!head.contains("transfer-encoding"), "{came}");
        assert!(came.contains(r#""success":true"#), "{came}");
    }
    for target in [
        "*",
        "//",
        "/%",
        "/%00",
        "/%ff%fe",
        "/../../etc/passwd",
        "/uploads/../../../etc/passwd",
        "/uploads/%2e%2e%2fchat.db",
        "/nowhere?%",
        "/api/rooms/%00",
        "/api/messages/☃",
        "http://elsewhere.example.test/nowhere",
        "elsewhere.example.test:443",
        "/socket.io",
        "/socket.io/?EIO=4&transport=websocket&sid=%00",
        "/socket.io/?EIO=9&transport=pigeon",
    ] {
        for method in ["GET", "OPTIONS", "CONNECT", "TRACE", "BREW"] {
            let words = format!(
                "{method} {target} HTTP/1.1\r\nHost: chat.example.test\r\nConnection: close\r\n\r\n"
            );
            let came = says(&chat, words).await;
            let told = statuses(&came);
            let is_preflight = method == "OPTIONS" && matches!(told[..], ["200" | "204"]);
            let is_refusal = told.len() == 1 && told[0].starts_with('4');
            assert!(is_preflight || is_refusal, "{method} {target}: {came:?}");
        }
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn two_hundred_who_never_finish_keep_nobody_waiting() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let mut half_open = Vec::new();
    for at in 0..200 {
        let mut connection = connect(&chat).await;
        let words = match at % 4 {
            0 => String::new(),
            1 => HEAD.to_owned(),
            2 => format!("{LOGIN}Content-Length: 100\r\n\r\n{{"),
            _ => format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n"),
        };
        let said = connection.write_all(words.as_bytes()).await;
        said.expect("the connection is open");
        half_open.push(connection);
    }
    let begun = Instant::now();
    ann.does("joinRoom", json!({ "roomId": room })).await;
    for at in 0..20 {
        let content = format!("{at}");
        ann.posts(&room, &content).await;
        ann.hears("message", json!({ "content": content })).await;
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(3), "twenty messages in {took:?}");
    // They were there all the time.
    for connection in &half_open {
        let gone = connection.try_read(&mut [0]);
        assert!(gone.is_err_and(|why| why.kind() == ErrorKind::WouldBlock));
    }
    drop(half_open);
    is_well(&chat).await;
}
