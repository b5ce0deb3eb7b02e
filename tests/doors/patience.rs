//! How long is a client waited for, and who goes when there are too many? Between two requests longer than a load balancer
//! keeps a connection; and who is refused while still talking hears why.

use super::raw::*;
use crate::support::*;
use futures_util::future::join_all;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const ASKS: &[u8] = b"GET /api/rooms HTTP/1.1\r\nHost: chat.example.test\r\n\r\n";

/// Asks something, and returns the status; the connection stays as it is. `None` where it is no more.
async fn asks(connection: &mut TcpStream) -> Option<u16> {
    connection.write_all(ASKS).await.ok()?;
    let mut came = Vec::new();
    let answering = async {
        while !came.ends_with(b"}") {
            let mut some = [0; 4_096];
            match connection.read(&mut some).await {
                Ok(count @ 1..) => came.extend(&some[..count]),
                _ => return None,
            }
        }
        let came = String::from_utf8_lossy(&came).into_owned();
        statuses(&came).first()?.parse().ok()
    };
    timeout(2 * PATIENCE, answering).await.expect("in time")
}

#[tokio::test]
async fn a_connection_is_kept_longer_than_load_balancers_keep_it() {
    let (chat, short) = tokio::join!(Chat::open(), Chat::with(&["--keep-alive", "2s"]));
    let help = short.runs(&["--help"]).await;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let (_, keeps) = help.split_once("--keep-alive <SPAN>").expect("a flag");
    assert!(keeps.contains("[default: 75s]"), "{keeps}");
    let keeps = async {
        let mut connection = connect(&chat).await;
        for _ in 0..2 {
            assert_eq!(asks(&mut connection).await, Some(200));
            sleep(Duration::from_secs(12)).await;
        }
        assert_eq!(asks(&mut connection).await, Some(200), "it was closed");
    };
    let closes = async {
        let mut connection = connect(&short).await;
        for _ in 0..4 {
            // Each request begins another such time.
            assert_eq!(asks(&mut connection).await, Some(200));
            sleep(Duration::from_secs(1)).await;
        }
        let begun = Instant::now();
        assert_eq!(until_closed(&mut connection, PATIENCE).await, "");
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(500), "closed after {took:?}");
    };
    tokio::join!(keeps, closes);
}

#[tokio::test]
async fn a_head_that_has_begun_has_ten_seconds_also_on_a_connection_that_is_kept() {
    let chat = Chat::open().await;
    let mut connection = connect(&chat).await;
    assert_eq!(asks(&mut connection).await, Some(200));
    let begun = Instant::now();
    let half = connection.write_all(HEAD.as_bytes()).await;
    half.expect("it is open");
    until_closed(&mut connection, Duration::from_secs(20)).await;
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(8), "closed after {took:?}");
}

/// A throwaway server that may have so many files open.
async fn with_files(count: u32) -> Chat {
    let mut shell = Command::new("sh");
    let limited = format!("ulimit -n {count}; exec \"$0\" \"$@\"");
    shell.args(["-c", &limited, env!("CARGO_BIN_EXE_chat")]);
    let started = Chat::start_by(shell, &["--temp"]).await;
    started.unwrap_or_else(|refusal| panic!("ended with {refusal:?}"))
}

#[tokio::test]
async fn when_places_run_out_idle_connections_make_room_and_the_log_says_so_once() {
    // 64 are its own.
    let chat = with_files(64 + 30).await;
    let mut idle = Vec::new();
    // And one is kept for who comes next.
    for _ in 0..29 {
        let mut connection = connect(&chat).await;
        assert_eq!(asks(&mut connection).await, Some(200));
        idle.push(connection);
    }
    assert!(!chat.log().contains("slots"), "{}", chat.log());
    // As many again find a place, and who was there longest has gone.
    let mut newer = Vec::new();
    for at in 0..29 {
        let mut connection = connect(&chat).await;
        let begun = Instant::now();
        assert_eq!(asks(&mut connection).await, Some(200), "the {at}.");
        let took = begun.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "the {at}. waited for {took:?}"
        );
        newer.push(connection);
    }
    // On a busy machine one of them may have counted as idle later than a newer one, which went in its place.
    let gone = idle.into_iter().map(async |mut connection| {
        let mut rest = Vec::new();
        let closed = connection.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, closed).await.is_ok() && rest.is_empty()
    });
    let gone = join_all(gone)
        .await
        .into_iter()
        .filter(|gone| *gone)
        .count();
    assert!(gone >= 27, "{gone} of 29 have gone");
    assert_eq!(asks(&mut newer[28]).await, Some(200));
    let log = chat.log();
    let said = log.matches("all slots for connections are taken").count();
    assert_eq!(said, 1, "{log}");
}

#[tokio::test]
async fn who_is_refused_while_still_talking_hears_why() {
    let chat = Chat::with(&["--max-upload", "1MiB", "--limit-upload", "1/1h"]).await;
    let ann = chat.rooms("ann").await;
    let bob = chat.rooms("bob").await;
    ann.uploads(Form::file("a.txt", "text/plain", "Hello"))
        .await
        .has_status(201);
    let length = 4 << 20;
    let begins = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    for (what, token, status) in [
        ("too large", &*bob.token, "413"),
        ("too often", &*ann.token, "429"),
        ("nobody", "nobody's", "401"),
    ] {
        let head = format!(
            "POST /api/files/upload HTTP/1.1\r\nHost: chat.example.test\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n{begins}"
        );
        // A client that says all it has to say before it listens, and not at once.
        let mut connection = connect(&chat).await;
        let said = async {
            connection.write_all(head.as_bytes()).await?;
            for _ in 0..16 {
                connection.write_all(&vec![b'x'; length / 16]).await?;
                sleep(Duration::from_millis(20)).await;
            }
            std::io::Result::Ok(())
        };
        let said = timeout(2 * PATIENCE, said).await.expect("in time");
        said.unwrap_or_else(|why| panic!("{what}: {why}"));
        let mut came = [0; 4_096];
        let read = timeout(PATIENCE, connection.read(&mut came)).await;
        let read = read.expect("in time");
        let read = read.unwrap_or_else(|why| panic!("{what}: {why}"));
        let came = String::from_utf8_lossy(&came[..read]).into_owned();
        assert_eq!(statuses(&came), [status], "{what}: {came}");
    }
    is_well(&chat).await;
}
