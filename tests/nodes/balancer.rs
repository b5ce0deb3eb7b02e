//! What stands before the servers of these scenes does what load balancers do, and hides nothing. Each server here has a
//! database of its own, so that one sees who has answered.

use crate::doors::raw::{self, statuses};
use crate::support::balancer::Balancer;
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

const BEHIND: [&str; 2] = ["--trust-proxy", "127.0.0.1/32"];

/// Two servers behind a balancer; the second has a room.
async fn two() -> (Chat, Chat, Balancer) {
    let (first, second) = tokio::join!(Chat::with(&BEHIND), Chat::with(&BEHIND));
    second.rooms("ann").await.opens_room("Lobby").await;
    let balancer = before(&[&first, &second]);
    (first, second, balancer)
}

fn before(servers: &[&Chat]) -> Balancer {
    let balancer = Balancer::open();
    for server in servers {
        balancer.takes_in(&server.address);
    }
    balancer
}

#[tokio::test]
async fn each_request_goes_to_the_next_server_also_on_one_connection() {
    let (first, _second, balancer) = two().await;
    let nobody = first.nobody().by(&balancer.address);
    let rooms = async || {
        let rooms = nobody.get("/api/rooms").await.has_status(200).json();
        rooms["data"].as_array().expect("a list").len()
    };
    for at in 0..6 {
        assert_eq!(rooms().await, at % 2);
    }
    // Three at once, and the last says goodbye.
    let asked = "GET /api/rooms HTTP/1.1\r\nHost: chat.example.test\r\n";
    let asked = format!("{asked}\r\n{asked}\r\n{asked}Connection: close\r\n\r\n");
    let mut connection = TcpStream::connect(&balancer.address).await.expect("a door");
    connection.write_all(asked.as_bytes()).await.expect("asked");
    let came = raw::until_closed(&mut connection, PATIENCE).await;
    assert_eq!(statuses(&came), ["200", "200", "200"], "{came}");
    let answers: Vec<bool> = came
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|one| one.contains("Lobby"))
        .collect();
    assert_eq!(answers, [false, true, false], "{came}");
    // Who has ended gets nothing more, and nobody notices.
    first.kill().await;
    for _ in 0..4 {
        assert_eq!(rooms().await, 1);
    }
}

#[tokio::test]
async fn a_server_that_is_let_go_keeps_its_sessions_and_gets_nothing_else() {
    let (first, second, balancer) = two().await;
    let nobody = first.nobody().by(&balancer.address);
    let sessions = [handshake(&nobody).await, handshake(&nobody).await];
    balancer.lets_go(&first.address);
    for _ in 0..4 {
        let rooms = nobody.get("/api/rooms").await.has_status(200).json();
        assert_eq!(rooms["pagination"]["total"], 1, "{rooms}");
        for session in &sessions {
            let said = Request::new("POST", session).body("text/plain;charset=UTF-8", "3");
            nobody.sends(said).await.has_status(200);
        }
    }
    balancer.lets_go(&second.address);
    balancer.takes_in(&first.address);
    let rooms = nobody.get("/api/rooms").await.has_status(200).json();
    assert_eq!(rooms["pagination"]["total"], 0, "{rooms}");
}

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// Begins a session by polling, and returns where it goes on.
async fn handshake(nobody: &Person) -> String {
    let opened = nobody.get(POLLING).await;
    let opened = opened.has_status(200).text();
    let opened: Value = serde_json::from_str(&opened[1..]).expect("a handshake");
    format!(
        "{POLLING}&sid={}",
        opened["sid"].as_str().expect("a session")
    )
}

#[tokio::test]
async fn a_session_stays_with_its_server_and_so_does_its_websocket() {
    let (first, _second, balancer) = two().await;
    let nobody = first.nobody().by(&balancer.address);
    for _ in 0..4 {
        let session = handshake(&nobody).await;
        for _ in 0..3 {
            let said = Request::new("POST", &session).body("text/plain;charset=UTF-8", "3");
            nobody.sends(said).await.has_status(200);
        }
        let upgraded = session.replace("polling", "websocket");
        let url = format!("ws://{}{upgraded}", balancer.address);
        let stream = TcpStream::connect(&balancer.address).await.expect("a door");
        let (mut wire, _) = client_async(url, stream).await.expect("a websocket");
        wire.send(Message::text("2probe"))
            .await
            .expect("it is open");
        let answer = wire.next().await.expect("an answer").expect("a frame");
        assert_eq!(answer, Message::text("3probe"));
    }
}

#[tokio::test]
async fn bodies_pass_as_they_are() {
    let chat = Chat::with(&[&BEHIND[..], &["--max-upload", "8MiB"]].concat()).await;
    let balancer = before(&[&chat]);
    let ann = chat.rooms("ann").await.by(&balancer.address);
    let large: Vec<u8> = (0..6 << 20).map(|at: u32| (at % 251) as u8).collect();
    let file = ann
        .uploads(Form::file("large.bin", "application/octet-stream", &large))
        .await;
    let file = file.has_status(201).json()["data"]["url"].clone();
    let file = file.as_str().expect("a path");
    let path = &file[file.find("/api").unwrap_or(0)..];
    let whole = ann.get(path).await;
    assert!(whole.has_status(200).body == large, "all of it");
    let part = ann
        .sends(Request::new("GET", path).header("Range", "bytes=1000-1999"))
        .await;
    assert_eq!(part.has_status(206).body, large[1_000..2_000]);
    let head = ann.sends(Request::new("HEAD", path)).await;
    assert_eq!(
        head.has_status(200).says("content-length"),
        large.len().to_string()
    );
    assert!(head.body.is_empty());
    // A refusal may come before all is sent.
    let too_large = Form::file("larger.bin", "application/octet-stream", vec![0; 12 << 20]);
    ann.uploads(too_large).await.refused(413);

    let login = r#"{"email":"ann@example.test","password":"password of ann"}"#;
    let (front, behind) = login.split_at(20);
    let chunks = format!(
        "14\r\n{front}\r\n{:x}\r\n{behind}\r\n0\r\n\r\n",
        behind.len()
    );
    let head = "Transfer-Encoding: chunked\r\n\r\n";
    let next = "HEAD /api/rooms HTTP/1.1\r\nHost: chat.example.test\r\n\r\n";
    let last = "GET /nowhere HTTP/1.1\r\nHost: chat.example.test\r\nConnection: close\r\n\r\n";
    let asked = [raw::LOGIN, head, &chunks, next, last].concat();
    let mut connection = TcpStream::connect(&balancer.address).await.expect("a door");
    connection.write_all(asked.as_bytes()).await.expect("asked");
    let came = raw::until_closed(&mut connection, PATIENCE).await;
    assert_eq!(statuses(&came), ["200", "200", "404"], "{came}");
}

#[tokio::test]
async fn servers_learn_whom_it_brings() {
    let chat = Chat::with(&BEHIND).await;
    let balancer = before(&[&chat]);
    chat.rooms("ann").await;
    let nobody = chat.nobody().by(&balancer.address);
    let address = async |nobody: &Person, request: fn(Request) -> Request| {
        let login = json!({ "email": "ann@example.test", "password": "password of ann" });
        let login = request(Request::new("POST", "/auth/login").json(&login));
        let login = nobody.sends(login).await.has_status(200).json();
        let ann = nobody.with_token(login["token"].as_str().expect("a token"));
        let devices = ann.get("/auth/active-devices").await.has_status(200).json();
        let devices = devices.as_array().expect("a list of devices").iter();
        let mut current = devices.filter(|device| device["current"] == true);
        current.next().expect("one is the asking one")["ip"].clone()
    };
    assert_eq!(address(&nobody, |plain| plain).await, "127.0.0.1");
    assert_eq!(
        address(&nobody.elsewhere(), |plain| plain).await,
        "127.0.0.2"
    );
    let claims = |plain: Request| plain.header("X-Forwarded-For", "203.0.113.9");
    assert_eq!(address(&nobody.elsewhere(), claims).await, "127.0.0.2");
}
