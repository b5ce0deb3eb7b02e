//! Whatever somebody says on a connection of their own: whoever it is, the server lives, and the others hear each other.

use super::cases::Cases;
use super::odd;
use super::verdict::is_well;
use super::wire::Wire;
use crate::support::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// Connections of each sort in each round.
const AT_ONCE: usize = 8;

/// Whoever goes before the other side has read takes the words along: so long nothing comes before somebody goes.
const QUIET: Duration = Duration::from_millis(25);

/// How long a packet may take to be taken, or refused.
const ANSWER: Duration = Duration::from_secs(5);

/// Packets and what looks like one. `TOKEN` is a token that is believed.
const PACKETS: &[&str] = &[
    "",
    "0",
    "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":0}",
    "1",
    "2",
    "2probe",
    "3",
    "3probe",
    "4",
    "5",
    "6",
    "7",
    "40",
    "40{}",
    "40null",
    "40[]",
    "40{\"token\":1}",
    "40{\"token\":\"TOKEN\"}",
    "40{\"token\":\"TOKEN\",\"lastMessageId\":1e400}",
    "40{\"token\":\"TOKEN\",\"lastMessageId\":\"9007199254740992\"}",
    "40/chat,{\"token\":\"TOKEN\"}",
    "40/chat,",
    "40/chat",
    "40/",
    "40/,{}",
    "40//,",
    "40/nowhere,{\"token\":\"TOKEN\"}",
    "40/chat?token=TOKEN",
    "40/\u{1f680},{}",
    "41",
    "41/chat,",
    "41/nowhere",
    "42",
    "42[]",
    "42{}",
    "42null",
    "42[1]",
    "42[null,{}]",
    "42[[\"message\"],{}]",
    "42[\"message\"]",
    "42[\"message\",",
    "42[\"message\",{\"roomId\":\"ROOM\",\"content\":\"noise\"},{},{}]",
    "42[\"connect\",{}]",
    "42[\"disconnect\"]",
    "42[\"connect_error\",{}]",
    "42[\"disconnecting\",1]",
    "42[\"newListener\"]",
    "42[\"error\",{}]",
    "42[\"new_message\",{\"content\":\"forged\"}]",
    "42[\"__proto__\",{}]",
    "42[\"\",{}]",
    "42[\"\\u0000\"]",
    "42[\"\\ud800\",{}]",
    "42/chat,[\"typing\",{}]",
    "42/nowhere,[\"message\",{}]",
    "420[\"message\",{}]",
    "42-1[\"message\",{}]",
    "421.5[\"message\",{}]",
    "4218446744073709551616[\"message\",{}]",
    "429223372036854775807[\"message\",{}]",
    "43[]",
    "430[]",
    "431[{\"ok\":true}]",
    "4318446744073709551616[]",
    "43/chat,7[]",
    "44",
    "44{\"message\":\"x\"}",
    "45",
    "45-",
    "45x-[]",
    "450-[\"fileUpload\",{}]",
    "451-",
    "451-[]",
    "451-[\"fileUpload\",{\"roomId\":\"ROOM\",\"filename\":\"a\",\"data\":{\"_placeholder\":true,\"num\":0}}]",
    "451-7[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":1}}]",
    "451-[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":-1}}]",
    "451-[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":1e99}}]",
    "451-[\"fileUpload\",{\"_placeholder\":true}]",
    "452-[\"fileUpload\",{\"data\":{\"_placeholder\":true,\"num\":0}}]",
    "453-[\"x\"]",
    "4510001-[\"x\"]",
    "45999999999999999999999-[\"fileUpload\",{}]",
    "451-/nowhere,[\"x\",{\"_placeholder\":true,\"num\":0}]",
    "461-0[{\"_placeholder\":true,\"num\":0}]",
    "46",
    "47",
    "4a",
    "b",
    "bAAAA",
    "b====",
    "b4AAEC",
];

/// A word on a connection.
#[derive(Debug, Clone)]
enum Word {
    Text(String),
    Binary(Vec<u8>),
}

fn word(filled: impl Fn(&str) -> String) -> impl Strategy<Value = Word> {
    let mut packets: Vec<String> = PACKETS.iter().map(|packet| filled(packet)).collect();
    for large in odd::large() {
        packets.push(format!("42[\"message\",{large}]"));
        packets.push(format!("42[{large}]"));
        packets.push(format!("40{large}"));
    }
    packets.push(format!("42[\"{}\",{{}}]", "e".repeat(100_000)));
    packets.push(format!("42/{},[\"message\"]", "n".repeat(10_000)));
    let packet = select(packets);
    let damaged =
        (packet.clone(), any::<(Index, u8, char)>()).prop_map(|(packet, (at, how, letter))| {
            let mut letters: Vec<char> = packet.chars().collect();
            let at = at.index(letters.len() + 1);
            match how % 3 {
                0 => letters.truncate(at),
                1 => letters.insert(at, letter),
                _ => letters = letters.split_off(at),
            }
            letters.into_iter().collect()
        });
    prop_oneof![
        5 => packet.prop_map(Word::Text),
        3 => damaged.prop_map(Word::Text),
        1 => any::<String>().prop_map(Word::Text),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Word::Binary),
    ]
}

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
