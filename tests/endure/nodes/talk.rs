//! Who speaks and who listens meanwhile? Each as a client's program does: it says again, under the same id, what was not
//! acknowledged, and comes back with the position of the last message that it was shown.

use super::breaks::{Fleet, SERVERS};
use crate::endure::chance::Chance;
use crate::endure::link::{By, Link, Loss};
use crate::endure::tongues::{CAMPUS, DIRECT, JOINED, MENTOR, ROOMS, Tongue, number};
use crate::support::packet::{self, Kind};
use crate::support::*;
use chat::core::id::{MessageKind, Spelling};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How a listener listens, and whether it goes to any server when its link is lost, or stays with its own.
const LISTENERS: [(&[&Tongue], bool); 3] = [
    (&[&ROOMS, &DIRECT, &CAMPUS], false),
    (&[&ROOMS, &DIRECT, &CAMPUS], true),
    (&[&MENTOR], false),
];
/// How a speaker speaks; by REST, if not by events of a dialect.
const SPEAKERS: [Option<&Tongue>; 6] =
    [None, Some(&ROOMS), None, Some(&DIRECT), None, Some(&CAMPUS)];
const CONVERSATIONS: usize = 3;
/// How long a client waits for an answer before it asks elsewhere.
const ANSWER: Duration = Duration::from_secs(5);
/// So many milliseconds a link of a listener lasts on average, if nothing else breaks it.
const STAYS: usize = 10_000;
/// After so long without a word a listener comes anew.
const SILENCE: Duration = Duration::from_secs(10);
/// How a server refuses whom it would let in at another time.
const ITS_OWN: [&str; 2] = ["The database ", "The server "];
/// How long everybody may take to get through after everything was repaired.
const REPAIRED: Duration = Duration::from_secs(60);

/// What was acknowledged or heard: a message's id and its words.
pub type Said = (i64, String);

struct Shared {
    addresses: Vec<String>,
    places: Vec<String>,
    spelling: Spelling,
    is_over: AtomicBool,
    acknowledged: Mutex<Vec<Said>>,
    /// What no server may answer.
    wrong: Mutex<Option<String>>,
    links_lost: AtomicUsize,
    said_again: AtomicUsize,
}

pub struct Talk {
    shared: Arc<Shared>,
    ann: Person,
    /// How often ann has said that a round ends.
    ends: AtomicUsize,
    speaking: Vec<JoinHandle<()>>,
    listening: Vec<JoinHandle<()>>,
    pub ears: Vec<Arc<Ear>>,
}

/// What one listener has heard.
pub struct Ear {
    pub name: String,
    heard: Mutex<Vec<Said>>,
    last: watch::Sender<i64>,
}

impl Talk {
    pub async fn begins(fleet: &Fleet, chance: &mut Chance) -> Talk {
        let chat = fleet.first();
        let ann = chat.rooms("ann").await;
        let (mut speakers, mut listeners) = (Vec::new(), Vec::new());
        for at in 0..2 * SPEAKERS.len() {
            speakers.push(chat.rooms(&format!("speaker {at}")).await);
        }
        for at in 0..SERVERS * LISTENERS.len() {
            listeners.push(chat.rooms(&format!("listener {at}")).await);
        }
        let everybody: Vec<_> = speakers.iter().chain(&listeners).collect();
        let mut places = Vec::new();
        for at in 0..CONVERSATIONS {
            places.push(ann.gathers(&format!("Everybody {at}"), &everybody).await);
        }
        let shared = Arc::new(Shared {
            addresses: fleet.addresses.clone(),
            places,
            spelling: fleet.spelling(),
            is_over: AtomicBool::new(false),
            acknowledged: Mutex::default(),
            wrong: Mutex::default(),
            links_lost: AtomicUsize::new(0),
            said_again: AtomicUsize::new(0),
        });
        let mut talk = Talk {
            shared,
            ann,
            ends: AtomicUsize::new(0),
            speaking: Vec::new(),
            listening: Vec::new(),
            ears: Vec::new(),
        };
        for (at, person) in listeners.into_iter().enumerate() {
            let (tongues, wanders) = LISTENERS[at / SERVERS];
            let ear = Arc::new(Ear {
                name: format!("listener {at}, {}", tongues[0].name),
                heard: Mutex::default(),
                last: watch::Sender::new(0),
            });
            talk.ears.push(ear.clone());
            let listener = Listener {
                shared: talk.shared.clone(),
                ear,
                token: person.token,
                tongues,
                server: at % SERVERS,
                wanders,
                chance: Chance::of(chance.number()),
            };
            talk.listening.push(tokio::spawn(listener.listens()));
        }
        for (at, person) in speakers.into_iter().enumerate() {
            let speaker = Speaker {
                shared: talk.shared.clone(),
                name: format!("{at}"),
                person,
                tongue: SPEAKERS[at % SPEAKERS.len()],
                said: 0,
                unacknowledged: BTreeSet::new(),
                chance: Chance::of(chance.number()),
            };
            talk.speaking.push(tokio::spawn(speaker.speaks()));
        }
        talk
    }

    /// Says something at each server, until it is acknowledged there; returns the last message's id.
    pub async fn is_heard_at_all(&self) -> Result<i64, String> {
        let mut last = 0;
        for address in &self.shared.addresses {
            let ann = self.ann.by(address);
            let number = self.ends.fetch_add(1, Ordering::Relaxed);
            let words = format!("ann {number}");
            let asked = Instant::now();
            last = loop {
                if let Some(id) = self.shared.posts(&ann, address, 0, &words).await {
                    break id;
                }
                self.shared.nothing_wrong()?;
                if asked.elapsed() > REPAIRED {
                    return Err(format!("{address} takes nothing for {REPAIRED:?}"));
                }
                sleep(Duration::from_millis(50)).await;
            };
        }
        Ok(last)
    }

    /// What was acknowledged since the last call.
    pub fn acknowledged(&self) -> Vec<Said> {
        std::mem::take(&mut *self.shared.acknowledged.lock().expect("a list"))
    }

    /// Nobody says anything new; ready when everything is acknowledged.
    pub async fn falls_silent(&self) -> Result<(), String> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        let asked = Instant::now();
        while self.speaking.iter().any(|one| !one.is_finished()) {
            self.shared.nothing_wrong()?;
            if asked.elapsed() > REPAIRED {
                return Err("somebody is never acknowledged".to_owned());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The history of each conversation, as one server answers it.
    pub async fn histories(&self, address: &str) -> Vec<Vec<Said>> {
        let ann = self.ann.by(address);
        let mut histories = Vec::new();
        for place in &self.shared.places {
            let said = ann.history(place).await.into_iter().map(|one| {
                let words = one["content"].as_str().expect("words");
                (self.shared.id_of(&one), words.to_owned())
            });
            histories.push(said.collect());
        }
        histories
    }

    /// How many links were lost, and how often something was said again.
    pub fn counts(&self) -> (usize, usize) {
        let Shared {
            links_lost,
            said_again,
            ..
        } = &*self.shared;
        let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        (count(links_lost), count(said_again))
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let all = self.speaking.iter().chain(&self.listening);
        all.for_each(JoinHandle::abort);
    }
}

impl Ear {
    fn hears(&self, said: Said) {
        let id = said.0;
        self.heard.lock().expect("a list").push(said);
        self.last.send_replace(id);
    }

    /// What was heard up to this message since the last call, once that was heard.
    pub async fn upto(&self, id: i64) -> Result<Vec<Said>, String> {
        let mut last = self.last.subscribe();
        let heard = timeout(REPAIRED, last.wait_for(|last| *last >= id)).await;
        if heard.is_err() {
            let last = *self.last.borrow();
            let name = &self.name;
            return Err(format!(
                "{name} does not hear {id}, and has heard {last} last"
            ));
        }
        let mut heard = self.heard.lock().expect("a list");
        let end = heard.iter().position(|(at, _)| *at > id);
        let end = end.unwrap_or(heard.len());
        Ok(heard.drain(..end).collect())
    }
}

impl Shared {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    fn id_of(&self, message: &Value) -> i64 {
        let id = if message["id"].is_null() {
            &message["_id"]
        } else {
            &message["id"]
        };
        number::<MessageKind>(&self.spelling, id)
    }

    fn nothing_wrong(&self) -> Result<(), String> {
        let wrong = self.wrong.lock().expect("words").clone();
        wrong.map_or(Ok(()), Err)
    }

    fn note_wrong(&self, why: String) {
        self.wrong.lock().expect("words").get_or_insert(why);
    }

    fn note_acknowledged(&self, id: i64, words: &str) {
        let mut acknowledged = self.acknowledged.lock().expect("a list");
        acknowledged.push((id, words.to_owned()));
    }

    /// Posts by REST, once; returns the message's id if it is acknowledged.
    async fn posts(
        &self,
        person: &Person,
        address: &str,
        place: usize,
        words: &str,
    ) -> Option<i64> {
        let new =
            json!({ "roomId": self.places[place], "content": words, "clientMessageId": words });
        let post = Request::new("POST", "/api/messages")
            .header("Authorization", format!("Bearer {}", person.token))
            .json(&new);
        let answer = post.tries(address, ANSWER).await?;
        match answer.status {
            201 => {
                let id = self.id_of(&answer.json()["data"]);
                self.note_acknowledged(id, words);
                Some(id)
            }
            // Whoever cannot say whether it will happen says so.
            503 => None,
            _ => {
                self.note_wrong(format!("{words} is answered by {answer:?}"));
                None
            }
        }
    }

    /// Is let in, or is told why not: because this server cannot, and not because of who asks.
    async fn opens(&self, server: usize, tongue: &Tongue, auth: Value) -> Option<Link> {
        let address = &self.addresses[server];
        let link = timeout(ANSWER, Link::open(address, By::Websocket, tongue, &auth)).await;
        let why = match link.ok()? {
            Ok(link) => return Some(link),
            Err(why) => why,
        };
        let is_its_own = ITS_OWN.iter().any(|its| why.contains(its));
        if why.contains("ConnectError") && !is_its_own {
            self.note_wrong(format!("refused: {why}"));
        }
        None
    }
}

struct Listener {
    shared: Arc<Shared>,
    ear: Arc<Ear>,
    token: String,
    tongues: &'static [&'static Tongue],
    server: usize,
    wanders: bool,
    chance: Chance,
}

impl Listener {
    async fn listens(mut self) {
        loop {
            if let Some(mut link) = self.enters().await {
                let stays = Duration::from_millis(self.chance.below(2 * STAYS) as u64);
                let _ended_before = timeout(stays, self.hears(&mut link)).await;
                let losses = [Loss::Close, Loss::MidFrame, Loss::Reset];
                link.breaks(losses[self.chance.below(losses.len())]).await;
                self.shared.links_lost.fetch_add(1, Ordering::Relaxed);
            }
            if self.wanders {
                self.server = self.chance.below(SERVERS);
            }
            sleep(Duration::from_millis(50 + self.chance.below(100) as u64)).await;
        }
    }

    /// In each conversation by one dialect.
    fn homes(&self) -> impl Iterator<Item = (&String, &'static Tongue)> {
        let tongues = self.tongues.iter().copied().cycle().skip(self.server);
        self.shared.places.iter().zip(tongues)
    }

    async fn enters(&self) -> Option<Link> {
        let position = *self.ear.last.borrow();
        let auth = json!({ "token": self.token, "lastMessageId": position });
        let mut link = self
            .shared
            .opens(self.server, self.tongues[0], auth)
            .await?;
        let joins = self
            .homes()
            .filter_map(|(place, tongue)| tongue.joins(place));
        link.say_all(joins.collect()).await;
        Some(link)
    }

    /// What it says about some of the speakers' messages: all there is read, or all up to this one. Whether that happens is not
    /// acknowledged: what is counted as unread shows it.
    fn reading(&self, words: &str, id: i64, spelled: &Value) -> Option<String> {
        let upto = match id % 6 {
            0 => Value::Null,
            1 => spelled.clone(),
            _ => return None,
        };
        let number: usize = words.rsplit(' ').next()?.parse().ok()?;
        let place = &self.shared.places[number % CONVERSATIONS];
        let read = json!(["mark_read", { "conversationId": place, "messageId": upto }]);
        Some(packet::event(self.tongues[0].namespace, None, &read, 0))
    }

    /// Hears what comes, until the link is lost. A conversation that it could not join it joins anew, by another link: what
    /// came by this one is forgotten then, or it would have a hole.
    async fn hears(&self, link: &mut Link) {
        let homes: Vec<&Tongue> = self.homes().map(|(_, tongue)| tongue).collect();
        let mut missing = homes.iter().filter(|one| one.joins("").is_some()).count();
        let mut early = Vec::new();
        while let Ok(Some(packet)) = timeout(SILENCE, link.next()).await {
            match (packet.kind, packet.ack) {
                (Kind::Ack, Some(JOINED)) if packet.data[0]["ok"] == true => missing -= 1,
                (Kind::Ack, Some(JOINED)) => return,
                (Kind::Event, _) => {
                    let heard = homes.iter().find_map(|home| home.hears(&packet.data));
                    if let Some((words, spelled)) = heard {
                        let id = number::<MessageKind>(&self.shared.spelling, spelled);
                        early.push((id, words.to_owned()));
                        if let Some(said) = self.reading(words, id, spelled) {
                            link.say(said).await;
                        }
                    }
                }
                _ => {}
            }
            if missing == 0 {
                early.drain(..).for_each(|said| self.ear.hears(said));
            }
        }
    }
}

struct Speaker {
    shared: Arc<Shared>,
    name: String,
    person: Person,
    tongue: Option<&'static Tongue>,
    said: u64,
    unacknowledged: BTreeSet<u64>,
    chance: Chance,
}

impl Speaker {
    /// Until it is over, and everything acknowledged.
    async fn speaks(mut self) {
        while self.shared.goes_on() || !self.unacknowledged.is_empty() {
            let server = self.chance.below(SERVERS);
            match self.tongue {
                None => self.posts(server).await,
                Some(tongue) => self.says(server, tongue).await,
            }
            self.breathes().await;
        }
    }

    async fn breathes(&mut self) {
        sleep(Duration::from_millis(100 + self.chance.below(300) as u64)).await;
    }

    /// Something new, and what was not acknowledged.
    fn next(&mut self, most: usize) -> BTreeSet<u64> {
        let again = self.unacknowledged.len();
        self.shared.said_again.fetch_add(again, Ordering::Relaxed);
        if self.shared.goes_on() {
            let more = 1 + self.chance.below(most) as u64;
            self.unacknowledged.extend(self.said..self.said + more);
            self.said += more;
        }
        self.unacknowledged.clone()
    }

    fn words(&self, number: u64) -> String {
        format!("{} {number}", self.name)
    }

    async fn posts(&mut self, server: usize) {
        for number in self.next(1) {
            let (place, words) = (number as usize % CONVERSATIONS, self.words(number));
            let address = &self.shared.addresses[server];
            let posted = self.shared.posts(&self.person, address, place, &words);
            if posted.await.is_some() {
                self.unacknowledged.remove(&number);
            }
        }
    }

    /// A few times by one link, until it is lost.
    async fn says(&mut self, server: usize, tongue: &Tongue) {
        let auth = json!({ "token": self.person.token });
        let Some(mut link) = self.shared.opens(server, tongue, auth).await else {
            return;
        };
        for _ in 0..1 + self.chance.below(10) {
            let said = self.next(3).into_iter().filter_map(|number| {
                let (place, words) = (number as usize % CONVERSATIONS, self.words(number));
                tongue.says(&self.shared.places[place], &words, number, Some(&words))
            });
            link.say_all(said.collect()).await;
            while !self.unacknowledged.is_empty() {
                let Ok(Some(packet)) = timeout(ANSWER, link.next()).await else {
                    self.shared.links_lost.fetch_add(1, Ordering::Relaxed);
                    return;
                };
                if let (Kind::Ack, Some(number)) = (packet.kind, packet.ack) {
                    let answer = &packet.data[0];
                    if answer["ok"] == true {
                        let id = self.shared.id_of(&answer["message"]);
                        self.shared.note_acknowledged(id, &self.words(number));
                        self.unacknowledged.remove(&number);
                    } else if answer["error"]["statusCode"] == 503 {
                        return;
                    } else {
                        self.shared
                            .note_wrong(format!("{} {answer}", self.words(number)));
                        return;
                    }
                }
            }
            self.breathes().await;
        }
    }
}
