//! What does the server cost: per message, per delivery, per idle socket, per start? And what would another one?
//!
//!     cargo bench --bench load                                   messages through rooms
//!     cargo bench --bench load -- --dialect direct --senders 1 --in-flight 1
//!     cargo bench --bench load -- --servers 3                    through three servers on one PostgreSQL
//!     cargo bench --bench load -- --idle 5000                    memory of open, joined sockets
//!     cargo bench --bench load -- --start 20                     from exec to serving
//!     cargo bench --bench load -- compare                        beside Node, Bun and what is possible at best
//!     cargo bench --bench load -- compare --only rest-512 --only idle --without node
//!     cargo bench --bench load -- plot FILE.json FILE.svg        what `compare` found, as a picture
//!
//! It starts a release build of its own on a fresh database, talks to it from one thread, and ends it.
//! On one machine both share the processors, so the server's processor time is the number to compare;
//! messages per second are what was left over by this program, whose own share is printed too.

mod broadcast;
mod compare;
mod contestant;
mod crowd;
mod gathering;
mod idle;
mod inserts;
mod line;
mod mark;
mod past;
mod person;
mod plot;
mod reading;
mod requests;
mod row;
mod run;
mod server;
mod several;
mod shape;
mod storm;
mod table;
mod voice;
mod websocket;
mod wire;

#[allow(dead_code, unused_imports, reason = "most of it only scenes need")]
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::Value;

use crate::contestant::{Contestant, Launch};
use crate::server::Server;
use crate::shape::Shape;

/// What was measured, in the order in which a person reads it; a `problem` that is not null is a failure.
type Results = Vec<(&'static str, Value)>;

/// Puts a load on a chat server of its own and prints what it cost.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Flags {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    shape: Shape,
    /// What the server is told about the disk.
    #[arg(long, value_enum, default_value_t = Durability::Full)]
    durability: Durability,
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
    /// So many servers on one PostgreSQL, which is started for this, instead of one on a file.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=16), conflicts_with = "start")]
    servers: Option<u32>,
    /// So many microseconds longer takes each round trip to PostgreSQL.
    #[arg(long, value_name = "US", default_value_t = 0, requires = "servers")]
    trip_us: u64,
    /// Another binary to measure.
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_chat"))]
    server: PathBuf,
    /// Another server to measure.
    #[arg(long, value_enum, default_value_t = Contestant::Chat)]
    contestant: Contestant,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Task {
    /// Measure chat beside what a user would otherwise pick, in turns
    Compare(compare::Flags),
    /// Draw what `compare` wrote
    Plot {
        /// What `compare --json` wrote
        json: PathBuf,
        /// The picture
        svg: PathBuf,
    },
    #[command(hide = true)]
    Broadcast,
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

    match &flags.task {
        Some(Task::Compare(flags)) => return compare::run(flags),
        Some(Task::Plot { json, svg }) => return plot::draw(json, svg),
        Some(Task::Broadcast) => return broadcast::serve(),
        None => {}
    }
    let mut launch = Launch::of(flags.contestant);
    launch.binary.clone_from(&flags.server);
    launch.more.clone_from(&flags.server_flag);
    launch.durability = match flags.durability {
        Durability::Full => "full",
        Durability::Normal => "normal",
    };
    if flags.contestant.is_from_npm() {
        contestant::install()?;
    }
    let shape = &flags.shape;
    let measured = |server: &Server| match flags.idle {
        Some(sockets) => idle::measure(server, shape, sockets),
        None => run::measure(server, shape),
    };
    let results = match (flags.servers, flags.start) {
        (Some(count), _) => several::measure(&launch, count, flags.trip_us, measured)?,
        (_, Some(times)) => start(&launch, times)?,
        _ => with_server(&launch, measured)?,
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
    launch: &Launch,
    measurement: impl FnOnce(&Server) -> anyhow::Result<Results>,
) -> anyhow::Result<Results> {
    measured(Server::start(launch)?, measurement)
}

/// The same with a server that has started.
fn measured(
    server: Server,
    measurement: impl FnOnce(&Server) -> anyhow::Result<Results>,
) -> anyhow::Result<Results> {
    let results = measurement(&server);
    if results.is_err() {
        eprintln!("{}", server.last_words());
    }
    server.stop()?;
    results
}

fn start(launch: &Launch, times: u32) -> anyhow::Result<Results> {
    let mut took = Vec::new();
    for _ in 0..times {
        let server = Server::start(launch)?;
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
