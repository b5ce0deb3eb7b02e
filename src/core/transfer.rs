//! How does everything move from a file to PostgreSQL, or back? Table by table while nobody serves; then both are compared.
//!
//! A mark among the secrets of the destination says that it holds a part only: no server opens it, and the same move goes on
//! behind the last row of each table. Ids, tokens, positions and links stay what they were.

use anyhow::{anyhow, bail};

use super::database::Database;
use super::model::Time;
use super::peers::SILENT;
use super::store::connection::Connection;
use super::store::transfer::{self as rows, Sum, Table};
use super::store::{self, schema};
use super::{Durability, OpenError};

/// What was moved.
#[derive(Debug)]
pub struct Moved {
    /// Each table, and how many rows it has.
    pub tables: Vec<(String, u64)>,
    /// Was a part of it there from an earlier time?
    pub resumed: bool,
    /// Texts with U+0000, which PostgreSQL has as U+FFFD.
    pub altered: u64,
}

/// How far it is.
pub struct Step<'s> {
    /// moving, or comparing
    pub doing: &'static str,
    pub table: &'s str,
    /// How many of its rows are done.
    pub rows: u64,
}

/// Why it was not moved.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl From<super::error::Error> for Failed {
    fn from(error: super::error::Error) -> Self {
        Self::Other(error.into())
    }
}

/// Moves everything. Blocks; `step` is told how far it is, and ends it by an error: the same again goes on.
///
/// # Errors
/// If both are files or both are not, if somebody serves from one of them, if there are people at the destination, or if it is
/// not what the source is afterwards.
pub fn run(
    from: &Database,
    to: &Database,
    mut step: impl FnMut(Step<'_>) -> anyhow::Result<()>,
) -> Result<Moved, Failed> {
    are_of_two_kinds(from, to)?;
    let tables = rows::tables()?;
    let _lock = from.file().map(schema::lock).transpose()?;
    let source = store::open(from, Durability::Full, from.file().is_some())?;
    nobody_serves(&source, from)?;
    rows::hold(&source)?;
    let _lock = to.file().map(schema::lock).transpose()?;
    // What is not acknowledged to anybody need not be flushed each time; in the end it is.
    let there = store::open_unfinished(to, Durability::Normal, true)?;
    rows::take(&there)?;
    let resumed = begin(&source, &there, to, &tables)?;
    nobody_serves(&there, to)?;
    for table in &tables {
        copy(&source, &there, table, &mut step)?;
    }
    rows::count_on(&source, &there, &tables)?;
    let mut moved = Moved {
        tables: Vec::new(),
        resumed,
        altered: 0,
    };
    for table in &tables {
        let here = sum(&source, table, &mut step)?;
        if !here.is_like(&sum(&there, table, &mut step)?) {
            let name = &table.name;
            Err(anyhow!(
                "the table {name} is not the same at {to} as at {from}: make the destination anew, and move again"
            ))?;
        }
        moved.altered += here.altered;
        moved.tables.push((table.name.clone(), here.rows));
    }
    rows::unmark(&there)?;
    source.leave();
    Ok(moved)
}

fn are_of_two_kinds(from: &Database, to: &Database) -> anyhow::Result<()> {
    match (from, to) {
        (Database::File(_), Database::File(_)) => bail!(
            "both are files: chat backup copies a file, and chat restore puts a copy in its place"
        ),
        (Database::Postgres(_), Database::Postgres(_)) => bail!(
            "both are on PostgreSQL: pg_dump --format=custom writes a database to a file, and pg_restore puts it elsewhere"
        ),
        _ => Ok(()),
    }
}

fn nobody_serves(conn: &Connection, which: &Database) -> anyhow::Result<()> {
    if rows::is_served_since(conn, Time::now().minus(SILENT))? {
        bail!("a chat server runs on {which}: stop all that do, and wait ten seconds");
    }
    Ok(())
}

/// Makes the destination ready, and answers whether a part is there already.
fn begin(
    source: &Connection,
    there: &Connection,
    to: &Database,
    tables: &[Table],
) -> anyhow::Result<bool> {
    let identity = rows::identity(source, tables)?;
    match rows::mark(there)? {
        Some(mark) if mark == identity => return Ok(true),
        Some(_) => bail!(
            "{to} holds a part of another chat, or of this one as it was before: make the destination anew, and move again"
        ),
        None => {}
    }
    if !rows::is_empty(there)? {
        bail!("{to} has people in it: move to a database, or a file, that is new");
    }
    nobody_serves(there, to)?;
    rows::begin(there, tables, &identity)?;
    Ok(false)
}

fn copy(
    source: &Connection,
    there: &Connection,
    table: &Table,
    step: &mut impl FnMut(Step<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut count = 0;
    table.pages(source, table.last(there)?, |rows| {
        table.write(there, rows)?;
        count += rows.len() as u64;
        step(Step {
            doing: "moving",
            table: &table.name,
            rows: count,
        })
    })
}

fn sum(
    conn: &Connection,
    table: &Table,
    step: &mut impl FnMut(Step<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Sum> {
    let mut sum = Sum::default();
    table.pages(conn, Vec::new(), |rows| {
        rows.iter().for_each(|row| sum.add(row));
        step(Step {
            doing: "comparing",
            table: &table.name,
            rows: sum.rows,
        })
    })?;
    Ok(sum)
}
