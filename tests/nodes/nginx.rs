//! nginx before several servers, as the README has it: requests, sockets, and polling that becomes a websocket.

use crate::support::packet;
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

struct Nginx {
    address: String,
    child: Child,
    _home: TempDir,
}

impl Nginx {
    /// As the README has it, with another name, another port, other servers, and without its certificate.
    async fn before(servers: &[String]) -> Nginx {
        let readme = include_str!("../../README.md");
        let mut blocks = readme.split("```nginx\n").skip(1);
        let site = blocks.find_map(|block| {
            let (block, _) = block.split_once("```")?;
            block.contains("upstream").then(|| block.to_owned())
        });
        let mut site = site.expect("the README has nginx before several servers");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let mut put = |before: &str, now: &str| {
            assert!(site.contains(before), "no {before} in the README's\n{site}");
            site = site.replace(before, now);
        };
        put("443 ssl", &address);
        put("server_name chat.example.com", "server_name 127.0.0.1");
        for (theirs, ours) in ["10.0.0.1:3000", "10.0.0.2:3000", "10.0.0.3:3000"]
            .iter()
            .zip(servers)
        {
            put(theirs, ours);
        }
        let site: String = site
            .split_inclusive('\n')
            .filter(|line| !line.contains("ssl_certificate"))
            .collect();
        let home = tempfile::tempdir().expect("a folder");
        let at = home.path().display();
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let places: String = places
            .map(|what| format!("{what}_temp_path {at}/{what}; "))
            .concat();
        // One process of our own user: who starts as root would hand the files to another.
        let whole = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/log;\nevents {{}}\n\
             http {{ access_log off; {places}\n{site}}}\n"
        );
        let file = home.path().join("nginx.conf");
        fs::write(&file, whole).expect("a file");
        let path = std::env::var("PATH").unwrap_or_default();
        let child = Command::new("nginx")
            .env("PATH", format!("{path}:/usr/sbin"))
            .arg("-p")
            .arg(home.path())
            .arg("-e")
            .arg(home.path().join("log"))
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .spawn();
        let child = child.expect("nginx is there (Debian: apt install nginx)");
        let log = home.path().join("log");
        let nginx = Nginx {
            address,
            child,
            _home: home,
        };
        let asked = Instant::now();
        while TcpStream::connect(&nginx.address).await.is_err() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            assert!(asked.elapsed() < PATIENCE, "nginx does not serve: {said}");
            sleep(Duration::from_millis(20)).await;
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a client is: nginx brings each to a server by that.
fn place(at: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, 10 + at])
}

/// Three servers that believe the proxy, and nginx before them.
async fn behind_nginx() -> (Chat, Nginx) {
    let chat = Chat::of_several(3, &[]).await;
    let nginx = Nginx::before(&chat.servers()).await;
    (chat, nginx)
}

#[tokio::test]
async fn people_talk_through_it_wherever_it_brings_them() {
    let (chat, nginx) = behind_nginx().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.direct("bob").await);
    let (ann, bob) = (ann.by(&nginx.address), bob.by(&nginx.address));
    let room = ann.opens_room("Lobby").await;
    let mut ears = Vec::new();
    for _ in 0..6 {
        let socket = bob.opens_a_socket().await;
        socket.does("join_conversation", json!(room)).await;
        ears.push(socket);
    }
    let large = vec![b'x'; 6 << 20];
    let file = Form::file("large.bin", "application/octet-stream", &large).field("roomId", &room);
    ann.uploads(file).await.has_status(201);
    for at in 0..6 {
        let said = json!({ "roomId": room, "content": format!("{at}") });
        let said = Request::new("POST", "/api/messages").json(&said);
        ann.sends(said.from(place(at))).await.has_status(201);
    }
    for socket in &ears {
        for at in 0..6 {
            let said = json!({ "content": format!("{at}") });
            socket.hears("new_message", said).await;
        }
    }
}

/// As `socket.io-client` connects: it polls, and tries a websocket for the same session meanwhile.
#[tokio::test]
async fn polling_becomes_a_websocket_at_the_same_server() {
    let (chat, nginx) = behind_nginx().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("Lobby").await;
    for at in 0..6 {
        let polling = "/socket.io/?EIO=4&transport=polling";
        let sends = async |request: Request| request.from(place(at)).send(&nginx.address).await;
        let opened = sends(Request::new("GET", polling)).await;
        let opened: Value = serde_json::from_str(&opened.text()[1..]).expect("a handshake");
        let session = opened["sid"].as_str().expect("a session");
        let path = format!("{polling}&sid={session}");
        let says = async |words: String| {
            let said = Request::new("POST", &path).body("text/plain;charset=UTF-8", words);
            sends(said).await.has_status(200);
        };
        let polls = async || {
            sends(Request::new("GET", &path))
                .await
                .has_status(200)
                .text()
        };
        says(packet::connect("/", &json!({ "token": bob.token }))).await;
        // Pings come too.
        let hears = async |what: &str| {
            let until = async { while !polls().await.contains(what) {} };
            timeout(PATIENCE, until).await.expect(what);
        };
        hears("40{\"sid\"").await;
        let join = json!(["joinRoom", { "roomId": room }]);
        says(packet::event("/", Some(1), &join, 0)).await;
        hears("\"ok\":true").await;

        let upgraded = path.replace("polling", "websocket");
        let url = format!("ws://{}{upgraded}", nginx.address);
        let socket = TcpSocket::new_v4().expect("a socket");
        let its = socket.bind(SocketAddr::new(place(at), 0));
        its.expect("all of 127.0.0.0/8 is this machine");
        let stream = socket
            .connect(nginx.address.parse().expect("an address"))
            .await;
        let (mut wire, _) = client_async(url, stream.expect("a door"))
            .await
            .expect("a websocket");
        wire.send(Message::text("2probe"))
            .await
            .expect("it is open");
        let (probed, _noop) = tokio::join!(wire.next(), polls());
        let probed = probed.expect("an answer").expect("a frame");
        assert_eq!(probed, Message::text("3probe"));
        wire.send(Message::text("5")).await.expect("it is open");
        ann.posts(&room, &format!("{at}")).await;
        let hears = async {
            loop {
                let frame = wire.next().await.expect("it stays").expect("a frame");
                let text = frame.to_text().unwrap_or_default().to_owned();
                if text.contains("\"message\"") {
                    return text;
                }
            }
        };
        let heard = timeout(PATIENCE, hears).await.expect("it is heard");
        assert!(heard.contains(&format!("\"content\":\"{at}\"")), "{heard}");
    }
}
