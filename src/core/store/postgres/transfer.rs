//! How does PostgreSQL take in many rows at once, and how are the counters of its ids read and set?

use tokio_postgres::types::Type;

use super::connection::Connection;
use crate::core::error::{Error, Result};
use crate::core::store::sql::{Owned, Value};
use crate::core::store::transfer::Table;

/// A move at a time to a database.
const LOCK: i64 = 7_162_240_743_911_426;

/// A table that is moved may take longer to read or to look at than a request of a server.
const PATIENT: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// Begins to read, with the pen in hand: no server can write before it has ended.
pub(in crate::core::store) fn hold(conn: &Connection) -> Result<()> {
    conn.run_simple(PATIENT)?;
    conn.run_simple("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
    conn.fetch("SELECT last FROM log FOR UPDATE", &[])?;
    Ok(())
}

/// Keeps a second move away for as long as this connection lives.
pub(in crate::core::store) fn take(conn: &Connection) -> Result<()> {
    conn.run_simple(PATIENT)?;
    let rows = conn.fetch(
        "SELECT pg_try_advisory_lock($1) AS taken",
        &[Value::Integer(LOCK)],
    )?;
    let taken = rows.first().and_then(|row| row.try_get(0).ok());
    match taken {
        Some(true) => Ok(()),
        _ => Err(Error::Conflict("another chat move is writing to it")),
    }
}

pub(in crate::core::store) fn copy(
    conn: &Connection,
    table: &Table,
    columns: &str,
    rows: &[Vec<Owned>],
) -> Result<()> {
    let types = table.columns.iter().map(|column| match &*column.kind {
        "INTEGER" => Type::INT8,
        "TEXT" => Type::TEXT,
        _ => Type::BYTEA,
    });
    let types: Vec<_> = types.collect();
    let name = &table.name;
    let sql = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
    conn.copy(&sql, &types, rows)?;
    Ok(())
}

/// The sequence behind a table's identity column, and the column.
fn counter(conn: &Connection, table: &str) -> Result<Option<(String, String)>> {
    let rows = conn.fetch(
        "SELECT pg_get_serial_sequence($1, column_name), CAST(column_name AS TEXT)
         FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'",
        &[Value::Text(table)],
    )?;
    let of = |row: &tokio_postgres::Row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?));
    Ok(rows.first().and_then(of))
}

fn number(conn: &Connection, sql: &str) -> Result<i64> {
    let rows = conn.fetch(sql, &[])?;
    Ok(rows
        .first()
        .and_then(|row| row.try_get(0).ok())
        .unwrap_or(0))
}

/// The last id that was given out; 0 if none was, or if nobody counts.
pub(in crate::core::store) fn given(conn: &Connection, table: &Table) -> Result<i64> {
    match counter(conn, &table.name)? {
        None => Ok(0),
        Some((sequence, _)) => number(
            conn,
            &format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"),
        ),
    }
}

/// Ids go on behind this one, and behind all that are there.
pub(in crate::core::store) fn count_on(conn: &Connection, table: &Table, last: i64) -> Result<()> {
    let Some((sequence, column)) = counter(conn, &table.name)? else {
        return Ok(());
    };
    let there = number(
        conn,
        &format!("SELECT coalesce(max({column}), 0) FROM {}", table.name),
    )?;
    let last = last.max(there);
    conn.fetch(
        "SELECT setval(CAST(CAST($1 AS TEXT) AS regclass), $2, $3)",
        &[
            Value::Text(&sequence),
            Value::Integer(last.max(1)),
            Value::Integer(i64::from(last > 0)),
        ],
    )?;
    Ok(())
}

/// The planner learns what there is, and what comes next is flushed with all before it, as the server's operator has it.
pub(in crate::core::store) fn settle(conn: &Connection) -> Result<()> {
    conn.run_simple("ANALYZE")?;
    Ok(conn.run_simple("RESET synchronous_commit")?)
}
