//! How soon do ordinary people hear each other? Three in a room, who say something at a steady pace, and visitors.

use super::super::link::{By, Link};
use super::super::tongues::{JOINED, ROOMS};
use super::wire;
use crate::support::packet::Kind;
use crate::support::*;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until, timeout};

/// How often each says something: half of what a socket may.
const EVERY: Duration = Duration::from_millis(100);
/// How often somebody comes in, looks at a list and goes.
const VISITS: Duration = Duration::from_millis(500);
/// What has not come by then has not come.
const LATE: Duration = Duration::from_secs(10);

/// What three people and their visitors waited for, and how long.
#[derive(Debug, Default)]
pub struct Waits {
    /// From saying something to each hearing it, and to its acknowledgement.
    pub heard: Vec<Duration>,
    pub acknowledged: Vec<Duration>,
    /// From connecting to having been let in and shown a list.
    pub visits: Vec<Duration>,
    /// Who was cut off, refused or kept out, in words.
    pub wrongs: Vec<String>,
}

pub struct Calm {
    people: Vec<Link>,
    room: String,
    server: SocketAddr,
    token: String,
    /// Where visitors come from.
    visitors: IpAddr,
}

/// What is said in one phase.
struct Phase {
    begun: Instant,
    until: Instant,
    said: Cell<usize>,
    waits: RefCell<Waits>,
}

impl Calm {
    /// The people come into the room, which is theirs.
    pub async fn begin(chat: &Chat, people: &[Person], room: &str, visitors: IpAddr) -> Calm {
        let mut links = Vec::new();
        for person in people {
            let auth = json!({ "token": person.token });
            let link = Link::open(&chat.address, By::Websocket, &ROOMS, &auth).await;
            let mut link = link.expect("an ordinary person is let in");
            link.say(ROOMS.joins(room).expect("rooms joins by event"))
                .await;
            let joined = link.next().await.expect("joining is acknowledged");
            assert_eq!(joined.ack, Some(JOINED), "{joined:?}");
            links.push(link);
        }
        Calm {
            people: links,
            room: room.to_owned(),
            server: chat.address.parse().expect("an address"),
            token: people[0].token.clone(),
            visitors,
        }
    }

    /// They talk for so long, and then wait until everything has been heard, or no longer can be.
    pub async fn goes_on(&mut self, long: Duration) -> Waits {
        let begun = Instant::now();
        let phase = Phase {
            begun,
            until: begun + long,
            said: Cell::default(),
            waits: RefCell::default(),
        };
        let (room, people) = (&self.room, &mut self.people);
        let talking = people
            .iter_mut()
            .enumerate()
            .map(|(who, link)| phase.talks(who, link, room));
        let talking = futures_util::future::join_all(talking);
        let visiting = phase.visits(self.server, self.visitors, &self.token);
        tokio::join!(talking, visiting);
        phase.waits.into_inner()
    }
}

impl Phase {
    /// Says something now and then, and listens.
    async fn talks(&self, who: usize, link: &mut Link, room: &str) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting: HashMap<u64, Instant> = HashMap::new();
        let (mut next, mut heard) = (0, 0);
        while Instant::now() < self.until || !waiting.is_empty() || heard < self.said.get() {
            let talks_on = Instant::now() < self.until;
            let packet = tokio::select! {
                _ = tick.tick(), if talks_on => {
                    let words = format!("{} from {who}", self.begun.elapsed().as_micros());
                    let said = ROOMS.says(room, &words, next, None);
                    waiting.insert(next, Instant::now());
                    next += 1;
                    self.said.set(self.said.get() + 1);
                    link.say(said.expect("rooms says by event")).await;
                    continue;
                }
                () = sleep_until(self.until.into()), if talks_on => continue,
                () = sleep_until((self.until + LATE).into()) => break,
                packet = link.next() => packet,
            };
            let Some(packet) = packet else {
                self.goes_wrong(format!("person {who} was cut off"));
                break;
            };
            let acknowledged = packet.ack.and_then(|number| waiting.remove(&number));
            let mut waits = self.waits.borrow_mut();
            if let Some(since) = acknowledged.filter(|_| packet.kind == Kind::Ack) {
                waits.acknowledged.push(since.elapsed());
                if packet.data[0]["ok"] != true {
                    self.said.set(self.said.get() - 1);
                    waits
                        .wrongs
                        .push(format!("person {who} was refused: {}", packet.data));
                }
            } else if let Some((words, _)) = ROOMS.hears(&packet.data) {
                let said = words.split(' ').next().and_then(|said| said.parse().ok());
                let said = Duration::from_micros(said.expect("when it was said"));
                waits.heard.push(self.begun.elapsed().saturating_sub(said));
                heard += 1;
            }
        }
        let mut waits = self.waits.borrow_mut();
        let missed = self.said.get().saturating_sub(heard);
        waits.heard.extend(std::iter::repeat_n(LATE, missed));
        waits
            .acknowledged
            .extend(std::iter::repeat_n(LATE, waiting.len()));
    }

    /// One of them comes by from another device, again and again.
    async fn visits(&self, server: SocketAddr, from: IpAddr, token: &str) {
        while Instant::now() < self.until {
            let begun = Instant::now();
            let visited = timeout(LATE, visit(server, from, token)).await;
            match visited.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
                Ok(()) => self.waits.borrow_mut().visits.push(begun.elapsed()),
                Err(why) => self.goes_wrong(format!("a visitor was kept out: {why}")),
            }
            sleep(VISITS).await;
        }
    }

    fn goes_wrong(&self, what: String) {
        self.waits.borrow_mut().wrongs.push(what);
    }
}

/// By websocket with the token in its query, as who should be known before anybody is counted; and by REST.
async fn visit(server: SocketAddr, from: IpAddr, token: &str) -> std::io::Result<()> {
    let mut socket = wire::websocket(server, from, &format!("&token={token}")).await?;
    wire::say(&mut socket, "40".to_owned()).await?;
    wire::is_let_in(&mut socket).await?;
    drop(socket);
    let mut connection = wire::connect(server, from).await?;
    let list = wire::request("GET", "/api/conversations?limit=5", token, None);
    match wire::ask(&mut connection, &list).await? {
        (200, _) => Ok(()),
        (status, _) => Err(std::io::Error::other(status.to_string())),
    }
}
