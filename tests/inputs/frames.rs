//! Whatever somebody says on a connection of their own: whoever it is, the server lives, and the others hear each other.

use super::cases::Cases;
use super::verdict::is_well;
use super::wire::Wire;
use super::words::{Word, word};
use crate::support::*;
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// Connections of each sort in each round.
const AT_ONCE: usize = 8;

/// Whoever goes before the other side has read takes the words along: so long nothing comes before somebody goes.
const QUIET: Duration = Duration::from_millis(25);

/// How long a packet may take to be taken, or refused.
const ANSWER: Duration = Duration::from_secs(5);

/// Two whom all this is nothing to: what the one says the other hears.
struct Canaries {
    ann: Person,
    bob: Person,
    room: String,
    sung: usize,
}

impl Canaries {
    async fn of(chat: &Chat) -> Canaries {
        let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
        let room = ann.opens_room("General Discussion").await;
        for one in [&ann, &bob] {
            one.does("joinRoom", json!({ "roomId": room })).await;
        }
        let sung = 0;
        Canaries {
            ann,
            bob,
            room,
            sung,
        }
    }

    async fn sing(&mut self) {
        self.sung += 1;
        let content = format!("I am still here, for the {}. time", self.sung);
        let said = json!({ "roomId": self.room, "content": content });
        self.ann.does("message", said).await;
        for one in [&self.ann, &self.bob] {
            let hearing = async {
                loop {
                    // The noise is in the same room now and then.
                    if one.hears("message", json!({})).await["content"] == *content {
                        break;
                    }
                }
            };
            timeout(PATIENCE, hearing)
                .await
                .expect("they hear each other");
        }
    }
}

/// Somebody else, in the same room.
async fn noise(chat: &Chat, canaries: &Canaries) -> impl Fn(&str) -> String + use<> {
    let max = chat.rooms("max").await;
    let room = canaries.room.clone();
    move |packet| packet.replace("TOKEN", &max.token).replace("ROOM", &room)
}

#[tokio::test]
async fn whatever_a_websocket_says_the_others_hear_each_other() {
    let chat = Chat::open().await;
    let mut canaries = Canaries::of(&chat).await;
    let filled = noise(&chat, &canaries).await;
    let connect = filled("40{\"token\":\"TOKEN\"}");
    let query = filled("&token=TOKEN");
    let talk = prop::collection::vec(word(filled), 1..10);
    // So many rounds.
    let mut cases = Cases::of(40);
    let rounds = cases.all(&prop::collection::vec(talk, 4 * AT_ONCE));
    for round in rounds {
        let talking = round.into_iter().enumerate().map(|(at, talk)| {
            let (address, connect, query) = (&chat.address, &connect, &query);
            async move {
                let (version, known) = ([3, 4][at % 2], at % 4 < 3);
                let query = if known && version == 3 { query } else { "" };
                let mut wire = Wire::open(address, version, query).await;
                if known && version == 4 {
                    wire.says(connect).await;
                }
                for word in talk {
                    let said = match word {
                        Word::Text(text) => wire.says(&text).await,
                        Word::Binary(bytes) => wire.sends(Message::binary(bytes)).await,
                    };
                    if !said {
                        break;
                    }
                }
                wire.listens_for(QUIET).await;
            }
        });
        futures_util::future::join_all(talking).await;
        canaries.sing().await;
    }
    is_well(&chat).await;
}

#[tokio::test]
async fn whatever_is_said_by_polling_the_others_hear_each_other() {
    let chat = Chat::open().await;
    let mut canaries = Canaries::of(&chat).await;
    let filled = noise(&chat, &canaries).await;
    let connect = filled("40{\"token\":\"TOKEN\"}");
    let query = filled("&token=TOKEN");
    let payload = prop::collection::vec(word(filled), 1..5);
    let talk = prop::collection::vec((payload, 0..6_usize), 1..5);
    let mut cases = Cases::of(20);
    let rounds = cases.all(&prop::collection::vec(talk, 2 * AT_ONCE));
    for round in rounds {
        let talking = round.into_iter().enumerate().map(|(at, talk)| {
            let (chat, connect, query) = (&chat, &connect, &query);
            async move {
                let version = [3, 4][at % 2];
                let query = if version == 3 { query } else { "" };
                let path = format!("/socket.io/?EIO={version}&transport=polling{query}");
                let session = session(chat, &path).await;
                if version == 4 {
                    let said = Request::new("POST", &session).body("text/plain", &**connect);
                    said.send(&chat.address).await;
                }
                let mut wrong = Vec::new();
                for (words, framing) in talk {
                    let body = payload_of(&words, framing);
                    let types = ["text/plain;charset=UTF-8", "application/octet-stream", ""];
                    let said = Request::new("POST", &session).body(types[framing % 3], body);
                    let answer = timeout(ANSWER, said.send(&chat.address)).await;
                    if !answer
                        .as_ref()
                        .is_ok_and(|answer| (200..500).contains(&answer.status))
                    {
                        wrong.push(format!("EIO={version} {words:?} as {framing}: {answer:?}"));
                    }
                }
                // Whatever waits there is read once.
                let read = Request::new("GET", &session).send(&chat.address);
                let _ = timeout(Duration::from_millis(30), read).await;
                wrong
            }
        });
        // Where something stands still the canaries may, too: first what it was.
        cases.all_well(&futures_util::future::join_all(talking).await.concat());
        canaries.sing().await;
    }
    is_well(&chat).await;
}

/// A polling session is opened; the path that it is at.
pub async fn session(chat: &Chat, path: &str) -> String {
    let opened = Request::new("GET", path).send(&chat.address).await;
    let opened = opened.has_status(200).text();
    // `97:0{…}` for the old ones.
    let from = opened.find('{').expect("an opening packet");
    let to = opened.find('}').expect("an opening packet");
    let opened: Value = serde_json::from_str(&opened[from..=to]).expect("an opening packet");
    let sid = opened["sid"].as_str().expect("a session");
    format!("{path}&sid={sid}")
}

/// The words in a payload, as one of the versions frames them, or neither.
fn payload_of(words: &[Word], framing: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let bytes = match word {
            Word::Text(text) => text.as_bytes(),
            Word::Binary(bytes) => bytes,
        };
        match framing {
            0 if at > 0 => payload.push(0x1e),
            1 => payload
                .extend(format!("{}:", String::from_utf8_lossy(bytes).chars().count()).bytes()),
            2 => payload.extend(format!("{}:", bytes.len() * 3).bytes()),
            3 => payload.extend(b"99999999999999999999:"),
            4 => payload.extend([1, bytes.len() as u8, 0xff, 4]),
            _ => {}
        }
        payload.extend(bytes);
    }
    payload
}

#[tokio::test]
async fn who_comes_and_goes_all_the_time_disturbs_nobody() {
    let chat = Chat::open().await;
    let mut canaries = Canaries::of(&chat).await;
    let filled = noise(&chat, &canaries).await;
    let (main, other) = (
        filled("40{\"token\":\"TOKEN\"}"),
        filled("40/chat,{\"token\":\"TOKEN\"}"),
    );
    for round in 0..5 {
        let flapping = (0..20).map(|at| {
            let (address, main, other) = (&chat.address, &main, &other);
            async move {
                let mut wire = Wire::open(address, 4, "").await;
                for _ in 0..10 {
                    // Twice in the same namespace, at once in both, and out of what one is not in.
                    for words in [
                        main,
                        main,
                        other,
                        "41/chat,",
                        "41",
                        "41",
                        "42[\"message\",{}]",
                    ] {
                        if !wire.says(words).await || (at + round) % 7 == 3 {
                            return;
                        }
                    }
                }
                wire.listens_for(QUIET).await;
                // Some say goodbye, the others just go.
                if at % 2 == 0 {
                    wire.says("1").await;
                }
            }
        });
        futures_util::future::join_all(flapping).await;
        canaries.sing().await;
    }
    is_well(&chat).await;
}

/// Lengths of the old protocol that end within a letter: each of these would keep a thread of the server for ever.
#[tokio::test]
async fn a_length_that_ends_within_a_letter_is_refused() {
    let chat = Chat::open().await;
    let mut canaries = Canaries::of(&chat).await;
    for payload in ["1:🚀x", "2:4🚀2:4€", "+1:🚀x", "0:1:🚀0:", "2:4x1:🚀1:2"] {
        for _ in 0..4 {
            let session = session(&chat, "/socket.io/?EIO=3&transport=polling").await;
            let said = Request::new("POST", session).body("text/plain;charset=UTF-8", payload);
            let answer = timeout(ANSWER, said.send(&chat.address)).await;
            let answer = answer.unwrap_or_else(|_| panic!("no answer to {payload}"));
            assert_eq!(answer.status, 400, "{payload}: {answer:?}");
        }
    }
    canaries.sing().await;
    is_well(&chat).await;
}
