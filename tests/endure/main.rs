//! How long does it hold? The scenes of `tests/endure`, as often as one likes, against a release build.
//!
//!     cargo bench --bench endure -- power-cuts 1000       cuts replayed from recorded writes
//!     cargo bench --bench endure -- kills 1000            `kill -9` under load
//!
//! What is promised is asserted: a broken promise ends it with a panic that says which.

#[allow(
    dead_code,
    unused_imports,
    reason = "some of it only the other scenes need"
)]
#[path = "../support/mod.rs"]
mod support;

#[path = "mod.rs"]
mod endure;

use clap::{Parser, Subcommand};
use std::time::Instant;

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
}

fn main() {
    let flags = Flags::parse();
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
    }
}
