//! Who leaves a namespace and comes back on the same connection, while another one stays open, is let in and hears.

use super::frames::session;
use super::wire::Wire;
use crate::support::packet::{self, Kind, Packet};
use crate::support::*;
use std::collections::VecDeque;
use tokio::time::timeout;

/// How often they leave and come back.
const TIMES: u64 = 50;
/// Between the packets in the body of a poll.
const BETWEEN: char = '\u{1e}';

enum Line {
    Web(Box<Wire>),
    Poll {
        address: String,
        session: String,
        came: VecDeque<Packet>,
    },
}

impl Line {
    async fn says(&mut self, words: &[&str]) {
        match self {
            Line::Web(wire) => {
                for word in words {
                    assert!(wire.says(word).await, "the connection has ended");
                }
            }
            Line::Poll {
                address, session, ..
            } => {
                let words = words.join(&BETWEEN.to_string());
                let said = Request::new("POST", &*session).body("text/plain", words);
                said.send(address).await.has_status(200);
            }
        }
    }

    async fn hears(&mut self, is_meant: impl Fn(&Packet) -> bool) -> Packet {
        let hearing = async {
            match self {
                Line::Web(wire) => wire.hears(is_meant).await,
                Line::Poll {
                    address,
                    session,
                    came,
                } => loop {
                    while let Some(packet) = came.pop_front() {
                        if is_meant(&packet) {
                            return Some(packet);
                        }
                    }
                    let polled = Request::new("GET", &*session).send(address).await;
                    for word in polled.has_status(200).text().split(BETWEEN) {
                        came.extend(word.strip_prefix('4').and_then(Packet::read));
                    }
                },
            }
        };
        let heard = timeout(PATIENCE, hearing).await.expect("a word");
        heard.expect("the connection is open")
    }

    async fn enters(&mut self, namespace: &str, auth: &Value) {
        self.says(&[&packet::connect(namespace, auth)]).await;
        self.is_let_in(namespace).await;
    }

    async fn is_let_in(&mut self, namespace: &str) {
        let answers = |packet: &Packet| {
            packet.namespace == namespace
                && matches!(packet.kind, Kind::Connect | Kind::ConnectError)
        };
        let answer = self.hears(answers).await;
        assert_eq!(answer.kind, Kind::Connect, "{answer:?}");
    }
}

async fn open(chat: &Chat, way: &str) -> Line {
    if way == "websocket" {
        return Line::Web(Box::new(Wire::open(&chat.address, 4, "").await));
    }
    Line::Poll {
        address: chat.address.clone(),
        session: session(chat, "/socket.io/?EIO=4&transport=polling").await,
        came: VecDeque::new(),
    }
}

/// A polling session becomes a websocket.
async fn changes_over(chat: &Chat, line: Line) -> Line {
    let Line::Poll { session, .. } = line else {
        return line;
    };
    let (_, sid) = session.split_once("&sid=").expect("a session");
    let wire = Wire::open(&chat.address, 4, &format!("&sid={sid}")).await;
    Line::Web(Box::new(wire.changed_over().await))
}

#[tokio::test]
async fn who_leaves_a_namespace_comes_back_into_it() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = ann.opens_room("General Discussion").await;
    let auth = json!({ "token": ann.token });
    for way in ["websocket", "polling", "polling, then websocket"] {
        let mut line = open(&chat, way).await;
        line.enters("/", &auth).await;
        line.enters("/chat", &auth).await;
        if way == "polling, then websocket" {
            line = changes_over(&chat, line).await;
        }
        for time in 0..TIMES {
            line.says(&["41", &packet::connect("/", &auth)]).await;
            line.is_let_in("/").await;
            let joining = json!(["join_conversation", room]);
            line.says(&[&packet::event("/", Some(time), &joining, 0)])
                .await;
            let joined = line.hears(|packet| packet.ack == Some(time)).await;
            assert_eq!(joined.data[0]["ok"], true, "{way}: {joined:?}");
        }
        hears_much(&mut line, &bob, &room).await;
        // The other namespace leaves: what is told by its session's wire still arrives.
        line.says(&["41/chat,"]).await;
        hears_much(&mut line, &bob, &room).await;
        // Nobody is in any more, and comes back all the same.
        line.says(&["41", &packet::connect("/", &auth)]).await;
        line.is_let_in("/").await;
        let joining = json!(["join_conversation", room]);
        line.says(&[&packet::event("/", Some(TIMES), &joining, 0)])
            .await;
        line.hears(|packet| packet.ack == Some(TIMES)).await;
        hears_much(&mut line, &bob, &room).await;
    }
}

/// More than is handed to a wire that is not seen to take anything.
async fn hears_much(line: &mut Line, bob: &Person, room: &str) {
    for at in 0..6 {
        let content = format!("{at} {}", "x".repeat(7_900));
        bob.posts(room, &content).await;
        let said = line
            .hears(|packet| packet.namespace == "/" && packet.data[0] == "new_message")
            .await;
        assert_eq!(said.data[1]["content"], content);
    }
}
