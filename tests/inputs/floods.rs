//! More than anybody has to say: bodies of a hundred megabytes to every route, a thousand requests at once, heads at the
//! edge of what they may be, and what other programs say when they find an open port.

use super::doorway::resident;
use super::verdict::is_well;
use crate::doors::raw::{connect, is_refused, says, statuses, until_closed};
use crate::doors::table::asking::Asking;
use crate::doors::table::cast::{Cast, OWNER};
use crate::doors::table::rows::{self, REQUESTS};
use crate::support::*;
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const MUCH: usize = 100 << 20;
const CHUNK: usize = 64 << 10;
/// What may be on its way when it is refused: an upload at the most, and what the kernels of both sides hold.
const TAKEN: usize = 24 << 20;

#[tokio::test]
async fn no_route_takes_a_hundred_megabytes_and_none_keeps_them() {
    let chat = Chat::open().await;
    let casts = [
        Cast::of(&chat, 0, "rooms", None).await,
        Cast::of(&chat, 1, "admin", None).await,
    ];
    let mut asked = BTreeSet::new();
    for row in rows::read(REQUESTS) {
        // What ends the asking device would make strangers of the others.
        if row.asked.contains("logout") || row.asked.contains("remove-") {
            continue;
        }
        let cast = &casts[usize::from(row.dialect == "admin")];
        let path = Asking::of(cast, OWNER, false).filled(row.asked).await;
        if !path.starts_with("GET ") || !row.given.is_empty() {
            let reads_it = !row.given.is_empty();
            asked.insert((path, cast.people[OWNER].token.clone(), reads_it));
        }
    }
    let before = resident(&chat);
    let flooding = asked
        .iter()
        .map(|(path, token, reads_it)| flood(&chat, path, token, *reads_it));
    let wrong: Vec<String> = stream::iter(flooding)
        .buffer_unordered(6)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = resident(&chat);
    assert!(
        after < before + (64 << 10),
        "{before} KiB became {after} KiB"
    );
    is_well(&chat).await;
}

/// What goes wrong; where a route needs no body, it may do what it is for, and close.
async fn flood(chat: &Chat, asked: &str, token: &str, reads_it: bool) -> Option<String> {
    let content_type = match asked.contains("upload") {
        true => "multipart/form-data; boundary=b",
        false => "application/json",
    };
    let head = format!(
        "{asked} HTTP/1.1\r\nHost: chat.example.test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let begun = match asked.contains("upload") {
        true => "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n",
        false => "{\"message\":\"",
    };
    let begun = format!("{:x}\r\n{begun}\r\n", begun.len());
    let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &[b'x'; CHUNK], b"\r\n"].concat();
    let (mut from, mut to) = connect(chat).await.into_split();
    let mut written = 0;
    let mut came = Vec::new();
    let flooding = async {
        let _ = to.write_all(head.as_bytes()).await;
        let _ = to.write_all(begun.as_bytes()).await;
        while written < MUCH && to.write_all(&chunk).await.is_ok() {
            written += CHUNK;
        }
    };
    let reading = async { drop(from.read_to_end(&mut came).await) };
    let closed = timeout(2 * PATIENCE, async { tokio::join!(flooding, reading) }).await;
    let came = String::from_utf8_lossy(&came).into_owned();
    let told = statuses(&came);
    if closed.is_err() {
        return Some(format!("{asked}: never closed, after {came}"));
    }
    if written > TAKEN {
        return Some(format!(
            "{asked}: {written} bytes were read, and then {came}"
        ));
    }
    // Who is told nothing was cut off while still talking, which a client cannot always see.
    let well = match told[..] {
        [] => true,
        [status] => status.starts_with('4') || (!reads_it && status.starts_with('2')),
        _ => false,
    };
    (!well).then(|| format!("{asked}: {came}"))
}

#[tokio::test]
async fn a_thousand_requests_at_once_are_answered_one_after_the_other() {
    let chat = Chat::open().await;
    let mut words = String::new();
    for at in 0..999 {
        words += match at % 3 {
            0 => "GET /api/rooms HTTP/1.1\r\nHost: x\r\n\r\n",
            1 => "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
            _ => {
                "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            }
        };
    }
    words += "GET /api/rooms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let (mut from, mut to) = connect(&chat).await.into_split();
    let mut came = Vec::new();
    let talking = async {
        // Nobody reads until all is said, or as much as fits.
        let writing = to.write_all(words.as_bytes());
        let reading = from.read_to_end(&mut came);
        let (_, read) = tokio::join!(writing, reading);
        read.expect("it is all answered");
    };
    timeout(3 * PATIENCE, talking).await.expect("in time");
    let came = String::from_utf8_lossy(&came).into_owned();
    let told = statuses(&came);
    assert_eq!(told.len(), 1_000);
    for (at, status) in told.iter().enumerate().take(999) {
        assert_eq!(*status, ["200", "404", "400"][at % 3], "the {at}.");
    }
    is_well(&chat).await;
}

/// A head that may be so, or a refusal; and never two answers to one.
#[tokio::test]
async fn at_the_edge_of_what_a_head_may_be() {
    let chat = Chat::open().await;
    let get = |headers: &str| format!("GET /api/rooms HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    let post = |headers: &str, body: &str| {
        format!(
            "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n{body}GET /api/rooms HTTP/1.1\r\nHost: x\r\n\r\n"
        )
    };
    let many = |count: usize| {
        get(&(0..count)
            .map(|at| format!("X-{at}: x\r\n"))
            .collect::<String>())
    };
    let long = |bytes: usize| get(&format!("X-Long: {}\r\n", "x".repeat(bytes)));
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    for (what, words) in [
        ("101 headers", many(100)),
        ("17 KiB of headers", long(17 << 10)),
        ("a folded header", get("X: a\r\n b\r\n")),
        ("a bare CR in a header", get("X: a\rb\r\n")),
        ("a NUL in a header", get("X: a\0b\r\n")),
        ("a NUL in a name", get("X\0: a\r\n")),
        ("a line feed in a name", get("X\nY: a\r\n")),
        (
            "two different lengths",
            post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        ),
        (
            "a length and chunks",
            post(
                "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
                chunks,
            ),
        ),
        (
            "a tab before the coding",
            post("Transfer-Encoding:\tchunkedd\r\n", chunks),
        ),
        (
            "a coding twice",
            post(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                chunks,
            ),
        ),
        (
            "a coding within quotes",
            post("Transfer-Encoding: \"chunked\"\r\n", chunks),
        ),
        (
            "a coding before it",
            post("Transfer-Encoding: gzip, chunked, gzip\r\n", chunks),
        ),
        (
            "a vertical tab in the coding",
            post("Transfer-Encoding: \x0bchunked\r\n", chunks),
        ),
        (
            "a coding's name with a blank",
            post("Transfer-Encoding : chunked\r\n", chunks),
        ),
        (
            "a chunk with a sign",
            post("Transfer-Encoding: chunked\r\n", "+2\r\n{}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk in 0x",
            post("Transfer-Encoding: chunked\r\n", "0x2\r\n{}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk without its end",
            post("Transfer-Encoding: chunked\r\n", "2\r\n{}0\r\n\r\n"),
        ),
    ] {
        is_refused(
            &says(&chat, words).await,
            &["400", "414", "431", "501"],
            what,
        );
    }
    for (what, words) in [
        (
            "lines that end in LF alone",
            "GET /api/rooms HTTP/1.1\nHost: x\nConnection: close\n\n",
        ),
        (
            "an absolute target",
            "GET http://x/api/rooms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ),
        (
            "a chunk with an extension",
            "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;x=\"y\"\r\n{}\r\n0\r\nTrailer: z\r\n\r\n",
        ),
    ] {
        let came = says(&chat, words).await;
        let told = statuses(&came);
        assert!(matches!(told[..], ["200" | "400"]), "{what}: {came:?}");
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn other_programs_find_the_port_and_go_again() {
    let chat = Chat::open().await;
    let mut greeting = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    greeting.extend([0x5a; 501]);
    let proxied = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\xd4\x31\x01\xbb";
    for (what, words) in [
        ("a whole TLS greeting", &greeting[..]),
        (
            "a PROXY line",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ),
        ("a binary PROXY line", proxied),
        ("SMTP", b"EHLO elsewhere\r\nMAIL FROM:<a@b>\r\n"),
        ("SOCKS", b"\x05\x01\0"),
        ("a database", b"\0\0\0\x08\x04\xd2\x16\x2f"),
        ("MQTT", b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd"),
        ("memcached", b"stats\r\n"),
        (
            "a desktop",
            b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
        ),
    ] {
        let mut connection = connect(&chat).await;
        let _ = connection.write_all(words).await;
        let _ = connection.shutdown().await;
        let came = until_closed(&mut connection, PATIENCE).await;
        let told = statuses(&came);
        assert!(matches!(told[..], [] | ["400"]), "{what}: {came:?}");
    }
    is_well(&chat).await;
}
