//! Told to end in the middle of everything: within 10 s and with code 0, whoever is still talking, listening or silent.

use super::kills::talks_until_cut_off;
use super::link::{By, Link};
use super::tongues::{MENTOR, ROOMS};
use crate::support::*;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

/// Ends so many servers under load with SIGTERM; returns how long the slowest took.
pub async fn endings(count: usize) -> Duration {
    let mut slowest = Duration::ZERO;
    for round in 0..count {
        slowest = slowest.max(ending(round).await);
    }
    slowest
}

async fn ending(round: usize) -> Duration {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let large = Form::file("large.bin", "application/octet-stream", vec![7; 8 << 20]);
    let large = ann.uploads(large).await.has_status(201).json();
    let large = large["data"]["_id"]
        .as_str()
        .expect("a file has an _id")
        .to_owned();

    // Who talks.
    let mut talking = Vec::new();
    for name in ["one", "two", "three"] {
        let talks = talks_until_cut_off(ann.opens_a_socket().await, room.clone(), name.to_owned());
        talking.push(tokio::spawn(talks));
    }
    // Who listens and reads nothing: by websocket, and by polling.
    let mut held = Vec::new();
    let mut links = Vec::new();
    let auth = json!({ "token": ann.token });
    for (tongue, by) in [
        (&ROOMS, By::Websocket),
        (&ROOMS, By::Polling),
        (&MENTOR, By::Websocket),
        (&MENTOR, By::Polling),
    ] {
        let mut link = Link::open(&chat.address, by, tongue, &auth)
            .await
            .expect("let in");
        if let Some(join) = tongue.joins(&room) {
            link.say(join).await;
        }
        links.push(link);
    }
    // Who polls, and waits.
    let polls = Request::new("GET", "/socket.io/?EIO=4&transport=polling");
    let opened = polls.send(&chat.address).await.text();
    let opened: Value = serde_json::from_str(&opened[1..]).expect("an opening packet");
    let sid = opened["sid"].as_str().expect("a session").to_owned();
    let waits =
        format!("GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: chat\r\n\r\n");
    // Who says half of what there is to say.
    let head = format!("Host: chat\r\nAuthorization: Bearer {}\r\n", ann.token);
    let half_a_body = format!(
        "POST /api/messages HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"roomId\":"
    );
    let half_an_upload = format!(
        "POST /api/files/upload HTTP/1.1\r\n{head}Content-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: 5000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n{}",
        "x".repeat(300_000)
    );
    // Who asks for much and takes little of it.
    let download = format!("GET /api/files/{large} HTTP/1.1\r\n{head}\r\n");
    let admin = chat.announced["adminToken"]
        .as_str()
        .expect("an administrator");
    let backup = format!(
        "GET /api/admin/backup HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {admin}\r\n\r\n"
    );
    for words in [
        "",
        "GET /api/rooms HTTP/1.1\r\nHost: chat\r\n",
        &waits,
        &half_a_body,
        &half_an_upload,
        &download,
        &backup,
    ] {
        held.push(says(&chat, words).await);
    }
    sleep(Duration::from_millis(60 + 40 * (round as u64 % 5))).await;
    // And somebody makes a copy from beside.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let copying = Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(["backup", copy.to_str().expect("a plain path"), "--db"])
        .arg(chat.announced["db"].as_str().expect("a file"))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    sleep(Duration::from_millis(round as u64 % 3 * 5)).await;
    let asked = Instant::now();
    // Fails itself after 10 s.
    let code = chat.stop().await;
    let took = asked.elapsed();
    assert_eq!(code, 0, "round {round}");
    // The copy is whole, or there is none.
    let copied = copying.wait_with_output().expect("the copy's end");
    assert_eq!(copied.status.success(), copy.exists(), "{copied:?}");
    for talking in talking {
        talking.await.expect("who talks is told, or cut off");
    }
    for mut connection in held {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut rest)).await;
        drop(ended.expect("no connection is left"));
    }
    took
}

/// A connection on which this was said, and whose kernel takes little more than what is read.
async fn says(chat: &Chat, words: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .set_recv_buffer_size(16 << 10)
        .expect("the kernel holds little");
    let address = chat.address.parse().expect("an address");
    let mut connection = socket.connect(address).await.expect("the server accepts");
    connection
        .write_all(words.as_bytes())
        .await
        .expect("the connection is open");
    connection
}

#[tokio::test]
async fn told_to_end_in_the_middle_of_everything_it_ends_in_time() {
    let slowest = endings(3).await;
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
}
