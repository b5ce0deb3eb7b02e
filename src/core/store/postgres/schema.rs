//! Opens a database on PostgreSQL, and makes its tables: those of `schema.sql`, in PostgreSQL's words.
//!
//! SQLite's foreign keys guard against mistakes of ours, and every scene that runs there tries them; here they would look up
//! two more rows for each message, so there are none.

use std::time::Duration;

use super::address::Address;
use super::connect::Unconnected;
use super::connection::{Connection, Failed};
use super::leap;
use crate::core::store::identify::{OpenError, VERSION};
use crate::core::store::schema::Durability;

/// What only PostgreSQL has: the index of words, and how far the news are.
const ADDED: &str = include_str!("added.sql");
/// Upgrade older tables: what files get too, in SQLite's words, and what only PostgreSQL has. The first tables here were of
/// version 2, so step 3 is the first. A released one is frozen.
const STEPS: [(u32, &str, &str); 1] = [(
    3,
    include_str!("../steps/3.sql"),
    include_str!("steps/3.sql"),
)];

/// The settings of every session. A server that stops in the middle of a transaction holds the others up for so long.
const SESSION: &str = "SET jit = off; SET client_min_messages = error; SET idle_in_transaction_session_timeout = '2s';
    SET search_path = public; SET statement_timeout = '20s'; SET TimeZone = 'UTC'";
/// Those of a session that writes: it looks up by keys, so what is planned once is right for all, and planning takes longer than
/// looking up.
const WRITER: &str = "SET plan_cache_mode = force_generic_plan";
/// Those of a session that only reads.
const READER: &str =
    "SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read'";

/// How long a database may take to answer at the start.
const PATIENCE: Duration = Duration::from_secs(10);

pub(in crate::core) fn refused(address: &Address, cause: impl ToString) -> OpenError {
    OpenError::Unreachable {
        address: address.to_string(),
        cause: cause.to_string(),
    }
}

/// A connection that writes.
pub(in crate::core) fn writer(
    address: &Address,
    durability: Durability,
) -> anyhow::Result<Connection> {
    let settings = match durability {
        // As its operator has set it: on, or with a standby.
        Durability::Full => format!("{SESSION}; {WRITER}"),
        Durability::Normal => format!("{SESSION}; {WRITER}; SET synchronous_commit = off"),
    };
    Connection::open(address, &settings)
}

/// A connection that reads.
pub(in crate::core) fn reader(address: &Address) -> anyhow::Result<Connection> {
    Connection::open(address, &format!("{SESSION}; {READER}"))
}

/// Opens the writing connection. If there are no tables, `makes_them` says whether they are made.
pub(in crate::core) fn open(
    address: &Address,
    durability: Durability,
    makes_them: bool,
) -> Result<Connection, OpenError> {
    let begun = std::time::Instant::now();
    let conn = loop {
        match writer(address, durability) {
            Ok(conn) => break conn,
            // It starts at the same time as this server, perhaps.
            Err(cause) if begun.elapsed() < PATIENCE && may_pass(&cause) => {
                std::thread::sleep(PATIENCE / 40);
            }
            Err(cause) => return Err(refused(address, format!("{cause:#}"))),
        }
    };
    bring_up(&conn, address, makes_them)?;
    Ok(conn)
}

fn may_pass(cause: &anyhow::Error) -> bool {
    let unconnected = cause.downcast_ref::<Unconnected>();
    unconnected.is_none_or(|cause| cause.may_pass)
}

/// One server at a time: others that start now wait for it.
fn bring_up(conn: &Connection, address: &Address, makes_tables: bool) -> Result<(), OpenError> {
    let run = |sql: &str| conn.run_simple(sql).map_err(|e| refused(address, e));
    let number = |sql: &str| number(conn, sql).map_err(|e| refused(address, e));
    run("BEGIN; SELECT pg_advisory_xact_lock(7162240743911424)")?;
    let tables = number(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()",
    )?;
    let ours = number(
        "SELECT count(*) FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_name = 'schema_version'",
    )?;
    if ours == 0 && tables > 0 {
        return Err(OpenError::ForeignTables(address.to_string()));
    }
    if ours == 0 && !makes_tables {
        return Err(OpenError::NoTables(address.to_string()));
    }
    if ours == 0 {
        run(&in_its_words(include_str!("../../../../schema.sql")))?;
        run(ADDED)?;
        run(&format!(
            "INSERT INTO schema_version (version) VALUES ({VERSION})"
        ))?;
    }
    let found = number("SELECT version FROM schema_version")?;
    if found > i64::from(VERSION) {
        return Err(OpenError::NewerTables {
            address: address.to_string(),
            found,
            known: VERSION.into(),
        });
    }
    if found < i64::from(VERSION) {
        upgrade(conn, found).map_err(|e| refused(address, e))?;
    }
    run("COMMIT")?;
    begin(conn).map_err(|e| refused(address, format!("{e:#}")))
}

/// Called with every new connection that writes, before anything is read there. What PostgreSQL has recovered after a crash
/// its standby need not have yet, and nobody is told of it before: a commit of one's own waits for everything before it.
fn begin(conn: &Connection) -> anyhow::Result<()> {
    conn.run_simple("UPDATE schema_version SET version = version")?;
    leap::begin(conn)
}

/// Takes the steps that older tables need, all or none. Servers that run on them stand still meanwhile, and go on: a step takes
/// nothing away that they need.
fn upgrade(conn: &Connection, found: i64) -> Result<(), Failed> {
    // With the pen nobody else writes. All rows may take long.
    conn.run_simple("SET LOCAL statement_timeout = 0; SELECT last FROM log FOR UPDATE")?;
    for (version, step, own) in STEPS {
        if i64::from(version) > found {
            conn.run_simple(&in_its_words(step))?;
            conn.run_simple(own)?;
        }
    }
    conn.run_simple(&format!("UPDATE schema_version SET version = {VERSION}"))?;
    tracing::info!(
        from = found,
        to = VERSION,
        "the tables were of an older version: they were brought up to date"
    );
    Ok(())
}

/// The number that a statement finds; 0 if it finds none.
pub(super) fn number(conn: &Connection, sql: &str) -> anyhow::Result<i64> {
    let rows = conn.fetch(sql, &[])?;
    Ok(rows
        .first()
        .map(|row| row.try_get(0))
        .transpose()?
        .unwrap_or(0))
}

/// The same connection once more, after it was lost: perhaps to another server.
pub(in crate::core) fn again(lost: &Connection) -> anyhow::Result<Connection> {
    let conn = lost.again()?;
    begin(&conn)?;
    Ok(conn)
}

/// A script in PostgreSQL's words.
fn in_its_words(script: &str) -> String {
    let mut words = String::new();
    let mut all = statements(script);
    // The index that is older is asked first. Of two things that are taken, SQLite names the address.
    all.sort_by_key(|statement| statement.contains("INDEX accounts_by_username"));
    for statement in all {
        if statement.contains("VIRTUAL TABLE search") || statement.contains("INTO search (search") {
            continue;
        }
        let mut statement = statement;
        for (theirs, ours) in [
            (
                "INTEGER PRIMARY KEY AUTOINCREMENT",
                "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            ),
            (
                " id         INTEGER PRIMARY KEY,",
                " id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,",
            ),
            (
                " id     INTEGER PRIMARY KEY,",
                " id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,",
            ),
            (" UNIQUE COLLATE NOCASE", ""),
            (" COLLATE NOCASE", ""),
            ("INTEGER", "BIGINT"),
            ("BLOB", "BYTEA"),
            (" TEXT", " TEXT COLLATE \"C\""),
            (") STRICT, WITHOUT ROWID", ")"),
            (") STRICT", ")"),
            ("(x'')", "('')"),
        ] {
            statement = statement.replace(theirs, ours);
        }
        words.push_str(&without_references(&statement));
        words.push_str(";\n");
    }
    words
}

/// The statements of a script, without its comments.
fn statements(script: &str) -> Vec<String> {
    let lines = script.lines().map(|line| {
        let end = line.find("--").unwrap_or(line.len());
        line[..end].trim_end()
    });
    let code = lines.collect::<Vec<_>>().join("\n");
    let statements = code.split(';').map(str::trim);
    statements
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Without `REFERENCES table (column)`.
fn without_references(statement: &str) -> String {
    let mut left = String::new();
    let mut rest = statement;
    while let Some((before, after)) = rest.split_once(" REFERENCES ") {
        left.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    left
}
