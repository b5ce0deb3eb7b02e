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
use std::fmt;
use std::time::{Duration, Instant};
use talk::Talk;
use tokio::time::sleep;

/// Said after so many rounds.
const SAID_AFTER: usize = 10;

/// How it was.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many rounds there were of each kind, and how long they took in all.
    rounds: BTreeMap<Break, (u32, Duration)>,
    acknowledged: usize,
    /// Commits, or answers to them, that were lost on the way.
    lost: usize,
    /// How often a server asked whether a commit had happened: some of them many times, until the database was there.
    asked: usize,
    /// How often a server stood still in the middle of a transaction.
    held_the_pen: usize,
    links_lost: usize,
    said_again: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, (count, took)) in &self.rounds {
            let each = took.as_secs_f64() / f64::from(*count);
            writeln!(f, "{count:5} {what:?}, {each:.1} s each")?;
        }
        write!(
            f,
            "{} messages acknowledged, said again {} times; {} links lost; {} commits or their answers lost on the way, and {} \
             times asked whether one had happened; {} times a server stood still with the pen",
            self.acknowledged,
            self.said_again,
            self.links_lost,
            self.lost,
            self.asked,
            self.held_the_pen
        )
    }
}

/// So many rounds: one with each break, and what chance draws from then on.
pub async fn nodes(rounds: usize, seed: u64) -> Tally {
    let begun = Instant::now();
    let mut chance = Chance::of(seed);
    let mut tally = Tally::default();
    let mut fleet = Fleet::starts().await;
    let talk = Talk::begins(&fleet, &mut chance).await;
    let mut record = Record::new();
    for number in 1..=rounds {
        let what = match Break::ALL.get(number - 1) {
            Some(&first) => first,
            None => Break::drawn(&mut chance),
        };
        let round = Round(format!("round {number} with seed {seed}, {what:?}"));
        sleep(Duration::from_millis(200 + chance.below(300) as u64)).await;
        let broken = Instant::now();
        fleet.suffers(what, &mut chance, &mut tally).await;
        let settled = record.settles(&fleet, &talk).await;
        round.keeps_its_promise(settled);
        let (count, took) = tally.rounds.entry(what).or_default();
        *count += 1;
        *took += broken.elapsed();
        if number % SAID_AFTER == 0 {
            println!(
                "{number} of {rounds} rounds, {} messages acknowledged, {:.0} s",
                record.acknowledged(),
                begun.elapsed().as_secs_f64()
            );
        }
    }
    let last = Round(format!("the end with seed {seed}"));
    last.keeps_its_promise(talk.falls_silent().await);
    last.keeps_its_promise(record.settles(&fleet, &talk).await);
    last.keeps_its_promise(record.is_what_is_kept(&fleet, &talk).await);
    tally.acknowledged = record.acknowledged();
    (tally.links_lost, tally.said_again) = talk.counts();
    drop(talk);
    fleet.ends(&mut tally).await;
    tally
}

/// Where it is, which is said if something panics meanwhile.
struct Round(String);

impl Round {
    fn keeps_its_promise(&self, kept: Result<(), String>) {
        if let Err(why) = kept {
            panic!("{}: {why}", self.0);
        }
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was in {}", self.0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_keep_what_was_acknowledged_whatever_breaks() {
    let tally = nodes(Break::ALL.len(), 1).await;
    assert!(
        tally.acknowledged > 100 && tally.rounds.len() == Break::ALL.len(),
        "{tally:?}"
    );
}
