//! However a client's polls, packets and its upgrade fall, it hears all that is said, once and in order; and it may say
//! what somebody may whom the server knows.
//!
//! A session that begins by polling uses many connections, and none of them is the session's own: a poll that comes late,
//! while the websocket is there already, used to make it deaf.

use super::frames::session;
use super::wire::Wire;
use crate::endure::chance::Chance;
use crate::support::*;
use futures_util::future::join_all;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Said in each session: more than the 200 kB after which a queue that waits in vain is noticed.
const MESSAGES: usize = 240;
const LONG: usize = 1_000;
/// A head may take ten seconds.
const LONGER_THAN_A_HEAD: Duration = Duration::from_secs(13);
/// Sessions of each version of Engine.IO.
const SESSIONS: u64 = 12;

/// A session that began by polling, as raw as requests.
pub struct Polling {
    address: String,
    path: String,
    version: u8,
    /// A poll that waits for something to be said.
    waiting: Option<JoinHandle<Answer>>,
    heard: Vec<usize>,
    acknowledged: usize,
    entered: bool,
}

impl Polling {
    pub async fn begins(chat: &Chat, person: &Person, version: u8) -> Polling {
        let path = format!(
            "/socket.io/?EIO={version}&transport=polling&token={}",
            person.token
        );
        let mut polling = Polling {
            address: chat.address.clone(),
            path: session(chat, &path).await,
            version,
            waiting: None,
            heard: Vec::new(),
            acknowledged: 0,
            entered: false,
        };
        if version == 4 {
            polling.says("40").await.has_status(200);
        }
        // As clients do: who speaks before being let in ends the session.
        while !polling.entered {
            polling.polls().await;
        }
        polling
    }

    fn id(&self) -> &str {
        self.path.split_once("&sid=").expect("a session").1
    }

    fn frame(&self, packet: &str) -> String {
        match self.version {
            3 => format!("{}:{packet}", packet.encode_utf16().count()),
            _ => packet.to_owned(),
        }
    }

    pub async fn says(&self, packet: &str) -> Answer {
        let said =
            Request::new("POST", &self.path).body("text/plain;charset=UTF-8", self.frame(packet));
        said.send(&self.address).await
    }

    /// Asks for what was said, and waits beside whatever else goes on.
    fn begins_to_poll(&mut self) {
        let (path, address) = (self.path.clone(), self.address.clone());
        self.waiting.get_or_insert_with(|| {
            tokio::spawn(async move { Request::new("GET", path).send(&address).await })
        });
    }

    /// Waits for the poll that waits, or for one that begins now.
    async fn polls(&mut self) {
        self.begins_to_poll();
        if let Some(waiting) = self.waiting.take() {
            let answer = timeout(3 * PATIENCE, waiting).await.expect("an answer");
            self.takes(&answer.expect("an answer").has_status(200).text());
        }
    }

    fn takes(&mut self, payload: &str) {
        let mut rest = payload;
        while !rest.is_empty() {
            let (packet, after) = match self.version {
                3 => {
                    let (length, after) = rest.split_once(':').expect("a length");
                    after.split_at(length.parse().expect("a length"))
                }
                _ => rest.split_once('\u{1e}').unwrap_or((rest, "")),
            };
            self.hears(packet);
            rest = after;
        }
    }

    fn hears(&mut self, packet: &str) {
        if let Some(event) = packet.strip_prefix("42[\"message\",") {
            let words = event.split_once("\"content\":\"").expect("a content").1;
            self.heard.push(
                words
                    .split(' ')
                    .next()
                    .and_then(|at| at.parse().ok())
                    .expect("a number"),
            );
        }
        self.entered |= packet.starts_with("40");
        self.acknowledged += usize::from(packet.starts_with("43"));
    }

    async fn joins(&mut self, room: &str) {
        let join = format!("421[\"joinRoom\",{{\"roomId\":\"{room}\"}}]");
        self.says(&join).await.has_status(200);
        while self.acknowledged == 0 {
            self.polls().await;
        }
    }
}

/// Somebody says messages in the room, a few at a time.
struct Talker<'p> {
    person: &'p Person,
    room: &'p str,
    said: usize,
}

impl Talker<'_> {
    async fn says(&mut self, count: usize) {
        let count = count.min(MESSAGES - self.said);
        let socket = self.person.socket().await;
        for at in self.said..self.said + count {
            let content = format!("{at} {:.<LONG$}", "");
            let message = json!({ "roomId": self.room, "content": content });
            if at + 1 == self.said + count {
                socket.does("message", message).await;
            } else {
                socket.emit("message", message);
            }
        }
        self.said += count;
    }
}

/// One session from its beginning to its end, as chance has it.
async fn as_it_falls(chat: &Chat, ann: &Person, version: u8, seed: u64) -> Result<(), String> {
    let mut chance = Chance::of(seed);
    let bob = chat.rooms(&format!("bob {version} {seed}")).await;
    let room = ann.opens_room(&format!("Lobby {version} {seed}")).await;
    let mut talker = Talker {
        person: ann,
        room: &room,
        said: 0,
    };
    let mut polling = Polling::begins(chat, &bob, version).await;
    polling.joins(&room).await;
    for _ in 0..chance.below(4) {
        if chance.below(2) == 0 {
            polling.begins_to_poll();
        }
        talker.says(chance.below(60)).await;
        if chance.below(2) == 0 && talker.said > polling.heard.len() {
            polling.polls().await;
        }
    }
    let upgrades = chance.below(4) > 0;
    if upgrades {
        if chance.below(2) == 0 {
            polling.begins_to_poll();
        }
        let id = format!("&sid={}", polling.id());
        let mut websocket = Wire::open(&chat.address, version, &id).await;
        // Clients go on polling until the websocket has answered their probe.
        for _ in 0..=chance.below(3) {
            talker.says(chance.below(40)).await;
            polling.polls().await;
        }
        websocket = websocket.changed_over().await;
        if chance.below(2) == 0 {
            // One that was on its way meanwhile.
            let late = Request::new("GET", &polling.path).send(&chat.address).await;
            if late.status == 200 {
                polling.takes(&late.text());
            }
        }
        talker.says(MESSAGES).await;
        while polling.heard.len() < MESSAGES {
            let packet = websocket.next().await.ok_or("the websocket has ended")?;
            if packet.data[0] == "message" {
                let content = packet.data[1]["content"].as_str().unwrap_or_default();
                let at = content.split(' ').next().and_then(|at| at.parse().ok());
                polling.heard.push(at.ok_or("no number")?);
            }
        }
        // More than a stranger may bring in all, event by event, and not on this connection alone.
        for at in 0..MESSAGES {
            let said = format!(
                "42[\"message\",{{\"roomId\":\"{room}\",\"content\":\"{at} {:.<LONG$}\"}}]",
                ""
            );
            assert!(websocket.says(&said).await, "{version} {seed}: cut at {at}");
        }
        websocket
            .hears(|packet| {
                packet.data[1]["content"]
                    .as_str()
                    .is_some_and(|own| own.starts_with("239 "))
            })
            .await
            .ok_or("cut while it spoke")?;
        bob.get("/api/auth/logout").await.has_status(200);
        if !websocket.ends().await {
            return Err(format!("{version} {seed}: logged out, and heard on"));
        }
    } else {
        talker.says(MESSAGES).await;
        while polling.heard.len() < MESSAGES {
            polling.polls().await;
        }
        let much = "x".repeat(200 << 10);
        let said = polling.says(&format!("42[\"typing\",\"{much}\"]")).await;
        said.has_status(200);
        bob.get("/api/auth/logout").await.has_status(200);
    }
    let order: Vec<_> = (0..MESSAGES).collect();
    match polling.heard == order {
        true => Ok(()),
        false => Err(format!("{version} {seed}: heard {:?}", polling.heard)),
    }
}

#[tokio::test]
async fn however_polls_and_the_upgrade_fall_everything_is_heard_once_and_in_order() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let sessions = (0..SESSIONS).flat_map(|seed| [(3, seed), (4, seed)]);
    let ended = join_all(sessions.map(|(version, seed)| as_it_falls(&chat, &ann, version, seed)));
    let wrong: Vec<_> = ended.await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A connection that a head was read from and that is a websocket now waits for none: ten seconds for a head are not for it.
#[tokio::test]
async fn who_has_changed_over_stays_although_the_client_says_little() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let room = ann.opens_room("Lobby").await;
    let staying = [3, 4].map(async |version| {
        let mut polling = Polling::begins(&chat, &ann, version).await;
        polling.joins(&room).await;
        let id = format!("&sid={}", polling.id());
        let wire = Wire::open(&chat.address, version, &id).await;
        polling.begins_to_poll();
        let mut wire = wire.changed_over().await;
        tokio::time::sleep(LONGER_THAN_A_HEAD).await;
        let join = format!("427[\"joinRoom\",{{\"roomId\":\"{room}\"}}]");
        assert!(wire.says(&join).await, "{version}: it has ended");
        let answered = wire.hears(|packet| packet.ack == Some(7)).await;
        assert!(answered.is_some(), "{version}: it has ended");
    });
    join_all(staying).await;
}

#[tokio::test]
async fn a_websocket_whose_upgrade_was_lost_is_refused_so_that_clients_try_another_transport() {
    let chat = Chat::open().await;
    for version in [3, 4] {
        let path = format!("/socket.io/?EIO={version}&transport=websocket");
        let lost = Request::new("GET", path)
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Version", "13");
        lost.send(&chat.address).await.refused(400);
    }
}

#[tokio::test]
async fn a_session_brings_one_packet_at_a_time() {
    let chat = Chat::open().await;
    let ann = chat.rooms("ann").await;
    let polling = Polling::begins(&chat, &ann, 4).await;
    // The first one never ends.
    let half = format!(
        "POST {} HTTP/1.1\r\nHost: chat\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n42[",
        polling.path
    );
    // Whichever comes second is refused: where that was the half one, it is sent again.
    let mut unfinished = Vec::new();
    eventually("a second packet is refused", async || {
        let mut first = tokio::net::TcpStream::connect(&chat.address)
            .await
            .expect("it accepts");
        tokio::io::AsyncWriteExt::write_all(&mut first, half.as_bytes())
            .await
            .expect("half a packet");
        unfinished.push(first);
        tokio::time::sleep(Duration::from_millis(50)).await;
        polling.says("42[\"typing\",{}]").await.status == 400
    })
    .await;
}
