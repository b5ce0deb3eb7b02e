//! A connection without a client around it: words out, words back, until it is closed.

use crate::support::*;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The head of a request that is as it should be, but for its last line.
pub const HEAD: &str = "GET /api/rooms HTTP/1.1\r\nHost: chat.example.test\r\n";
pub const LOGIN: &str = "POST /api/auth/login HTTP/1.1\r\nHost: chat.example.test\r\nContent-Type: application/json\r\n";
/// What a login without a name or a password is: 400, and nobody is the wiser.
pub const NO_LOGIN: &str = "{}";

pub async fn connect(chat: &Chat) -> TcpStream {
    let connection = TcpStream::connect(&chat.address).await;
    connection.expect("the server accepts")
}

/// All that comes until the server closes, which it must within this time.
pub async fn until_closed(connection: &mut TcpStream, patience: Duration) -> String {
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
pub async fn says(chat: &Chat, words: impl AsRef<[u8]>) -> String {
    let mut connection = connect(chat).await;
    // A refusal may come before all is said.
    let _ = connection.write_all(words.as_ref()).await;
    until_closed(&mut connection, PATIENCE).await
}

/// The statuses of the answers in there, one after the other.
pub fn statuses(came: &str) -> Vec<&str> {
    let answers = came.match_indices("HTTP/1.").map(|(at, _)| &came[at..]);
    answers
        .map(|answer| answer.split(' ').nth(1).unwrap_or("none"))
        .collect()
}

#[track_caller]
pub fn is_refused(came: &str, with: &[&str], what: &str) {
    let statuses = statuses(came);
    assert_eq!(statuses.len(), 1, "{what}: one answer, not {came:?}");
    assert!(with.contains(&statuses[0]), "{what}: {came:?}");
}

/// It answers as if nothing had been, and has not lost its countenance.
pub async fn is_well(chat: &Chat) {
    chat.nobody().get("/api/rooms").await.has_status(200);
    let log = chat.log();
    assert!(!log.contains("panicked"), "{log}");
}
