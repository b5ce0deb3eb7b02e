//! `chat move`: everything from a database file to PostgreSQL, or back, with the same ids, tokens and links.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Failure;
use super::progress::Progress;
use super::stop::Stop;
use crate::core::transfer::{self, Failed, Moved};
use crate::flags::Move;

pub async fn run(flags: Move) -> Result<(), Failure> {
    flags.from.file().map_or(Ok(()), must_exist)?;
    let (from, to) = (flags.from.clone(), flags.to.clone());
    let stop = Stop::listen();
    let progress = Arc::new(Progress::begin());
    let (shown, stopping) = (progress.clone(), stop.clone());
    // Whoever asks PostgreSQL waits for it.
    let moving = tokio::task::spawn_blocking(move || {
        transfer::run(&from, &to, |step| {
            shown.say(format!("{} {}: {}", step.doing, step.table, step.rows));
            stopping.check()
        })
    });
    let moved = moving.await.map_err(anyhow::Error::new)?;
    progress.end();
    let moved = moved.map_err(|failed| match (stop.check(), failed) {
        (Err(_), _) => anyhow::anyhow!(
            "stopped; what is there stays, no server starts on it, and the same command goes on with the rest"
        )
        .into(),
        (_, Failed::Open(error)) => Failure::Database(error),
        (_, Failed::Other(error)) => Failure::Other(error),
    })?;
    tell(&flags, &moved);
    Ok(())
}

fn must_exist(path: &std::path::Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let missing = anyhow::anyhow!(
        "{} is not there: say which file with --from",
        path.display()
    );
    Err(missing.into())
}

fn tell(flags: &Move, moved: &Moved) {
    let Moved {
        tables, altered, ..
    } = moved;
    if flags.json {
        let rows: Map<String, Value> = tables
            .iter()
            .map(|(table, rows)| (table.clone(), json!(rows)))
            .collect();
        let moved = json!({
            "from": flags.from.to_string(),
            "to": flags.to.to_string(),
            "resumed": moved.resumed,
            "rows": rows,
            "altered": altered,
        });
        println!("{moved}");
        return;
    }
    let count = |name: &str| {
        let found = tables.iter().find(|(table, _)| table == name);
        found.map_or(0, |(_, rows)| *rows)
    };
    println!(
        "{} accounts, {} conversations, {} messages, {} files; every row was compared",
        count("accounts"),
        count("conversations"),
        count("messages"),
        count("files")
    );
    if *altered > 0 {
        let texts = if *altered == 1 {
            "text has"
        } else {
            "texts have"
        };
        println!(
            "{altered} {texts} the character U+0000, which PostgreSQL cannot store: there it is U+FFFD"
        );
    }
    println!(
        "{} is what {} is, which stays as it was: start servers on one of the two only",
        flags.to, flags.from
    );
}
