//! What no well-behaved client sends: heads that never end, lengths that lie, bodies without end, other protocols.

use crate::support::*;
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The head of a request that is as it should be, but for its last line.
const HEAD: &str = "GET /api/rooms HTTP/1.1\r\nHost: chat.example.test\r\n";
const LOGIN: &str = "POST /api/auth/login HTTP/1.1\r\nHost: chat.example.test\r\nContent-Type: application/json\r\n";
/// What a login without a name or a password is: 400, and nobody is the wiser.
const NO_LOGIN: &str = "{}";

async fn connect(chat: &Chat) -> TcpStream {
    let connection = TcpStream::connect(&chat.address).await;
    connection.expect("the server accepts")
}

/// All that comes until the server closes, which it must within this time.
async fn until_closed(connection: &mut TcpStream, patience: Duration) -> String {
    let mut came = Vec::new();
    let closed = timeout(patience, connection.read_to_end(&mut came)).await;
    let text = String::from_utf8_lossy(&came).into_owned();
    match closed {
        Ok(Ok(_)) => {}
        // Whoever is still talking when the other side closes is told so less politely.
        Ok(Err(why)) if why.kind() == ErrorKind::ConnectionReset => {}
        Ok(Err(why)) => panic!("{why} after {text:?}"),
        Err(_) => panic!("not closed within {patience:?}, after {text:?}"),
    }
    text
}

/// Says this on a connection of its own, says no more, and returns what comes until the server closes.
async fn says(chat: &Chat, words: impl AsRef<[u8]>) -> String {
    let mut connection = connect(chat).await;
    // A refusal may come before all is said.
    let _ = connection.write_all(words.as_ref()).await;
    until_closed(&mut connection, PATIENCE).await
}

/// The statuses of the answers in there, one after the other.
fn statuses(came: &str) -> Vec<&str> {
    let answers = came.match_indices("HTTP/1.").map(|(at, _)| &came[at..]);
    answers
        .map(|answer| answer.split(' ').nth(1).unwrap_or("none"))
        .collect()
}

#[track_caller]
fn is_refused(came: &str, with: &[&str], what: &str) {
    let statuses = statuses(came);
    assert_eq!(statuses.len(), 1, "{what}: one answer, not {came:?}");
    assert!(with.contains(&statuses[0]), "{what}: {came:?}");
}

/// It answers as if nothing had been, and has not lost its countenance.
async fn is_well(chat: &Chat) {
    chat.nobody().get("/api/rooms").await.has_status(200);
    let log = chat.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn who_does_not_get_on_with_it_is_not_waited_for() {
    let chat = Chat::open().await;
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
