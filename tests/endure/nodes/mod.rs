//! Three servers on one PostgreSQL, and round after round something breaks: nothing that was acknowledged is lost, nothing
//! is doubled, all hear one order, and all servers tell the same afterwards.
//!
//! Everybody speaks and listens the whole time, at all servers (`talk`). In each round one thing breaks and is repaired
//! (`breaks`); then what was acknowledged and what was heard is held against what is kept (`record`).

mod breaks;
mod record;
mod talk;

use super::chance::Chance;
use breaks::{Break, Fleet};
use record::Record;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use talk::Talk;
use tokio::time::sleep;

/// Said after so many rounds.
const SAID_AFTER: usize = 10;

/// How it was.
#[derive(Debug, Default)]
pub struct Tally {
    pub rounds: BTreeMap<Break, usize>,
    pub acknowledged: usize,
    /// Commits whose answer the server had to ask for.
    pub in_doubt: usize,
    /// How often a server stood still in the middle of a transaction.
    pub held_the_pen: usize,
    pub links_lost: usize,
    pub said_again: usize,
}

/// So many rounds, drawn by chance.
pub async fn nodes(rounds: usize, seed: u64) -> Tally {
    let mut chance = Chance::of(seed);
    let breaks: Vec<_> = (0..rounds).map(|_| Break::drawn(&mut chance)).collect();
    rounds_of(&breaks, seed).await
}

/// A round for each of these.
async fn rounds_of(breaks: &[Break], seed: u64) -> Tally {
    let begun = Instant::now();
    let mut chance = Chance::of(!seed);
    let mut tally = Tally::default();
    let mut fleet = Fleet::starts().await;
    let talk = Talk::begins(&fleet, &mut chance).await;
    let mut record = Record::new();
    for (at, &what) in breaks.iter().enumerate() {
        let round = Round {
            seed,
            number: at + 1,
            what,
        };
        sleep(Duration::from_millis(200 + chance.below(300) as u64)).await;
        fleet.suffers(what, &mut chance, &mut tally).await;
        let settled = record.settles(&fleet, &talk).await;
        round.keeps_its_promise(settled);
        *tally.rounds.entry(what).or_default() += 1;
        if round.number % SAID_AFTER == 0 {
            println!(
                "{} of {} rounds, {} messages acknowledged, {:.0} s",
                round.number,
                breaks.len(),
                record.acknowledged(),
                begun.elapsed().as_secs_f64()
            );
        }
    }
    let last = Round {
        seed,
        number: breaks.len(),
        what: breaks[breaks.len() - 1],
    };
    last.keeps_its_promise(talk.falls_silent().await);
    last.keeps_its_promise(record.settles(&fleet, &talk).await);
    last.keeps_its_promise(record.is_what_is_kept(&fleet, &talk).await);
    tally.acknowledged = record.acknowledged();
    (tally.links_lost, tally.said_again) = talk.counts();
    drop(talk);
    fleet.ends(&mut tally).await;
    tally
}

/// Says where it was, if something panics meanwhile.
#[derive(Debug)]
struct Round {
    seed: u64,
    number: usize,
    what: Break,
}

impl Round {
    fn keeps_its_promise(&self, kept: Result<(), String>) {
        if let Err(why) = kept {
            panic!("{self:?}: {why}");
        }
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was in {self:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_keep_what_was_acknowledged_whatever_breaks() {
    let tally = rounds_of(&Break::ALL, 1).await;
    assert!(
        tally.acknowledged > 100 && tally.rounds.len() == Break::ALL.len(),
        "{tally:?}"
    );
}
