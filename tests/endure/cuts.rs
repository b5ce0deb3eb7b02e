//! Links that break at any moment: nobody misses a message, nobody is shown one twice, and none is stored twice.
//!
//! Each client is in several conversations, by the events of several dialects, and does what the simplest one does: it
//! remembers the last message it was shown, wherever that was, and comes back with that position; and it says again, under
//! the same `clientMessageId`, what was not acknowledged.

use super::chance::Chance;
use super::link::{By, Link, Loss};
use super::tongues::{CAMPUS, DIRECT, JOINED, MENTOR, ROOMS, Tongue};
use crate::support::packet::Kind;
use crate::support::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Where a client connects to, and how.
const CLIENTS: [(&[&Tongue], By); 10] = [
    (MAIN, By::Websocket),
    (MAIN, By::Websocket),
    (MAIN, By::Websocket),
    (MAIN, By::Websocket),
    (MAIN, By::Websocket),
    (MAIN, By::Websocket),
    (CHAT, By::Websocket),
    (CHAT, By::Websocket),
    (MAIN, By::Polling),
    (CHAT, By::Polling),
];
/// What is spoken there. A client is in each conversation by one of them.
const MAIN: &[&Tongue] = &[&ROOMS, &DIRECT, &CAMPUS];
const CHAT: &[&Tongue] = &[&MENTOR];
/// All clients are in all of them.
const CONVERSATIONS: usize = 8;
/// A polling session whose client has gone is found out only when it does not answer a ping, and takes one of its
/// account's places until then.
const LOST_POLLS: usize = 30;

/// One person at one device.
struct Client {
    name: String,
    token: String,
    address: String,
    homes: Vec<Home>,
    by: By,
    chance: Chance,
    /// Servers come and go meanwhile: an entry may be refused in any way, and one tries again.
    is_patient: bool,
    /// The last message shown.
    position: Value,
    shown: Vec<String>,
    unacknowledged: BTreeSet<u64>,
    said: u64,
    tally: Tally,
}

/// A conversation, and how a client speaks and listens there.
struct Home {
    place: String,
    tongue: &'static Tongue,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub messages: usize,
    pub cuts: usize,
    pub said_again: usize,
}

/// Cuts so many links; returns how it was.
pub async fn cuts(count: usize, seed: u64) -> Tally {
    let chat = Chat::open().await;
    let talk = Talk::begins(&chat, count, seed, false).await;
    talk.ends(&chat).await
}

/// Everybody talks, while their links break.
pub struct Talk {
    talking: Vec<JoinHandle<Client>>,
    /// How many messages there will be.
    all: usize,
}

impl Talk {
    pub async fn begins(chat: &Chat, count: usize, seed: u64, is_patient: bool) -> Talk {
        let ann = chat.rooms("ann").await;
        let mut people = Vec::new();
        for at in 0..CLIENTS.len() {
            people.push(chat.rooms(&format!("client {at}")).await);
        }
        let everybody: Vec<_> = people.iter().collect();
        let mut groups = Vec::new();
        for at in 0..CONVERSATIONS {
            groups.push(ann.gathers(&format!("Everybody {at}"), &everybody).await);
        }
        let first = ann.sends_to(&groups[0], "first").await;
        let polling = CLIENTS.iter().filter(|(_, by)| *by == By::Polling).count();
        let by_polling = LOST_POLLS.min(count / CLIENTS.len());
        let by_websocket = (count - polling * by_polling).div_ceil(CLIENTS.len() - polling);
        let each = (count / 8).max(40) as u64;
        let all = each as usize * CLIENTS.len();

        let mut talking = Vec::new();
        for (at, ((tongues, by), person)) in CLIENTS.into_iter().zip(&people).enumerate() {
            let homes = groups.iter().zip(tongues.iter().cycle().skip(at));
            let homes = homes.map(|(place, tongue)| Home {
                place: place.clone(),
                tongue,
            });
            let mut client = Client {
                name: format!("{at}"),
                token: person.token.clone(),
                address: chat.address.clone(),
                is_patient,
                homes: homes.collect(),
                by,
                chance: Chance::of(seed << 8 | at as u64),
                position: first["id"].clone(),
                shown: Vec::new(),
                unacknowledged: BTreeSet::new(),
                said: 0,
                tally: Tally::default(),
            };
            let cuts = match by {
                By::Websocket | By::NarrowWebsocket => by_websocket,
                By::Polling => by_polling,
            };
            talking.push(tokio::spawn(async move {
                client.talks(each, all, cuts).await;
                client
            }));
        }
        Talk { talking, all }
    }

    pub fn goes_on(&self) -> bool {
        self.talking.iter().any(|one| !one.is_finished())
    }

    /// Waits until everything is said and heard, and looks whether it is what was stored.
    pub async fn ends(self, chat: &Chat) -> Tally {
        let Talk { talking, all } = self;
        let mut tally = Tally::default();
        let mut clients = Vec::new();
        for talking in talking {
            clients.push(
                talking
                    .await
                    .expect("everybody has their say, and hears everything"),
            );
        }
        let mut stored = chat.said();
        stored.remove(0);
        assert_eq!(stored.len(), all, "each message is stored once");
        for client in clients {
            let who = format!("{} by {:?}", client.name, client.by);
            let mut shown = client.shown.clone();
            if let Some(at) = (1..shown.len()).find(|at| shown[..*at].contains(&shown[*at])) {
                panic!(
                    "{who}: {} is shown twice, after {:?}",
                    shown[at],
                    &shown[..at]
                );
            }
            let wrong = shown
                .iter()
                .zip(&stored)
                .position(|(shown, stored)| shown != stored);
            if let Some(at) = wrong {
                shown.truncate(at + 1);
                panic!("{who}: {shown:?}, but {} was next", stored[at]);
            }
            assert_eq!(shown.len(), stored.len(), "{who}");
            tally.cuts += client.tally.cuts;
            tally.said_again += client.tally.said_again;
        }
        tally.messages = all;
        tally
    }
}

impl Client {
    /// Until everything is said and heard, with so many cuts in between.
    async fn talks(&mut self, each: u64, all: usize, cuts: usize) {
        // Spread over all links, so that there is something to say and to hear until the last one.
        let (most_said, most_heard) = (2 * each as usize / cuts.max(1) + 1, all / cuts.max(1) + 1);
        let is_done = |this: &Self| {
            this.shown.len() >= all && this.unacknowledged.is_empty() && this.said == each
        };
        while !is_done(self) || self.tally.cuts < cuts {
            let Some(mut link) = self.enters().await else {
                continue;
            };
            let lasts = self.tally.cuts >= cuts;
            let more = if lasts {
                each
            } else {
                self.chance.below(most_said) as u64
            };
            let new = self.said..(self.said + more).min(each);
            self.said = new.end;
            for number in new.clone() {
                self.unacknowledged.insert(number);
            }
            self.tally.said_again += self.unacknowledged.len() - (new.end - new.start) as usize;
            for number in self.unacknowledged.clone() {
                self.says(&mut link, number, !lasts).await;
            }
            let until = match self.chance.below(8) {
                _ if lasts => usize::MAX,
                0 => 0,
                1 => 2 * most_heard,
                _ => self.chance.below(most_heard),
            };
            for _ in 0..until {
                if is_done(self) {
                    break;
                }
                // Where all wait for each other, it is time to break a link. It may also end by itself, where a session
                // that was lost still is in the way.
                let patience = if lasts { 2 * PATIENCE } else { MOMENT };
                let heard = timeout(patience, link.next()).await;
                let shown = self.shown.len();
                let lost = lasts && heard.is_err();
                assert!(
                    !lost,
                    "{}: shown {shown} of {all}, and no more come",
                    self.name
                );
                let Ok(Some(packet)) = heard else { break };
                self.takes(packet.kind, packet.ack, &packet.data);
            }
            let losses = [Loss::Close, Loss::MidFrame, Loss::Reset];
            let how = losses[self.chance.below(losses.len())];
            link.breaks(how).await;
            self.tally.cuts += usize::from(!lasts);
        }
        // Whatever comes twice may come last.
        let Some(mut link) = self.enters().await else {
            return;
        };
        let more = async {
            while let Some(packet) = link.next().await {
                self.takes(packet.kind, packet.ack, &packet.data);
            }
        };
        drop(timeout(2 * MOMENT, more).await);
    }

    /// Connects with the position and joins, all in one breath; nobody waits for an answer to that.
    async fn enters(&mut self) -> Option<Link> {
        let auth = json!({ "token": self.token, "lastMessageId": self.position });
        match Link::open(&self.address, self.by, self.homes[0].tongue, &auth).await {
            Ok(mut link) => {
                let joins = self
                    .homes
                    .iter()
                    .filter_map(|home| home.tongue.joins(&home.place));
                link.say_all(joins.collect()).await;
                Some(link)
            }
            Err(why) => {
                let is_expected = why.contains("429") || why.contains("Too many");
                assert!(is_expected || self.is_patient, "{why}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                None
            }
        }
    }

    async fn says(&mut self, link: &mut Link, number: u64, may_break: bool) {
        let words = format!("{} {number}", self.name);
        let Home { place, tongue } = &self.homes[number as usize % CONVERSATIONS];
        if let Some(said) = tongue.says(place, &words, number, Some(&words)) {
            return link.say(said).await;
        }
        let body = json!({ "content": words, "clientMessageId": words });
        let path = format!("/api/conversations/{place}/messages");
        let token = format!("Bearer {}", self.token);
        if !may_break || self.chance.below(3) > 0 {
            let said = || {
                let post = Request::new("POST", &*path).header("Authorization", &*token);
                post.json(&body)
            };
            if self.is_patient {
                // Servers that come and go put one off, or end before they have answered: it is said again.
                while !is_said(said().tries(&self.address, PATIENCE).await) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            } else {
                said().send(&self.address).await.has_status(201);
            }
            self.unacknowledged.remove(&number);
            return;
        }
        // Said in whole or in part, and gone before the answer.
        let body = body.to_string();
        let words = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let part = words.len() - self.chance.below(2) * self.chance.below(words.len());
        if let Ok(mut stream) = TcpStream::connect(&self.address).await {
            drop(stream.write_all(&words.as_bytes()[..part]).await);
        }
    }

    fn takes(&mut self, kind: Kind, ack: Option<u64>, data: &Value) {
        match (kind, ack) {
            (Kind::Ack, Some(number)) => {
                assert_looks_like(&data[0], json!({ "ok": true }), "the acknowledgement");
                assert!(
                    number == JOINED || number < self.said,
                    "{number} was never said"
                );
                self.unacknowledged.remove(&number);
            }
            (Kind::Event, _) => {
                let heard = self.homes.iter().find_map(|home| home.tongue.hears(data));
                if let Some((words, id)) = heard {
                    self.position = id.clone();
                    self.shown.push(words.to_owned());
                }
            }
            _ => {}
        }
    }
}

/// Has a message been taken? Otherwise there was no answer, or none yet.
fn is_said(answer: Option<Answer>) -> bool {
    let answer = answer.filter(|answer| ![408, 503].contains(&answer.status));
    answer.is_some_and(|answer| {
        answer.has_status(201);
        true
    })
}

#[tokio::test]
async fn links_that_break_lose_nothing_and_show_nothing_twice() {
    let tally = cuts(100, 1).await;
    assert!(tally.cuts >= 100 && tally.said_again > 0, "{tally:?}");
}
