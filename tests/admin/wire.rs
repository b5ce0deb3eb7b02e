//! The wire: each event as it is told, in each dialect's words, for as long as an administrator watches.

use crate::support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer that goes on.
struct Watching {
    stream: TcpStream,
    heard: String,
}

impl Watching {
    async fn begins(chat: &Chat, watcher: &Person) -> Watching {
        let mut stream = TcpStream::connect(&chat.address).await.expect("a listener");
        let asked = format!(
            "GET /api/admin/wire HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            chat.address, watcher.token
        );
        stream
            .write_all(asked.as_bytes())
            .await
            .expect("it is read");
        let heard = String::new();
        let mut watching = Watching { stream, heard };
        let head = watching.until("\r\n\r\n").await.to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        // From this line on it hears everything.
        watching.until(":\n\n").await;
        watching
    }

    /// What comes up to there.
    async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.heard.find(end) {
                let rest = self.heard.split_off(at + end.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            assert!(self.reads().await, "ended before {end:?}");
        }
    }

    /// `false` at the end.
    async fn reads(&mut self) -> bool {
        let mut some = [0; 4096];
        let read = timeout(PATIENCE, self.stream.read(&mut some)).await;
        let read = read.expect("nothing passes").unwrap_or_default();
        self.heard += &String::from_utf8_lossy(&some[..read]);
        // The last chunk has no length.
        read > 0 && !self.heard.ends_with("0\r\n\r\n")
    }

    async fn hears(&mut self) -> Value {
        self.until("data: ").await;
        let line = self.until("\n\n").await;
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
    }

    /// Events until these have passed, each with its dialect.
    async fn hears_all(&mut self, wanted: &[(&str, &str)]) -> Vec<Value> {
        let mut missing: Vec<_> = wanted.to_vec();
        let mut heard = Vec::new();
        while !missing.is_empty() {
            let passing = self.hears().await;
            missing.retain(|(dialect, event)| {
                passing["dialect"] != *dialect || passing["event"] != *event
            });
            heard.push(passing);
        }
        heard
    }

    async fn ends(mut self) {
        while self.reads().await {}
    }
}

#[tokio::test]
async fn every_dialects_event_passes() {
    // A server shows its own sockets and what it tells itself.
    let chat = Chat::alone(&[]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    let (socket, other) = (bob.opens_a_socket().await, bob.opens_chat().await);
    for (event, field) in [
        ("join-conversation", "conversationId"),
        ("joinRoom", "roomId"),
        ("join_conversation", "conversationId"),
    ] {
        let mut joining = json!({});
        joining[field] = json!(pair);
        socket.does(event, joining).await;
    }
    other
        .does("join_conversation", json!({ "conversationId": pair }))
        .await;
    let mut wire = Watching::begins(&chat, &chat.admin()).await;
    ann.sends_to(&pair, "Hello").await;
    let heard = wire
        .hears_all(&[
            ("campus", "receive-message"),
            ("mentor", "new_message"),
            ("rooms", "message"),
            ("direct", "new_message"),
            ("direct", "message_notification"),
        ])
        .await;
    for passing in &heard {
        assert_eq!(passing["conversation"], pair, "{passing}");
        assert_eq!(passing["to"], 1, "{passing}");
        let notice = passing["event"] == "message_notification";
        let audience = if notice { "person" } else { "room" };
        assert_eq!(passing["audience"], audience, "{passing}");
        assert!(passing["at"].is_string() && passing["body"].is_object());
    }
    // What is told to the others only is told so.
    other
        .does(
            "typing",
            json!({ "conversationId": pair, "isTyping": true }),
        )
        .await;
    let typing = wire.hears_all(&[("mentor", "user_typing")]).await;
    let typing = typing.last().expect("one at least");
    assert_eq!(
        (&typing["audience"], &typing["to"]),
        (&json!("others"), &json!(0))
    );
}

#[tokio::test]
async fn who_is_no_administrator_any_more_watches_no_more() {
    // A server shows its own sockets and what it tells itself.
    let chat = Chat::alone(&[]).await;
    let ann = chat.campus("ann").await;
    let room = ann.opens_room("Lobby").await;
    let path = format!("/api/admin/users/{}", ann.uuid);
    let admin = chat.admin();
    let change = async |change: Value| {
        admin.patch(&path, change).await.has_status(200);
    };
    change(json!({ "admin": true })).await;
    ann.does("joinRoom", json!({ "roomId": room })).await;
    let mut wire = Watching::begins(&chat, &ann).await;
    ann.posts(&room, "Hello").await;
    wire.hears_all(&[("rooms", "message")]).await;
    change(json!({ "admin": false })).await;
    // Ended without waiting for something to pass.
    wire.ends().await;
    change(json!({ "admin": true })).await;
    let wire = Watching::begins(&chat, &ann).await;
    change(json!({ "suspended": true })).await;
    wire.ends().await;
}

#[tokio::test]
async fn the_wire_ends_with_the_server() {
    let chat = Chat::open().await;
    let wire = Watching::begins(&chat, &chat.admin()).await;
    let (code, ()) = tokio::join!(chat.stop(), wire.ends());
    assert_eq!(code, 0);
}
