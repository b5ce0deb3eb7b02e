//! How long does it hold? The scenes of `tests/endure`, as often as one likes, against a release build.
//!
//!     cargo bench --bench endure -- power-cuts 1000       cuts replayed from recorded writes
//!     cargo bench --bench endure -- kills 1000            `kill -9` under load
//!     cargo bench --bench endure -- order 100000          messages to ten listeners
//!     cargo bench --bench endure -- cuts 5000             links that break
//!     cargo bench --bench endure -- changes 600           edits, reactions, pins and deletions while links break; --kill: and servers
//!     cargo bench --bench endure -- nodes 200             three servers on PostgreSQL, where servers, ways and databases break
//!     cargo bench --bench endure -- sleepers 500          listeners that stop reading
//!     cargo bench --bench endure -- endings 50            SIGTERM in the middle of everything
//!     cargo bench --bench endure -- backups 100           copies under load
//!     cargo bench --bench endure -- storm 100             logins at once
//!     cargo bench --bench endure -- year 365              a year of logins, codes, connects and reads
//!     cargo bench --bench endure -- years 10              ten years of a busy team, a million messages, where old ones are removed
//!     cargo bench --bench endure -- hostile --seconds 60  attacks, each beside calm people; --only NAME for one of them
//!
//! What is promised is asserted: a broken promise ends it with a panic that says which.

#[allow(
    dead_code,
    unused_imports,
    reason = "some of it only the other scenes need"
)]
#[path = "../support/mod.rs"]
mod support;

#[allow(
    dead_code,
    unused_imports,
    reason = "what is played once is played among the other scenes"
)]
#[path = "mod.rs"]
mod endure;

#[allow(dead_code, reason = "tokens of an application, for the year")]
#[path = "../trust_jwt"]
mod trust_jwt {
    pub mod keys;
}

use clap::{Parser, Subcommand, ValueEnum};
use std::time::{Duration, Instant};

/// Puts a chat server of its own through something, many times.
#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    what: What,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// Cuts the power, replayed from recorded writes
    PowerCuts {
        #[arg(default_value_t = 1_000)]
        count: usize,
        /// What the server is told about the disk: with `normal` losses are counted, not refused
        #[arg(long, default_value = "full")]
        durability: String,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Kills the server under load
    Kills {
        #[arg(default_value_t = 1_000)]
        count: usize,
    },
    /// Sends messages to ten who listen in every dialect
    Order {
        #[arg(default_value_t = 100_000)]
        messages: usize,
    },
    /// Breaks the links of ten who talk
    Cuts {
        #[arg(default_value_t = 5_000)]
        count: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Changes messages while links break
    Changes {
        #[arg(default_value_t = 600)]
        rounds: usize,
        /// Kills the server in each round
        #[arg(long)]
        kill: bool,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Breaks servers, the ways to PostgreSQL and PostgreSQL itself, under load
    Nodes {
        #[arg(default_value_t = 200)]
        rounds: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Has listeners stop reading
    Sleepers {
        #[arg(default_value_t = 500)]
        count: usize,
        /// How often they come, fall asleep and go
        #[arg(long, default_value_t = 3)]
        phases: usize,
        /// Of 1,000 bytes each, 200 in a second. So many are more than the kernels of both sides hold for a sleeper, and so many more
        /// that its queue in the server is full in the end
        #[arg(long, default_value_t = 6_000)]
        messages: usize,
    },
    /// Tells servers under load to end
    Endings {
        #[arg(default_value_t = 50)]
        count: usize,
    },
    /// Makes copies under load
    Backups {
        #[arg(default_value_t = 100)]
        count: usize,
    },
    /// Sets the clock from day to day, and looks at what is left
    Year {
        #[arg(default_value_t = 365)]
        days: i64,
        /// A day, here and in the surrounding application
        #[arg(long, default_value_t = 50)]
        logins: usize,
    },
    /// Sets the clock through years in which old messages and files are removed
    Years {
        #[arg(default_value_t = 10)]
        years: i64,
        /// Steps in a year
        #[arg(long, default_value_t = 12)]
        steps: i64,
        /// Messages in a step
        #[arg(long, default_value_t = 8_400)]
        messages: usize,
    },
    /// Logs in many at once
    Storm {
        #[arg(default_value_t = 100)]
        logins: usize,
    },
    /// Attacks a server beside calm people
    Hostile {
        /// How long each attack goes on; before it, calm is measured for a third of that
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..=3_600))]
        seconds: u64,
        /// This attack alone; repeatable
        #[arg(long, value_name = "NAME")]
        only: Vec<endure::hostile::Attack>,
    },
}

fn main() {
    let flags = Flags::parse();
    endure::open_more_files();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let begun = Instant::now();
    let said = runtime.block_on(run(flags.what));
    println!("{said}\nin {:.1} s", begun.elapsed().as_secs_f64());
}

async fn run(what: What) -> String {
    use endure::*;
    match what {
        What::PowerCuts {
            count,
            durability,
            seed,
        } => {
            let folder = tempfile::tempdir().expect("a folder");
            let recording = power::records(&durability, power::MESSAGES, folder.path()).await;
            let losses = power::cuts(&recording, count, seed).await;
            assert!(
                durability != "full" || losses.with_losses == 0,
                "{losses:?}"
            );
            format!("{losses:?}")
        }
        What::Kills { count } => {
            let acknowledged = kills::kills(count).await;
            format!("{count} kills, none of {acknowledged} acknowledged messages lost")
        }
        What::Order { messages } => {
            let (disorder, took) = order::order(messages).await;
            assert_eq!(disorder, order::Disorder::default());
            format!("{messages} messages to ten listeners in {took:?}: {disorder:?}")
        }
        What::Cuts { count, seed } => {
            let tally = cuts::cuts(count, seed).await;
            assert!(tally.cuts >= count, "{tally:?}");
            format!("none lost, none shown twice, none stored twice: {tally:?}")
        }
        What::Changes { rounds, kill, seed } => {
            let what = match kill {
                true => changes::Break::Server,
                false => changes::Break::Links,
            };
            let tally = changes::changes(rounds, what, seed).await;
            format!("what was loaded and heard since is what there is: {tally:?}")
        }
        What::Nodes { rounds, seed } => {
            let tally = nodes::nodes(rounds, seed).await;
            format!("none lost, none doubled, one order, one history:\n{tally}")
        }
        What::Sleepers {
            count,
            phases,
            messages,
        } => {
            let cost = sleepers::sleepers(count, phases, messages).await;
            let median = |from: usize| {
                let mut of = cost.p99.iter().skip(from).step_by(2).collect::<Vec<_>>();
                of.sort_unstable();
                *of[of.len() / 2]
            };
            let (without, with) = (median(0), median(1));
            let grown = cost.most - cost.before;
            assert!(grown < 128, "{grown} MiB: {cost:?}");
            format!(
                "{count} sleepers cost {grown} MiB; p99 {without:?} without, {with:?} with: {cost:?}"
            )
        }
        What::Endings { count } => {
            let slowest = endings::endings(count).await;
            assert!(slowest < Duration::from_secs(10));
            format!("{count} endings with code 0, the slowest in {slowest:?}")
        }
        What::Backups { count } => {
            let held = backups::backups(count).await;
            format!("{count} copies, all sound and complete, the last with {held} messages")
        }
        What::Year { days, logins } => {
            let left = year::year(days, logins).await;
            left.is_little();
            format!("{days} days with {logins} logins each: {left:?}")
        }
        What::Years {
            years,
            steps,
            messages,
        } => {
            let played = years::years(years, steps, messages).await;
            years::stay_alike(&played);
            format!("{years} years, and none after the second is larger")
        }
        What::Storm { logins } => {
            let waits = storm::storm(logins).await;
            assert!(waits.p99 < Duration::from_millis(50), "{waits:?}");
            format!("{waits:?}")
        }
        What::Hostile { seconds, only } => {
            let all = hostile::Attack::value_variants();
            let attacks = if only.is_empty() { all } else { &only };
            let tried = hostile::hostile(attacks, Duration::from_secs(seconds)).await;
            assert!(tried.is_empty(), "not borne:\n{}", tried.join("\n"));
            format!("{} attacks, and nobody noticed", attacks.len())
        }
    }
}
