//! What stands there, and what breaks of it: three servers, the database that they share, its standby, and the ways between
//! them.

use super::Tally;
use crate::endure::chance::Chance;
use crate::support::postgres::{Cluster, Database, Disk, free_port};
use crate::support::proxy::{Loss, Proxy};
use crate::support::*;
use chat::core::id::Spelling;
use rustix::process::Signal;
use std::mem::replace;
use std::time::{Duration, Instant};
use tokio::time::sleep;

pub const SERVERS: usize = 3;
/// A server whose database is lost while it starts ends, and whoever watches over it starts it again, so often at most.
const STARTS: usize = 5;
/// What a server says each time it asks whether a commit has happened.
const IN_DOUBT: &str = "the connection was lost in a commit: did it happen?";

/// What breaks in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// `kill -9` of a server.
    ServerKilled,
    /// `kill -9` of PostgreSQL, or of one of its sessions, which ends all others.
    DatabaseKilled,
    /// All connections between a server and the database are cut.
    WayCut,
    /// A COMMIT, or the answer to it, is lost.
    CommitLost,
    /// A server stands still for seconds.
    ServerStopped,
    /// A server is told to end.
    ServerDrained,
    /// `kill -9` of PostgreSQL, and its standby takes over.
    StandbyPromoted,
}

impl Break {
    pub const ALL: [Break; 7] = [
        Break::ServerKilled,
        Break::DatabaseKilled,
        Break::WayCut,
        Break::CommitLost,
        Break::ServerStopped,
        Break::ServerDrained,
        Break::StandbyPromoted,
    ];

    /// One round in twenty promotes a standby; the others are as frequent as each other.
    pub fn drawn(chance: &mut Chance) -> Break {
        match chance.below(20) {
            0 => Break::StandbyPromoted,
            _ => Break::ALL[chance.below(Break::ALL.len() - 1)],
        }
    }
}

/// Two places at which a database can be. At one of them is the primary, at the other its standby.
pub struct Fleet {
    servers: Vec<Chat>,
    /// Where each server is reached, whenever it runs.
    pub addresses: Vec<String>,
    /// From each server to both places.
    ways: Vec<[Proxy; 2]>,
    /// At which of both places the primary is.
    at: usize,
    primary: Cluster,
    standby: Cluster,
}

impl Fleet {
    pub async fn starts() -> Fleet {
        let primary = Cluster::start(Disk::Flushed);
        let standby = primary.standby(free_port());
        primary.waits_for_standby().await;
        let way = |_| [&primary, &standby].map(|place| Proxy::before(place.port));
        let mut fleet = Fleet {
            servers: Vec::new(),
            addresses: (0..SERVERS)
                .map(|_| format!("127.0.0.1:{}", free_port()))
                .collect(),
            ways: (0..SERVERS).map(way).collect(),
            at: 0,
            primary,
            standby,
        };
        for at in 0..SERVERS {
            let server = fleet.server(at).await;
            fleet.servers.push(server);
        }
        fleet
    }

    pub fn first(&self) -> &Chat {
        &self.servers[0]
    }

    pub fn spelling(&self) -> Spelling {
        self.first().spelling()
    }

    /// The database, past all proxies.
    pub fn database(&self) -> Database {
        let database = Database::at(&self.primary.url("postgres"));
        database.expect("an address of PostgreSQL")
    }

    async fn server(&self, at: usize) -> Chat {
        let [one, other] = &self.ways[at];
        let database = format!(
            "postgres://chat@127.0.0.1:{},127.0.0.1:{}/postgres?sslmode=disable",
            one.port, other.port
        );
        let flags = ["--temp", "--db", &database, "--listen", &self.addresses[at]];
        let mut refusals = Vec::new();
        while refusals.len() < STARTS {
            match Chat::start(&flags).await {
                Ok(server) => return server,
                Err(refusal) => refusals.push(refusal),
            }
        }
        panic!("it does not start: {refusals:?}");
    }

    /// Something breaks, and is repaired.
    pub async fn suffers(&mut self, what: Break, chance: &mut Chance, tally: &mut Tally) {
        let at = chance.below(SERVERS);
        let pause = Duration::from_millis(chance.below(500) as u64);
        if chance.below(4) == 0 {
            // At another server meanwhile.
            self.ways[(at + 1) % SERVERS][self.at].loses(Loss::Answer);
        }
        match what {
            Break::ServerKilled => {
                let server = self.servers.remove(at);
                note_questions(&server, tally);
                server.kill().await;
                sleep(pause).await;
                let server = self.server(at).await;
                self.servers.insert(at, server);
            }
            Break::ServerDrained => {
                let server = self.servers.remove(at);
                note_questions(&server, tally);
                assert_eq!(server.stop().await, 0, "told to end, it ends in order");
                let server = self.server(at).await;
                self.servers.insert(at, server);
            }
            Break::DatabaseKilled => {
                if chance.below(2) == 0 {
                    self.primary.crashes();
                } else {
                    self.primary.is_killed();
                    sleep(pause).await;
                    self.primary.goes_on();
                }
                self.primary.is_followed().await;
            }
            Break::WayCut => {
                let way = &self.ways[at][self.at];
                if chance.below(2) == 0 {
                    way.cuts();
                } else {
                    way.refuses(true);
                    sleep(4 * pause).await;
                    way.refuses(false);
                }
            }
            Break::CommitLost => {
                let loss = match chance.below(4) {
                    0 => Loss::Commit,
                    _ => Loss::Answer,
                };
                let way = &self.ways[at][self.at];
                let (before, asked) = (way.lost(), Instant::now());
                way.loses(loss);
                while way.lost() == before {
                    assert!(asked.elapsed() < 3 * PATIENCE, "it commits nothing");
                    sleep(Duration::from_millis(20)).await;
                }
            }
            Break::ServerStopped => {
                let server = &self.servers[at];
                for _ in 0..10 {
                    server.is_told(Signal::STOP);
                    sleep(MOMENT).await;
                    if self.is_held_up().await {
                        tally.held_the_pen += 1;
                        break;
                    }
                    server.is_told(Signal::CONT);
                    sleep(pause / 10).await;
                }
                server.is_told(Signal::STOP);
                // A session may stand still in a transaction for two seconds.
                sleep(Duration::from_secs(1) + 5 * pause).await;
                server.is_told(Signal::CONT);
            }
            Break::StandbyPromoted => {
                self.primary.is_followed().await;
                if chance.below(2) == 0 {
                    // What waits for the standby now is in doubt, and only the primary's disk has it.
                    self.standby.all_are_told(Signal::STOP);
                    sleep(2 * MOMENT).await;
                    self.primary.is_killed();
                    self.primary.goes_on();
                    sleep(4 * pause).await;
                    self.primary.is_killed();
                    self.standby.all_are_told(Signal::CONT);
                } else {
                    self.primary.is_killed();
                }
                self.is_taken_over(tally).await;
            }
        }
    }

    /// Does a session stand still in the middle of a transaction?
    async fn is_held_up(&self) -> bool {
        let sql = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'
             AND clock_timestamp() - state_change > interval '0.1 s'";
        let found = self.database().client().await.query(sql, &[]).await;
        !found.expect("the database serves").is_empty()
    }

    /// The standby takes over, and gets one of its own, where the primary was. Servers remember a history that is over, and end.
    async fn is_taken_over(&mut self, tally: &mut Tally) {
        self.standby.is_promoted();
        for at in 0..SERVERS {
            let server = self.servers.remove(at);
            note_questions(&server, tally);
            assert_eq!(
                server.ends().await,
                1,
                "who watches over it starts it again"
            );
            let server = self.server(at).await;
            self.servers.insert(at, server);
        }
        let port = self.primary.port;
        let new = self.standby.standby(port);
        // What is left of the old one goes.
        self.primary = replace(&mut self.standby, new);
        self.at = 1 - self.at;
        self.primary.waits_for_standby().await;
    }

    /// All end in order.
    pub async fn ends(self, tally: &mut Tally) {
        tally.lost = self.ways.iter().flatten().map(Proxy::lost).sum();
        for server in self.servers {
            note_questions(&server, tally);
            assert_eq!(server.stop().await, 0);
        }
    }
}

fn note_questions(server: &Chat, tally: &mut Tally) {
    tally.asked += server.log().matches(IN_DOUBT).count();
}
