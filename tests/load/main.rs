//! What does the server cost: per message, per delivery, per idle socket, per start?
//!
//!     cargo bench --bench load                                   messages through rooms
//!     cargo bench --bench load -- --dialect direct --senders 1 --in-flight 1
//!     cargo bench --bench load -- --idle 5000                    memory of open, joined sockets
//!     cargo bench --bench load -- --start 20                     from exec to serving
//!
//! It starts a release build of its own on a fresh database, talks to it from one thread, and ends it.
//! On one machine both share the processors, so the server's processor time is the number to compare;
//! messages per second are what was left over by this program, whose own share is printed too.

mod crowd;
mod idle;
mod person;
mod run;
mod server;
mod websocket;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use serde_json::Value;

use crate::server::Server;

/// What was measured, in the order in which a person reads it; a `problem` that is not null is a failure.
type Results = Vec<(&'static str, Value)>;

/// Puts a load on a chat server of its own and prints what it cost.
#[derive(Parser)]
pub struct Flags {
    /// How many people send.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=5000))]
    senders: u32,
    /// How many messages each of them has under way at a time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    in_flight: u32,
    /// How many sockets hear each message, the sender's among them.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=5000))]
    room_size: u32,
    /// How long to measure.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How long to send before measuring.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=60))]
    warm_up: u32,
    /// Bytes in a message.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=8000))]
    text: u32,
    /// By whose events people join and send.
    #[arg(long, value_enum, default_value_t = Dialect::Rooms)]
    dialect: Dialect,
    /// What the server is told about the disk.
    #[arg(long, value_enum, default_value_t = Durability::Full)]
    durability: Durability,
    /// Microseconds from one look at all sockets to the next: also how coarse the latencies are.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    sweep_us: u32,
    /// Instead: open so many joined sockets that say nothing.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=25_000), conflicts_with = "start")]
    idle: Option<u32>,
    /// Instead: start so many times with an empty database.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    start: Option<u32>,
    /// Write the results here as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// One more flag for the server; repeatable.
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    server_flag: Vec<String>,
    /// Another binary to measure.
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_chat"))]
    server: PathBuf,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dialect {
    Rooms,
    Direct,
}

#[derive(Clone, Copy, ValueEnum)]
enum Durability {
    Full,
    Normal,
}

fn main() -> ExitCode {
    match measure(&Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(flags: &Flags) -> anyhow::Result<()> {
    // The default of 1,024 open files is too few for both; the server inherits what we get.
    let files = rustix::process::Resource::Nofile;
    let mut limit = rustix::process::getrlimit(files);
    limit.current = limit.maximum;
    rustix::process::setrlimit(files, limit).context("more open files")?;

    let results = match (flags.idle, flags.start) {
        (Some(sockets), _) => with_server(flags, |server| idle::measure(server, flags, sockets))?,
        (_, Some(times)) => start(flags, times)?,
        _ => with_server(flags, |server| run::measure(server, flags))?,
    };
    for (name, value) in &results {
        println!("{name:>32}  {value}");
    }
    if let Some(file) = &flags.json {
        let results: serde_json::Map<_, _> = results
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let text = serde_json::to_string_pretty(&results)? + "\n";
        std::fs::write(file, text).with_context(|| file.display().to_string())?;
    }
    match results.iter().find(|(name, _)| *name == "problem") {
        Some((_, Value::String(problem))) => anyhow::bail!("{problem}"),
        _ => Ok(()),
    }
}

/// Runs a measurement; where it fails, the server's last words say more than ours.
fn with_server(
    flags: &Flags,
    measurement: impl FnOnce(&Server) -> anyhow::Result<Results>,
) -> anyhow::Result<Results> {
    let server = Server::start(flags)?;
    let results = measurement(&server);
    if results.is_err() {
        eprintln!("{}", server.last_words());
    }
    server.stop()?;
    results
}

fn start(flags: &Flags, times: u32) -> anyhow::Result<Results> {
    let mut took = Vec::new();
    for _ in 0..times {
        let server = Server::start(flags)?;
        took.push(server.started_in.as_secs_f64() * 1e3);
        server.stop()?;
    }
    took.sort_by(f64::total_cmp);
    let at = |share: usize| rounded(took[(took.len() - 1) * share / 100]);
    Ok(vec![
        ("starts", times.into()),
        ("start_ms_median", at(50).into()),
        ("start_ms_fastest", at(0).into()),
        ("start_ms_slowest", at(100).into()),
    ])
}

/// Enough digits to compare, few enough to read.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
