//! How does chat stand beside what a user would otherwise pick? The same work for each, in turns, and the medians.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::contestant::{self, Contestant, Launch};
use crate::past::Past;
use crate::row::{self, Row, Work};
use crate::shape::Shape;
use crate::{Results, idle, inserts, reading, run, start, storm, table, with_server};

#[derive(clap::Args)]
pub struct Flags {
    /// Only the rows whose names begin with this; repeatable
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Leave somebody out; repeatable
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Contestant>,
    /// How often everybody has a turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How long each turn is measured
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: u32,
    /// Messages in the database with a history; a thousandth of it is where growth begins
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(i64).range(10_000..=100_000_000))]
    messages: i64,
    /// Write the results here as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only say which rows there are
    #[arg(long)]
    list: bool,
}

/// By row, then by column: what was measured in each turn.
#[derive(Default)]
pub struct Measured {
    pub columns: Vec<(String, BTreeMap<&'static str, Vec<f64>>)>,
}

/// # Errors
/// Where somebody cannot be started, or did not do the work as promised.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    let chosen = |row: &Row| {
        flags.only.is_empty() || flags.only.iter().any(|name| row.name.starts_with(name))
    };
    let mut rows: Vec<Row> = row::all().into_iter().filter(chosen).collect();
    ensure!(!rows.is_empty(), "no such row: --list names them");
    if flags.list {
        for row in rows {
            println!("{:>14}  {}", row.name, row.about);
        }
        return Ok(());
    }
    for row in &mut rows {
        row.who.retain(|one| !flags.without.contains(one));
    }
    if rows
        .iter()
        .any(|row| row.who.iter().any(|one| one.is_from_npm()))
    {
        contestant::install()?;
    }
    let (begin, mut problems) = (Instant::now(), Vec::new());
    let mut all: Vec<Measured> = rows.iter().map(|_| Measured::default()).collect();
    // Round by round, so that whatever else the machine does meets everybody.
    for round in 0..flags.rounds {
        for (row, measured) in rows.iter().zip(&mut all) {
            // What our own costs grow with does not change from round to round.
            if round > 0 && matches!(row.work, Work::Grow(_)) {
                continue;
            }
            for contestant in &row.who {
                eprintln!(
                    "{}/{}: {} {}",
                    round + 1,
                    flags.rounds,
                    row.name,
                    contestant.name()
                );
                // Whoever fails at one thing is measured at the others.
                let turns = turn(flags, row, *contestant).unwrap_or_else(|error| {
                    let name = contestant.name().to_owned();
                    vec![(name, vec![("problem", format!("{error:#}").into())])]
                });
                for (column, results) in turns {
                    let problem = measured.note(&column, &results);
                    problems.extend(problem.map(|what| format!("{} {column}: {what}", row.name)));
                }
            }
        }
    }
    for (row, measured) in rows.iter().zip(&all) {
        table::print(row, measured);
    }
    println!("\nmeasured in {:.0} s", begin.elapsed().as_secs_f64());
    if let Some(file) = &flags.json {
        let text = serde_json::to_string_pretty(&as_json(flags, &rows, &all))? + "\n";
        std::fs::write(file, text).with_context(|| file.display().to_string())?;
    }
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// One turn of one contestant; where growth is measured, one column for each size.
fn turn(
    flags: &Flags,
    row: &Row,
    contestant: Contestant,
) -> anyhow::Result<Vec<(String, Results)>> {
    let mut launch = Launch::of(contestant);
    let quick = |shape: &Shape| Shape {
        seconds: flags.seconds,
        warm_up: 0.7,
        ..shape.clone()
    };
    let results = match &row.work {
        Work::Talk(shape) if contestant == Contestant::Inserts => {
            inserts::measure(shape.senders * shape.in_flight, shape.text, flags.seconds)?
        }
        Work::Talk(shape) => {
            if shape.group && contestant == Contestant::Chat {
                // What is due to be told by mail is looked through while it is measured.
                launch.more = ["--mail-delay", "1s"].map(str::to_owned).to_vec();
            }
            with_server(&launch, |server| run::measure(server, &quick(shape)))?
        }
        Work::Read(what) => reading::measure(
            contestant,
            &Past::of(contestant, flags.messages)?,
            *what,
            flags.seconds,
        )?,
        Work::LogIn(at_a_time) => {
            launch.bcrypt_cost = 10;
            with_server(&launch, |server| {
                reading::log_in(server, *at_a_time, flags.seconds)
            })?
        }
        Work::Storm(count) => with_server(&launch, |server| {
            storm::measure(server, &Shape::default(), *count)
        })?,
        Work::Idle(count) => with_server(&launch, |server| {
            idle::measure(server, &quick(&Shape::default()), *count)
        })?,
        Work::Start(times) => start(&launch, *times)?,
        Work::Grow(what) => {
            // Less than this is not enough for every conversation to have something unread.
            let sizes = [1_000, 100, 10, 1].map(|part| flags.messages / part);
            return sizes
                .into_iter()
                .filter(|size| *size >= 10_000)
                .map(|size| {
                    let past = Past::of(contestant, size)?;
                    let results = reading::measure(contestant, &past, *what, flags.seconds)?;
                    Ok((table::thousands(size), results))
                })
                .collect();
        }
    };
    Ok(vec![(contestant.name().to_owned(), results)])
}

impl Measured {
    /// Keeps the numbers; what is wrong is answered.
    fn note(&mut self, column: &str, results: &Results) -> Option<String> {
        let at = self.columns.iter().position(|(name, _)| name == column);
        let at = at.unwrap_or_else(|| {
            self.columns.push((column.to_owned(), BTreeMap::new()));
            self.columns.len() - 1
        });
        for (name, value) in results {
            if let Some(number) = value.as_f64() {
                self.columns[at].1.entry(name).or_default().push(number);
            }
        }
        let problem = results.iter().find(|(name, _)| *name == "problem")?;
        problem.1.as_str().map(str::to_owned)
    }
}

/// The one in the middle.
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn as_json(flags: &Flags, rows: &[Row], all: &[Measured]) -> Value {
    let rows = rows.iter().zip(all).map(|(row, measured)| {
        let columns = measured.columns.iter().map(|(column, metrics)| {
            let metrics: serde_json::Map<_, _> = metrics
                .iter()
                .map(|(name, turns)| {
                    let told = json!({ "median": median(turns), "turns": turns });
                    ((*name).to_owned(), told)
                })
                .collect();
            (column.clone(), Value::Object(metrics))
        });
        let columns: serde_json::Map<_, _> = columns.collect();
        (
            row.name.to_owned(),
            json!({ "about": row.about, "columns": columns }),
        )
    });
    let rows: serde_json::Map<_, _> = rows.collect();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    json!({
        "processors": processors,
        "rounds": flags.rounds,
        "seconds": flags.seconds,
        "messages": flags.messages,
        "rows": rows,
    })
}
