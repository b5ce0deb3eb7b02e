//! Forms that do not come to their end: whatever is endless in them, little of it is taken, and none of it is kept.

use super::doorway::resident;
use super::verdict::is_well;
use crate::doors::raw::{connect, statuses};
use crate::support::*;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const PIECE: usize = 16 << 10;
/// More than any form may have, and than the kernels of both sides hold.
const MUCH: usize = 100 << 20;
/// What may be on its way when it is refused: what a form may have in all but its file, what is read behind a refusal,
/// and what the kernels hold.
const TAKEN: usize = 16 << 20;

/// What each form begins with, what comes again and again, and what that is.
fn endless() -> Vec<(&'static str, String, String)> {
    let part = |head: &str| format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    let x = |length: usize| "x".repeat(length);
    let empty = format!("{}\r\n", part("name=\"x\""));
    vec![
        ("a preamble", String::new(), x(PIECE)),
        (
            "a line of a head",
            "--b\r\nContent-Disposition: form-data; name=\"".into(),
            x(PIECE),
        ),
        (
            "lines of a head",
            "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n".into(),
            "X: y\r\n".repeat(PIECE / 6),
        ),
        ("padding", "--b".into(), " ".repeat(PIECE)),
        ("empty fields", String::new(), empty.repeat(200)),
        (
            "a field that nobody reads",
            part("name=\"unknown\""),
            x(PIECE),
        ),
        (
            "a file that nobody reads",
            part("name=\"unknown\"; filename=\"a.bin\""),
            x(PIECE),
        ),
        ("a text", part("name=\"full_name\""), x(PIECE)),
        (
            "almost the end of a text",
            part("name=\"roomId\""),
            "\r\n--".repeat(PIECE / 4),
        ),
    ]
}

#[tokio::test]
async fn a_form_that_does_not_end_is_refused_soon_and_costs_little() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let before = resident(&chat);
    let asked = [
        ("POST /user/register", String::new()),
        (
            "POST /api/files/upload",
            format!("Authorization: Bearer {}\r\n", ann.token),
        ),
    ];
    for (route, authorization) in asked {
        for (what, begins, goes_on) in endless() {
            let begun = Instant::now();
            let (came, written) = pours(&chat, route, &authorization, &begins, &goes_on).await;
            let told = statuses(&came);
            assert!(
                matches!(told[..], ["400" | "413"]),
                "{route}, {what}: {came:?}"
            );
            assert!(
                written < TAKEN,
                "{route}, {what}: {written} bytes were taken"
            );
            let took = begun.elapsed();
            assert!(
                took < Duration::from_secs(8),
                "{route}, {what}: only after {took:?}"
            );
        }
    }
    let after = resident(&chat);
    assert!(
        after < before + (32 << 10),
        "{before} KiB became {after} KiB"
    );
    is_well(&chat).await;
}

/// Says this until nobody listens; what came back, and how much was said.
async fn pours(
    chat: &Chat,
    route: &str,
    authorization: &str,
    begins: &str,
    goes_on: &str,
) -> (String, usize) {
    let (mut from, mut to) = connect(chat).await.into_split();
    let head = format!(
        "{route} HTTP/1.1\r\nHost: chat.example.test\r\n{authorization}\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {MUCH}\r\n\r\n{begins}"
    );
    let (mut came, mut written) = (Vec::new(), 0);
    let pouring = async {
        let _ = to.write_all(head.as_bytes()).await;
        while written < MUCH && to.write_all(goes_on.as_bytes()).await.is_ok() {
            written += goes_on.len();
        }
    };
    let reading = async { drop(from.read_to_end(&mut came).await) };
    let closed = timeout(2 * PATIENCE, async { tokio::join!(pouring, reading) }).await;
    closed.unwrap_or_else(|_| panic!("{route} is never closed"));
    (String::from_utf8_lossy(&came).into_owned(), written)
}

#[tokio::test]
async fn a_form_has_so_many_fields_and_so_long_heads_and_no_more() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let part = |head: &str, body: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    let file = part("name=\"file\"; filename=\"a.txt\"", "Hello");
    let many = |count: usize| format!("{}{file}--b--\r\n", part("name=\"x\"", "").repeat(count));
    let long = |bytes: usize| {
        let long = format!(
            "name=\"file\"; filename=\"a.txt\"\r\nX-Long: {}",
            "x".repeat(bytes)
        );
        format!("{}--b--\r\n", part(&long, "Hello"))
    };
    let unread =
        |bytes: usize| format!("{}{file}--b--\r\n", part("name=\"x\"", &"x".repeat(bytes)));
    let names = |bytes: usize| {
        let name = format!("name=\"{}\"", "x".repeat(bytes));
        format!("{}{file}--b--\r\n", part(&name, "").repeat(8))
    };
    for (what, body, status) in [
        ("20 fields", many(19), 201),
        ("21 fields", many(20), 413),
        ("a head of 15 KiB", long(15 << 10), 201),
        ("a head of 40 KiB", long(40 << 10), 413),
        ("60 KiB that nobody reads", unread(60 << 10), 201),
        ("70 KiB that nobody reads", unread(70 << 10), 413),
        ("56 KiB of names", names(7 << 10), 201),
        ("80 KiB of names", names(10 << 10), 413),
    ] {
        let form = Request::new("POST", "/api/files/upload");
        let form = form.body("multipart/form-data; boundary=b", body);
        let answer = ann.sends(form).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
    is_well(&chat).await;
}
