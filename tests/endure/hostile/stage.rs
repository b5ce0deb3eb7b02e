//! Who is there before an attack? A server with the limits that a server has by default, three friends in a room, and
//! Mallory, with whatever she may have gathered in the course of time.

use super::calm::Calm;
use super::field::{Field, Size};
use super::measured::Taken;
use super::{
    Attack, LOOK, answers, connections, deaf, everything, groups, joining, lists, presence,
    resident, typing, wire,
};
use crate::support::*;
use rusqlite::Connection;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use tokio::time::sleep;

/// When the rows were made that no server made, in milliseconds since 1970.
const LONG_AGO: i64 = 1_700_000_000_000;

pub struct Stage {
    pub chat: Chat,
    attack: Attack,
    friends: Vec<Person>,
    room: String,
    mallory: Person,
    places: Vec<String>,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Has everything prepared by a server that limits nothing, and starts one with all limits on the same file.
    pub async fn set(attack: Attack, size: Size) -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("chat.db");
        let chat = Chat::on(&file, &[]).await;
        let mut friends = Vec::new();
        for name in ["ann", "bob", "cleo"] {
            friends.push(chat.rooms(name).await);
        }
        let mallory = chat.rooms("mallory").await;
        let room = friends[0].opens_room("General Discussion").await;
        let places = match attack {
            Attack::Answers => answers::prepare(&mallory).await,
            Attack::Deaf => deaf::prepare(&mallory).await,
            Attack::Everything => everything::prepare(&mallory, &friends).await,
            Attack::Groups => groups::prepare(&chat, &mallory, size).await,
            Attack::Presence => presence::prepare(&chat, size).await,
            Attack::Typing => typing::prepare(&mallory, &friends[0]).await,
            _ => Vec::new(),
        };
        assert_eq!(chat.stop().await, 0);

        let rows = Connection::open(&file).expect("the database");
        match attack {
            Attack::Joining => joining::fill(&rows, mallory.number, size),
            Attack::Lists => lists::fill(&rows, mallory.number, size),
            Attack::Groups => groups::fill(&rows),
            Attack::Presence => presence::fill(&rows, mallory.number, size),
            _ => {}
        }
        drop(rows);
        let file = file.to_str().expect("a plain path");
        let server = match attack {
            Attack::Connections => connections::server(size),
            _ => Command::new(env!("CARGO_BIN_EXE_chat")),
        };
        let flags = ["--db", file, "--listen", "127.0.0.1:0", "--members-invite"];
        let started = Chat::start_by(server, &flags).await;
        let chat = started.unwrap_or_else(|refusal| panic!("ended with {refusal:?}"));
        Stage {
            friends: friends.iter().map(|friend| friend.at(&chat)).collect(),
            mallory: mallory.at(&chat),
            attack,
            chat,
            room,
            places,
            folder,
        }
    }

    /// The friends, and who visits them.
    pub async fn calm(&self) -> Calm {
        let visitors = match self.attack {
            // Whoever brings a token is known also behind an address from which others knock and say nothing.
            Attack::Handshakes => wire::address(0),
            _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        Calm::begin(&self.chat, &self.friends, &self.room, visitors).await
    }

    pub fn field(&self, size: Size) -> Field {
        let server = self.chat.address.parse().expect("an address");
        let tokens = [&*self.mallory.token, &*self.friends[0].token];
        Field::new(server, size, tokens, self.places.clone())
    }

    /// What the server has taken up so far.
    pub fn taken(&self) -> Taken {
        let file = self.folder.path().join("chat.db");
        let bytes = ["chat.db", "chat.db-wal"].map(|name| {
            let about = std::fs::metadata(self.folder.path().join(name));
            about.map_or(0, |about| about.len())
        });
        let rows = Connection::open(file).expect("the database");
        rows.busy_timeout(PATIENCE).expect("patience");
        let mails = rows.query_row("SELECT count(*) FROM outbox", (), |row| {
            row.get::<_, i64>(0)
        });
        Taken {
            disk: bytes.iter().sum::<u64>() >> 20,
            mails: mails.expect("a count").unsigned_abs(),
            busy: busy(&self.chat),
        }
    }

    /// Something, and the most memory that the server had meanwhile, in MiB; where that is too much, it is said once.
    pub async fn watched<T>(
        &self,
        enough: u64,
        is_enough: impl FnOnce(),
        what: impl Future<Output = T>,
    ) -> (T, u64) {
        let (mut most, mut is_enough) = (0, Some(is_enough));
        let mut what = std::pin::pin!(what);
        loop {
            most = most.max(resident(&self.chat));
            if most > enough
                && let Some(is_enough) = is_enough.take()
            {
                is_enough();
            }
            tokio::select! {
                done = &mut what => return (done, most.max(resident(&self.chat))),
                () = sleep(LOOK) => {}
            }
        }
    }
}

/// Seconds of processors that the server has used, its user's and the system's.
fn busy(chat: &Chat) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", chat.announced["pid"]));
    let stat = stat.expect("this needs Linux's /proc");
    // The name, in parentheses, may have blanks; behind it these are the 12th and the 13th.
    let behind = stat.rsplit_once(") ").expect("a name").1;
    let ticks = behind.split(' ').skip(11).take(2);
    let ticks: f64 = ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number"))
        .sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

/// So many groups, in the first of which this person is a member.
pub fn gather(rows: &Connection, who: u64, groups: usize, member_of: usize) {
    let filling = format!(
        "BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {groups})
         INSERT INTO conversations (kind, name, creator, created_at)
         SELECT 'group', 'plot ' || i, {who}, {LONG_AGO} FROM n;
         INSERT INTO members (conversation, account, joined_at)
         SELECT id, {who}, created_at FROM conversations WHERE name LIKE 'plot %' ORDER BY id LIMIT {member_of};
         COMMIT;"
    );
    rows.execute_batch(&filling).expect("rows can be added");
}

/// Opens a room and says so many things in it, each as long as may be; returns the ids of the room and of the first message.
pub async fn long_talk(mallory: &Person, messages: usize) -> Vec<String> {
    let room = mallory.opens_room("Long talk").await;
    let first = mallory.posts(&room, &long_words()).await;
    for _ in 1..messages {
        let said = json!({ "roomId": room, "content": long_words() });
        mallory.does("message", said).await;
    }
    mallory.hangs_up().await;
    let first = first["_id"].as_str().expect("a message has an _id");
    vec![room, first.to_owned()]
}

/// A message of the most characters there may be, of four bytes each.
pub fn long_words() -> String {
    "🙊".repeat(8_000)
}
