//! Who does not keep up: nobody else waits for them, they are ended instead of being served with holes, and come back.

use crate::support::packet::{self, Kind, Packet};
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use std::ops::Range;
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Packets that the server keeps for a socket; and more of them than the kernels of both sides hold besides, where
/// each is a message of 8,000 characters.
const QUEUE: usize = 4_096;
const UNDER_WAY: usize = 1_000;

/// A listener whose connection is read when the scene says so, and at no other time.
struct Sleeper(WebSocketStream<TcpStream>);

/// What a sleeper found on waking up, until the connection ended.
#[derive(Default)]
struct Found {
    numbers: Vec<usize>,
    last_id: Value,
    /// The server said that it sends this socket away.
    was_told: bool,
}

impl Sleeper {
    /// Comes in and joins a room, as rooms' clients do, and falls asleep at once.
    async fn listens(chat: &Chat, person: &Person, mut auth: Value, room: &str) -> Sleeper {
        let address = chat.address.parse().expect("an address");
        let socket = TcpSocket::new_v4().expect("a socket");
        // What the kernel reads ahead should not take long to fill.
        let small = socket.set_recv_buffer_size(16 << 10);
        small.expect("the kernel holds little");
        let connection = socket.connect(address).await.expect("the server accepts");
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let (wire, _) = client_async(url, connection).await.expect("a websocket");
        let mut sleeper = Sleeper(wire);
        auth["token"] = json!(person.token);
        sleeper.says(packet::connect("/", &auth)).await;
        sleeper.waits_for(Kind::Connect).await;
        let join = json!(["joinRoom", { "roomId": room }]);
        sleeper.says(packet::event("/", Some(1), &join, 0)).await;
        sleeper.waits_for(Kind::Ack).await;
        sleeper
    }

    async fn says(&mut self, words: String) {
        let said = self.0.send(Message::text(words)).await;
        said.expect("the connection is open");
    }

    async fn waits_for(&mut self, kind: Kind) {
        let waiting = async {
            while let Some(Ok(heard)) = self.0.next().await {
                if read(&heard).is_some_and(|packet| packet.kind == kind) {
                    return;
                }
            }
            panic!("the connection ended before {kind:?}");
        };
        let waited = timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("no {kind:?}"));
    }

    /// The connection ends although nobody reads a word of it: talking on fails.
    async fn is_cut_off(&mut self) {
        let talking_on = async {
            while self.0.send(Message::text("3")).await.is_ok() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let cut = timeout(PATIENCE, talking_on).await;
        cut.expect("whoever has stopped reading is cut off");
    }

    /// Reads on, to the end of the connection.
    async fn wakes_up(mut self) -> Found {
        let mut found = Found::default();
        let reading = async {
            while let Some(Ok(heard)) = self.0.next().await {
                let Some(packet) = read(&heard) else { continue };
                found.was_told |= packet.kind == Kind::Disconnect;
                if packet.kind == Kind::Event && packet.data[0] == "message" {
                    found.numbers.push(number(&packet.data[1]));
                    found.last_id = packet.data[1]["_id"].clone();
                }
            }
        };
        let ended = timeout(PATIENCE, reading).await;
        ended.expect("the server has ended it");
        found
    }
}

fn read(heard: &Message) -> Option<Packet> {
    let text = heard.to_text().ok()?;
    text.strip_prefix('4').and_then(Packet::read)
}

/// Says as many messages, which begin with their numbers and are so long, as fast as they are taken.
async fn says(person: &Person, room: &str, numbers: Range<usize>, long: usize) {
    let socket = person.socket().await;
    let message = |at: usize| json!({ "roomId": room, "content": format!("{at:.<long$}") });
    for start in numbers.clone().step_by(200) {
        let last = (start + 200).min(numbers.end) - 1;
        for at in start..last {
            socket.emit("message", message(at));
        }
        socket.does("message", message(last)).await;
    }
}

/// The number that a message begins with.
fn number(message: &Value) -> usize {
    let content = message["content"].as_str().expect("a content");
    let number = content.trim_end_matches('.').parse();
    number.unwrap_or_else(|_| panic!("{content}"))
}

#[track_caller]
fn are_exactly(heard: &[Value], numbers: Range<usize>) {
    let heard = heard.iter().map(number).collect::<Vec<_>>();
    assert!(heard.iter().copied().eq(numbers), "{heard:?}");
}

/// Ann, Bob and Sam, and a room of Ann's in which Bob listens.
async fn three_and_a_room(chat: &Chat) -> ([Person; 3], String) {
    let people = [
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("sam").await,
    ];
    let room = people[0].opens_room("General Discussion").await;
    people[1].does("joinRoom", json!({ "roomId": room })).await;
    (people, room)
}

#[tokio::test]
async fn who_stops_reading_holds_up_nobody_finds_no_hole_and_comes_back_for_the_rest() {
    let chat = Chat::open().await;
    let ([ann, bob, sam], room) = three_and_a_room(&chat).await;
    let listening = bob.socket().await;
    let asleep = Sleeper::listens(&chat, &sam, json!({}), &room).await;
    let all = QUEUE + UNDER_WAY;
    for start in (0..all).step_by(200) {
        let some = start..(start + 200).min(all);
        says(&ann, &room, some.clone(), 8_000).await;
        let committed = Instant::now();
        are_exactly(&listening.hears_many(some.len(), "message").await, some);
        let late = committed.elapsed();
        // Far below what Sam would take; a busy machine has its share in it.
        assert!(late < Duration::from_secs(3), "Bob waited {late:?} for Sam");
    }
    let found = asleep.wakes_up().await;
    let heard = found.numbers.len();
    assert!(
        found.numbers.iter().copied().eq(0..heard),
        "there is a hole"
    );
    assert!(
        (1..UNDER_WAY).contains(&heard),
        "the kernels held {heard}, and the queue is not sent after all"
    );
    let position = json!({ "lastMessageId": found.last_id });
    let back = sam.enters(position).await.expect("Sam may come back");
    back.does("joinRoom", json!({ "roomId": room })).await;
    let rest = back.hears_many(all - heard, "message").await;
    are_exactly(&rest, heard..all);
    says(&ann, &room, all..all + 1, 8_000).await;
    are_exactly(&back.hears_many(1, "message").await, all..all + 1);
    back.hears_nothing().await;
    assert!(listening.is_open() && back.is_open());
}

#[tokio::test]
async fn who_has_stopped_reading_is_cut_off_by_a_logout() {
    let chat = Chat::open().await;
    let ([ann, bob, sam], room) = three_and_a_room(&chat).await;
    let mut asleep = Sleeper::listens(&chat, &sam, json!({}), &room).await;
    let all = 2 * UNDER_WAY;
    says(&ann, &room, 0..all, 8_000).await;
    let out = sam.post("/api/auth/logout", json!({})).await;
    out.has_status(200);
    asleep.is_cut_off().await;
    let found = asleep.wakes_up().await;
    let heard = found.numbers.len();
    assert!(
        found.numbers.iter().copied().eq(0..heard),
        "there is a hole"
    );
    assert!(
        heard < UNDER_WAY && !found.was_told,
        "{heard} of {all} were still sent to somebody who had logged out"
    );
    assert!(sam.enters(json!({})).await.is_err());
    let listening = bob.socket().await;
    are_exactly(&listening.hears_many(all, "message").await, 0..all);
}

#[tokio::test]
async fn who_stops_polling_is_ended_with_no_hole_and_comes_back_for_the_rest() {
    let chat = Chat::open().await;
    let ([ann, bob, sam], room) = three_and_a_room(&chat).await;
    let polls = async |session: &str| {
        let path = format!("/socket.io/?EIO=4&transport=polling{session}");
        sam.sends(Request::new("GET", path)).await
    };
    let opened = polls("").await.has_status(200).text();
    let opened: Value = serde_json::from_str(&opened[1..]).expect("an opening packet");
    let session = format!("&sid={}", opened["sid"].as_str().expect("a session"));
    let join = json!(["joinRoom", { "roomId": room }]);
    for words in [
        packet::connect("/", &json!({ "token": sam.token })),
        packet::event("/", Some(1), &join, 0),
    ] {
        let path = format!("/socket.io/?EIO=4&transport=polling{session}");
        let said = Request::new("POST", path).body("text/plain", words);
        sam.sends(said).await.has_status(200);
        polls(&session).await.has_status(200);
    }
    says(&ann, &room, 0..1, 10).await;
    let heard = polls(&session).await.has_status(200).text();
    let first = read(&Message::text(heard)).expect("the first message");
    assert_eq!(number(&first.data[1]), 0);

    let all = QUEUE + UNDER_WAY;
    says(&ann, &room, 1..all, 10).await;
    let listening = bob.socket().await;
    are_exactly(&listening.hears_many(all, "message").await, 0..all);
    let (mut last_id, mut heard) = (first.data[1]["_id"].clone(), 1);
    loop {
        let polled = polls(&session).await;
        if polled.status != 200 {
            polled.has_status(400);
            break;
        }
        for packet in polled.text().split('\u{1e}') {
            let Some(packet) = read(&Message::text(packet)) else {
                continue;
            };
            assert_eq!(number(&packet.data[1]), heard, "there is a hole");
            last_id = packet.data[1]["_id"].clone();
            heard += 1;
        }
    }
    assert!(heard <= QUEUE, "nothing was ended: {heard} of {all}");
    let position = json!({ "lastMessageId": last_id });
    let back = sam.enters(position).await.expect("Sam may come back");
    back.does("joinRoom", json!({ "roomId": room })).await;
    let rest = back.hears_many(all - heard, "message").await;
    are_exactly(&rest, heard..all);
    back.hears_nothing().await;
}

#[tokio::test]
async fn who_falls_asleep_while_catching_up_holds_up_nobody_else_who_does() {
    let chat = Chat::open().await;
    let ([ann, bob, sam], room) = three_and_a_room(&chat).await;
    let first = ann.posts(&room, "0").await;
    let all = UNDER_WAY + 200;
    says(&ann, &room, 1..all, 8_000).await;
    let position = json!({ "lastMessageId": first["_id"] });
    let mut asleep = Vec::new();
    for _ in 0..20 {
        asleep.push(Sleeper::listens(&chat, &sam, position.clone(), &room).await);
    }
    let back = bob.enters(position).await.expect("Bob may come back");
    back.does("joinRoom", json!({ "roomId": room })).await;
    let missed = back.hears_many(all - 1, "message").await;
    are_exactly(&missed, 1..all);
}
