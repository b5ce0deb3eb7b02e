//! Who has not said who they are brings little; who has, by whatever way, brings what a member may.

use super::frames::session;
use super::verdict::is_well;
use super::wire::Wire;
use crate::support::packet::Kind;
use crate::support::*;
use futures_util::stream::{self, StreamExt};
use std::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// More than an event, less than a file may be.
const MUCH: usize = 2 << 20;

#[tokio::test]
async fn a_strangers_websocket_brings_no_more_than_an_event() {
    let chat = Chat::open().await;
    let upgraded = async || {
        let session = session(&chat, "/socket.io/?EIO=4&transport=polling").await;
        changes_over(&chat, &session).await
    };
    let before = resident(&chat);
    let mut strangers = Vec::new();
    for at in 0..30 {
        let mut wire = match at % 3 {
            0 => Wire::open(&chat.address, 4, "").await,
            1 => Wire::open(&chat.address, 3, "").await,
            _ => upgraded().await,
        };
        // A long CONNECT, most of which is still to come.
        wire.sends(part(Data::Text, 100_000)).await;
        strangers.push(wire);
    }
    let begun = Instant::now();
    for mut wire in strangers {
        // Cut while it is still said, or right behind; never read to an end that does not come.
        wire.sends(part(Data::Continue, MUCH)).await;
        assert!(wire.ends().await, "a stranger is listened to");
    }
    assert!(
        begun.elapsed() < PATIENCE / 2,
        "only after {:?}",
        begun.elapsed()
    );
    let after = resident(&chat);
    assert!(
        after < before + (30 << 10),
        "{before} KiB became {after} KiB"
    );
    is_well(&chat).await;
}

#[tokio::test]
async fn who_has_said_who_they_are_brings_a_file() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let connect = format!("40{{\"token\":\"{}\"}}", ann.token);
    for way in [
        "websocket",
        "polling, then websocket",
        "both at once",
        "old",
    ] {
        let mut wire = match way {
            "websocket" => Wire::enters(&ann, &chat.address, "/").await,
            "old" => {
                let query = format!("&token={}", ann.token);
                let mut wire = Wire::open(&chat.address, 3, &query).await;
                let entered = wire.hears(|packet| packet.kind == Kind::Connect).await;
                entered.expect("an old client is connected");
                wire
            }
            way => {
                let session = session(&chat, "/socket.io/?EIO=4&transport=polling").await;
                let says = Request::new("POST", &session).body("text/plain", &*connect);
                let mut wire = if way == "both at once" {
                    // As the clients do: they ask for the websocket before CONNECT is answered.
                    let asked = Wire::open(&chat.address, 4, &sid(&session)).await;
                    says.send(&chat.address).await.has_status(200);
                    asked.changed_over().await
                } else {
                    says.send(&chat.address).await.has_status(200);
                    changes_over(&chat, &session).await
                };
                // Until then it is a stranger's.
                let entered = wire.hears(|packet| packet.kind == Kind::Connect).await;
                entered.unwrap_or_else(|| panic!("{way}: not let in"));
                wire
            }
        };
        let data = json!({ "_placeholder": true, "num": 0 });
        let file = json!({ "roomId": room, "filename": "much.bin", "data": data });
        let said = format!("451-7[\"fileUpload\",{file}]");
        assert!(wire.says(&said).await, "{way}");
        let mut bytes = vec![b'x'; MUCH];
        // The old protocol puts its message type before the bytes.
        bytes[0] = 4;
        wire.sends(Message::binary(bytes)).await;
        let answer = wire.hears(|packet| packet.ack == Some(7)).await;
        let answer = answer.unwrap_or_else(|| panic!("{way}: cut off"));
        assert_eq!(answer.data[0]["ok"], true, "{way}: {answer:?}");
    }
    is_well(&chat).await;
}

/// One address may have 1,024 handshakes open in which nobody has said who they are.
#[tokio::test]
async fn strangers_without_number_keep_nobody_out_who_brings_a_token() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let limited = Chat::on(&directory.path().join("chat.db"), &[]).await;
    let unlimited = Chat::open().await;
    for (chat, is_limited) in [(&limited, true), (&unlimited, false)] {
        let ann = chat.rooms("ann").await;
        let knocks = async |query: &str| {
            let path = format!("/socket.io/?EIO=4&transport=polling{query}");
            Request::new("GET", path).send(&chat.address).await.status
        };
        let knocks_often = async |query: &str| {
            let knocking = (0..1_100).map(|_| knocks(query));
            let answers: Vec<_> = stream::iter(knocking).buffer_unordered(16).collect().await;
            answers.iter().filter(|status| **status == 429).count()
        };
        let bad = "&token=nobodys";
        let refused = (knocks_often("").await, knocks_often(bad).await);
        match is_limited {
            true => assert!(refused.0 > 0 && refused.1 > refused.0, "{refused:?}"),
            false => assert_eq!(refused, (0, 0)),
        }
        let good = format!("&token={}", ann.token);
        assert_eq!(knocks_often(&good).await, 0);
        is_well(chat).await;
    }
}

/// So much of a message that goes on.
fn part(kind: Data, length: usize) -> Message {
    Message::Frame(Frame::message(
        vec![b'4'; length],
        OpCode::Data(kind),
        false,
    ))
}

/// A polling session becomes a websocket.
pub async fn changes_over(chat: &Chat, session: &str) -> Wire {
    let wire = Wire::open(&chat.address, 4, &sid(session)).await;
    wire.changed_over().await
}

fn sid(session: &str) -> String {
    let (_, sid) = session.split_once("&sid=").expect("a session");
    format!("&sid={sid}")
}

/// What the server's process holds in memory, in KiB.
pub fn resident(chat: &Chat) -> u64 {
    let status = format!("/proc/{}/status", chat.announced["pid"]);
    let status = std::fs::read_to_string(status).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    number.expect("a size")
}
