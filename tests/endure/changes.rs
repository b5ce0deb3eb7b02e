//! Messages that change while links break and servers are killed: what a client loaded once, and what it heard since, is what
//! there is now; and nothing older is told after something newer.

use super::chance::Chance;
use super::link::{By, Link, Loss};
use super::tongues::{CAMPUS, DIRECT, MENTOR, ROOMS, Tongue, number};
use crate::support::packet::{self, Kind};
use crate::support::*;
use chat::core::id::{AccountKind, IdKind, MessageKind, Spelling};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How a client connects, and in which dialects it joins every conversation.
const CLIENTS: [(&[&Tongue], By); 8] = [
    (&[&MENTOR], By::Websocket),
    (&[&MENTOR], By::Websocket),
    (&[&ROOMS], By::Websocket),
    (&[&DIRECT], By::Websocket),
    (&[&CAMPUS], By::Websocket),
    (&[&ROOMS, &DIRECT, &CAMPUS], By::Websocket),
    (&[&MENTOR], By::Polling),
    (&[&ROOMS], By::Polling),
];
const CONVERSATIONS: usize = 2;
const TALKERS: usize = 4;
/// What a talker does in a round, and how many messages live at most.
const DEEDS: usize = 40;
const ALIVE: usize = 150;
const EMOJI: [&str; 4] = ["👍", "🎉", "❤️", "👩‍🚀"];

/// How a round ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Break {
    /// Links break all the time.
    Links,
    /// The server is killed in the middle.
    Server,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub cuts: usize,
    pub kills: usize,
    pub heard: usize,
    pub changes: usize,
}

/// A message as any dialect shows it.
#[derive(Clone, Debug, PartialEq)]
struct State {
    words: String,
    edited: Option<String>,
    answers: Option<i64>,
    reactions: Vec<(String, i64, Vec<i64>)>,
    mentions: Vec<i64>,
    pinned: Option<(String, i64)>,
}

impl State {
    /// The words end with how often they were edited.
    fn version(&self) -> u64 {
        let last = self.words.rsplit(" v").next().expect("some words");
        last.parse().unwrap_or(0)
    }
}

/// What an event says.
enum Told {
    Posted(i64, State),
    Updated(i64, State, i64),
    Gone(i64, i64),
    Shared(i64),
    Nothing,
}

struct Reader(Spelling);

impl Reader {
    fn number<K: IdKind>(&self, id: &Value) -> i64 {
        number::<K>(&self.0, id)
    }

    fn people(&self, ids: &Value) -> Vec<i64> {
        let ids = ids.as_array().map_or(&[][..], |ids| ids);
        ids.iter()
            .map(|id| self.number::<AccountKind>(id))
            .collect()
    }

    fn message(&self, shape: &Value) -> (i64, State) {
        let field = |names: [&str; 2]| {
            names
                .iter()
                .map(|name| &shape[name])
                .find(|it| !it.is_null())
        };
        let text = |names| field(names).and_then(Value::as_str).map(str::to_owned);
        let reactions = shape["reactions"].as_array().into_iter().flatten();
        let pinned = text(["pinnedAt", "pinned_at"]).map(|at| {
            let by = field(["pinnedBy", "pinned_by"]).expect("who pinned it");
            (at, self.number::<AccountKind>(by))
        });
        let state = State {
            words: text(["content", "message"]).expect("words"),
            edited: text(["editedAt", "edited_at"]),
            answers: field(["replyTo", "reply_to"]).map(|id| self.number::<MessageKind>(id)),
            reactions: reactions
                .map(|one| {
                    let emoji = one["emoji"].as_str().expect("an emoji").to_owned();
                    let count = one["count"].as_i64().expect("a count");
                    (emoji, count, self.people(&one["users"]))
                })
                .collect(),
            mentions: self.people(&shape["mentions"]),
            pinned,
        };
        let id = field(["id", "_id"]).expect("an id");
        (self.number::<MessageKind>(id), state)
    }

    fn event(&self, event: &str, body: &Value) -> Told {
        let shape = if body["message"].is_object() {
            &body["message"]
        } else {
            body
        };
        let position = |of: &Value| self.number::<MessageKind>(&of["position"]);
        match event {
            "message" | "new_message" | "receive-group-message" => {
                let (id, state) = self.message(shape);
                Told::Posted(id, state)
            }
            "message-updated" | "message_updated" | "messageUpdated" => {
                let (id, state) = self.message(shape);
                Told::Updated(id, state, position(shape))
            }
            "message-deleted" | "message_deleted" | "messageDeleted" => {
                let id = ["messageId", "id", "_id"];
                let id = id.iter().map(|name| &body[name]).find(|id| !id.is_null());
                let id = self.number::<MessageKind>(id.expect("an id"));
                Told::Gone(id, position(body))
            }
            "fileUpload" => Told::Shared(position(body)),
            _ => Told::Nothing,
        }
    }
}

/// The server of a round, and the conversations.
struct World {
    address: String,
    reader: Arc<Reader>,
    /// As numbers, which every dialect takes.
    places: Vec<String>,
    names: Vec<String>,
}

/// What talkers may change: messages with their conversation, author and version.
type Alive = Arc<Mutex<Vec<(i64, usize, usize, u64)>>>;

/// One person at one device.
struct Client {
    name: String,
    person: Person,
    tongues: &'static [&'static Tongue],
    by: By,
    known: BTreeMap<i64, State>,
    /// The last thing that was heard, as a number.
    position: i64,
    link: Option<Link>,
    cuts: usize,
    heard: usize,
}

impl Client {
    /// Connects with the position and joins, all in one breath.
    async fn enters(&mut self, world: &World) -> bool {
        let auth = json!({ "token": self.person.token, "lastMessageId": self.position });
        match Link::open(&world.address, self.by, self.tongues[0], &auth).await {
            Ok(mut link) => {
                let joins = world.places.iter().flat_map(|place| {
                    let joins = self.tongues.iter().map(move |tongue| tongue.joins(place));
                    joins.flatten()
                });
                link.say_all(joins.collect()).await;
                self.link = Some(link);
                true
            }
            Err(_) => {
                sleep(Duration::from_millis(50)).await;
                false
            }
        }
    }

    /// Hears one packet; `false` if the link has ended, or nothing comes for so long.
    async fn hears(&mut self, world: &World, patience: Duration) -> bool {
        let Some(link) = &mut self.link else {
            return false;
        };
        let Ok(packet) = timeout(patience, link.next()).await else {
            return false;
        };
        let Some(packet) = packet else {
            self.link = None;
            return false;
        };
        if packet.kind == Kind::Event {
            let event = packet.data[0].as_str().expect("a name").to_owned();
            self.takes(world, &event, &packet.data[1]);
        }
        true
    }

    fn takes(&mut self, world: &World, event: &str, body: &Value) {
        let name = self.name.clone();
        let moves_on = |position: &mut i64, to: i64| {
            assert!(*position <= to, "{name}: {to} is told after {position}");
            *position = to;
        };
        self.heard += 1;
        match world.reader.event(event, body) {
            Told::Posted(id, state) => {
                moves_on(&mut self.position, id);
                self.learns(id, state);
            }
            Told::Updated(id, state, position) => {
                moves_on(&mut self.position, position);
                // Whoever has nothing under this id ignores it.
                if self.known.contains_key(&id) {
                    self.learns(id, state);
                }
            }
            Told::Gone(id, position) => {
                moves_on(&mut self.position, position);
                self.known.remove(&id);
            }
            Told::Shared(position) => moves_on(&mut self.position, position),
            Told::Nothing => {}
        }
    }

    fn learns(&mut self, id: i64, state: State) {
        if let Some(known) = self.known.get(&id) {
            let is_older = state.version() < known.version();
            assert!(!is_older, "{}: {state:?} after {known:?}", self.name);
        }
        self.known.insert(id, state);
    }

    /// Comes and goes while others talk.
    async fn lives(&mut self, world: &World, done: &AtomicBool, mut chance: Chance) {
        if self.by == By::Polling {
            // What is in a poll that is given up is lost, so it polls when others have ended; and a lost session takes one of
            // its account's places until it is missed.
            if chance.below(3) == 0 {
                self.breaks(&mut chance).await;
            }
            return;
        }
        while !done.load(Ordering::Relaxed) {
            if self.link.is_none() && !self.enters(world).await {
                continue;
            }
            let until = Instant::now() + Duration::from_millis(chance.below(400) as u64);
            while Instant::now() < until && !done.load(Ordering::Relaxed) {
                if !self.hears(world, Duration::from_millis(20)).await && self.link.is_none() {
                    break;
                }
            }
            self.breaks(&mut chance).await;
        }
    }

    async fn breaks(&mut self, chance: &mut Chance) {
        if let Some(link) = self.link.take() {
            let losses = [Loss::Close, Loss::MidFrame, Loss::Reset];
            link.breaks(losses[chance.below(losses.len())]).await;
            self.cuts += 1;
        }
    }

    /// Hears the last words of a round in every conversation, coming back for that if need be.
    async fn catches_up(&mut self, world: &World, last: &[i64]) {
        let begun = Instant::now();
        while !last.iter().all(|id| self.known.contains_key(id)) {
            let (name, position) = (&self.name, self.position);
            assert!(
                begun.elapsed() < 4 * PATIENCE,
                "{name} at {position}: {last:?} do not come"
            );
            if self.link.is_some() || self.enters(world).await {
                self.hears(world, PATIENCE).await;
            }
        }
    }
}

/// All messages there are, by the dialect of mentor; and the position of the first page.
async fn load(world: &World, person: &Person) -> (BTreeMap<i64, State>, i64) {
    let (mut known, mut position) = (BTreeMap::new(), None);
    for place in &world.places {
        let mut before = String::new();
        loop {
            let path = format!("/api/conversations/{place}/messages?limit=100{before}");
            let page = person.get(path).await;
            page.has_status(200);
            let at = page.says("x-position");
            // Before anything was said it is no position of anything.
            let at = world
                .reader
                .0
                .read::<MessageKind>(at)
                .map_or(0, |at| at.number());
            position.get_or_insert(at);
            let page = page.json();
            let messages = page["messages"].as_array().expect("messages");
            known.extend(messages.iter().map(|one| world.reader.message(one)));
            match page["nextCursor"].as_str() {
                Some(cursor) => before = format!("&before={cursor}"),
                None => break,
            }
        }
    }
    (known, position.expect("a position"))
}

/// Does so much, by the events of a dialect, until that is done or the connection breaks. Returns how many changes it made.
async fn talks(
    world: Arc<World>,
    person: Person,
    at: usize,
    alive: Alive,
    mut chance: Chance,
) -> usize {
    let tongue = [&ROOMS, &DIRECT, &CAMPUS][at % 3];
    let auth = json!({ "token": person.token });
    let Ok(mut link) = Link::open(&world.address, By::Websocket, tongue, &auth).await else {
        return 0;
    };
    let spelled = |name: &str| match tongue.name {
        "rooms" => {
            let mut parts = name.split('_');
            let first = parts.next().expect("a word").to_owned();
            parts.fold(first, |name, part| {
                name + &part[..1].to_uppercase() + &part[1..]
            })
        }
        "campus" => name.replace('_', "-"),
        _ => name.to_owned(),
    };
    let mut changes = 0;
    for deed in 0..DEEDS {
        let number = deed as u64;
        let pick = |chance: &mut Chance, own: bool| {
            let alive = alive.lock().expect("nobody panicked");
            let mine: Vec<_> = alive.iter().filter(|one| !own || one.2 == at).collect();
            (!mine.is_empty()).then(|| *mine[chance.below(mine.len())])
        };
        let full = alive.lock().expect("nobody panicked").len() >= ALIVE;
        let kind = chance.below(12);
        let (event, body, target) = match kind {
            0..5 if !full => {
                let place = chance.below(world.places.len());
                let mention = match chance.below(3) {
                    0 => format!(" @{}", world.names[chance.below(world.names.len())]),
                    _ => String::new(),
                };
                let mut said = json!({
                    "conversationId": world.places[place],
                    "content": format!("{at} {deed}{mention} v0"),
                });
                if let Some((id, there, ..)) = pick(&mut chance, false)
                    && there == place
                {
                    said["replyTo"] = json!(id);
                }
                let event = match tongue.name {
                    "rooms" => "message".to_owned(),
                    "campus" => "send-group-message".to_owned(),
                    _ => "send_message".to_owned(),
                };
                (event, said, Some((0, place, at, 0)))
            }
            5..8 => {
                let Some(mine) = pick(&mut chance, true) else {
                    continue;
                };
                let words = format!("{at} edited v{}", mine.3 + 1);
                let body = json!({ "messageId": mine.0, "content": words });
                (spelled("edit_message"), body, Some(mine))
            }
            8..10 => {
                let Some(any) = pick(&mut chance, false) else {
                    continue;
                };
                let emoji = EMOJI[chance.below(EMOJI.len())];
                let remove = chance.below(3) == 0;
                let body = json!({ "messageId": any.0, "emoji": emoji, "remove": remove });
                (spelled("react_message"), body, None)
            }
            10 => {
                let Some(any) = pick(&mut chance, false) else {
                    continue;
                };
                // Who does not own the group is refused.
                let body = json!({ "messageId": any.0, "remove": chance.below(2) == 0 });
                (spelled("pin_message"), body, None)
            }
            _ => {
                let Some(mine) = pick(&mut chance, true) else {
                    continue;
                };
                alive
                    .lock()
                    .expect("nobody panicked")
                    .retain(|one| one.0 != mine.0);
                (
                    spelled("delete_message"),
                    json!({ "messageId": mine.0 }),
                    None,
                )
            }
        };
        link.say(packet::event("/", Some(number), &json!([event, body]), 0))
            .await;
        let answer = loop {
            match link.next().await {
                Some(packet) if packet.kind == Kind::Ack && packet.ack == Some(number) => {
                    break packet.data[0].clone();
                }
                Some(_) => {}
                None => return changes,
            }
        };
        if answer["ok"] != true {
            // Somebody else has deleted it, or may not pin there; a server that ends says so.
            let status = answer["error"]["statusCode"].as_i64();
            assert!(
                matches!(status, Some(400 | 403 | 404 | 503)),
                "{event} {body}: {answer}"
            );
            continue;
        }
        changes += 1;
        let mut alive = alive.lock().expect("nobody panicked");
        match target {
            Some((0, place, author, version)) => {
                let (id, _) = world.reader.message(&answer["message"]);
                alive.push((id, place, author, version));
            }
            Some((id, ..)) => {
                if let Some(one) = alive.iter_mut().find(|one| one.0 == id) {
                    one.3 += 1;
                }
            }
            None => {}
        }
    }
    changes
}

/// So many rounds of talk, in each of which something breaks; after each all clients know what there is.
pub async fn changes(rounds: usize, what: Break, seed: u64) -> Tally {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("chat.db");
    let mut chat = Chat::on(&file, &[]).await;
    let mut ann = chat.rooms("ann").await;
    let (mut people, mut talkers) = (Vec::new(), Vec::new());
    for at in 0..CLIENTS.len() {
        people.push(chat.rooms(&format!("client {at}")).await);
    }
    for at in 0..TALKERS {
        talkers.push(chat.rooms(&format!("talker {at}")).await);
    }
    let everybody: Vec<_> = people.iter().chain(&talkers).collect();
    let reader = Arc::new(Reader(chat.spelling()));
    let mut places = Vec::new();
    for at in 0..CONVERSATIONS {
        // The first talker owns one of them, and may pin there.
        let (owner, others) = match at {
            0 => (&talkers[0], &everybody[..]),
            _ => (&ann, &everybody[..]),
        };
        let others = others
            .iter()
            .filter(|one| one.token != owner.token)
            .copied();
        let mut others: Vec<&Person> = others.collect();
        if at == 0 {
            others.push(&ann);
        }
        places.push(owner.gathers(&format!("Everybody {at}"), &others).await);
    }
    let mut world = Arc::new(World {
        address: chat.address.clone(),
        reader,
        places,
        names: (0..CLIENTS.len())
            .map(|at| format!("client {at}"))
            .collect(),
    });
    let (known, position) = load(&world, &ann).await;
    let mut clients = Vec::new();
    for (at, ((tongues, by), person)) in CLIENTS.into_iter().zip(people).enumerate() {
        if by == By::Polling && what == Break::Server {
            continue;
        }
        clients.push(Client {
            name: format!("client {at} by {by:?}"),
            person,
            tongues,
            by,
            known: known.clone(),
            position,
            link: None,
            cuts: 0,
            heard: 0,
        });
    }
    let alive = Alive::default();
    let mut chance = Chance::of(seed);
    let mut tally = Tally::default();
    for round in 0..rounds {
        let done = Arc::new(AtomicBool::new(false));
        let mut talking = Vec::new();
        for (at, person) in talkers.iter().enumerate() {
            let chance = Chance::of(chance.number());
            let talks = talks(world.clone(), person.at(&chat), at, alive.clone(), chance);
            talking.push(tokio::spawn(talks));
        }
        let mut living = Vec::new();
        for mut client in clients {
            let (world, done) = (world.clone(), done.clone());
            let chance = Chance::of(chance.number());
            living.push(tokio::spawn(async move {
                client.lives(&world, &done, chance).await;
                client
            }));
        }
        if round % 3 == 0 && what == Break::Links {
            let form = Form::file("notes.txt", "text/plain", "notes");
            let form = form.field("roomId", &world.places[0]);
            ann.uploads(form).await.has_status(201);
        }
        if what == Break::Server {
            sleep(Duration::from_millis(50 + chance.below(250) as u64)).await;
            done.store(true, Ordering::Relaxed);
            chat.kill().await;
            chat = Chat::on(&file, &[]).await;
            tally.kills += 1;
        }
        for talking in talking {
            tally.changes += talking.await.expect("everybody has their say");
        }
        done.store(true, Ordering::Relaxed);
        clients = Vec::new();
        for living in living {
            clients.push(living.await.expect("nothing older is heard after newer"));
        }
        if what == Break::Server {
            ann = ann.at(&chat);
            world = Arc::new(World {
                address: chat.address.clone(),
                reader: world.reader.clone(),
                places: world.places.clone(),
                names: world.names.clone(),
            });
        }
        let mut last = Vec::new();
        for place in &world.places {
            let end = ann
                .sends_to(place, &format!("End of round {round} v0"))
                .await;
            last.push(world.reader.number::<MessageKind>(&end["id"]));
        }
        let (now, _) = load(&world, &ann).await;
        for client in &mut clients {
            client.catches_up(&world, &last).await;
            assert_same(
                &client.known,
                &now,
                &format!("round {round}: {}", client.name),
            );
        }
        // What nobody may change any more goes, or there would be ever more of it.
        for id in last {
            ann.delete(format!("/message/remove/{id}"))
                .await
                .has_status(200);
        }
    }
    for client in clients {
        tally.cuts += client.cuts;
        tally.heard += client.heard;
    }
    assert_eq!(chat.stop().await, 0);
    tally
}

fn assert_same(known: &BTreeMap<i64, State>, now: &BTreeMap<i64, State>, who: &str) {
    let ids: BTreeSet<_> = known.keys().chain(now.keys()).collect();
    let differ = ids.into_iter().find(|id| known.get(id) != now.get(id));
    if let Some(id) = differ {
        panic!(
            "{who}: {id} is {:?}, but known as {:?}",
            now.get(id),
            known.get(id)
        );
    }
}

#[tokio::test]
async fn what_was_loaded_and_heard_is_what_there_is_whatever_links_break() {
    let tally = changes(8, Break::Links, 1).await;
    assert!(tally.cuts >= 40 && tally.changes > 200, "{tally:?}");
}

#[tokio::test]
async fn what_was_loaded_and_heard_is_what_there_is_after_kill_9() {
    let tally = changes(6, Break::Server, 1).await;
    assert!(tally.kills == 6 && tally.changes > 50, "{tally:?}");
}
