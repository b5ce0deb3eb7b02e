//! Why is no id given out twice after a failover or a restore? A standby that was promoted may lack the last commits of the
//! server before it, and so may a copy that was restored. Whoever opens such a database first has all its counters leap past
//! what may have been given out, and gives its history another name: servers that remember more than it has begin anew.

use super::connection::Connection;
use super::schema::number;
use crate::core::random;
use crate::core::store::sql::Value;

/// More ids than can have been given out since (`store/leap.rs`).
const LEAP: i64 = 1 << 32;

/// Which database this is: of which cluster, on which timeline, which of its databases.
const PLACE: &str = "SELECT CAST(system_identifier AS TEXT)
         || ' ' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
         || ' ' || (SELECT CAST(oid AS TEXT) FROM pg_database WHERE datname = current_database()) AS place
     FROM pg_control_system()";

/// Called with every new connection that writes. It takes the pen only if the database is another one than it was.
pub(super) fn begin(conn: &Connection) -> anyhow::Result<()> {
    let here = text(conn, PLACE)?.unwrap_or_default();
    if kept(conn)?.as_deref() == Some(&*here) {
        return Ok(());
    }
    conn.run_simple("BEGIN")?;
    conn.fetch("SELECT 1 FROM log FOR UPDATE", &[])?;
    match kept(conn)? {
        // Somebody else was quicker.
        Some(before) if before == here => {}
        Some(_) => {
            tracing::warn!(
                "this database is a copy, or a standby that was promoted: its ids leap ahead, so that none is given out twice"
            );
            leap(conn)?;
        }
        None => {}
    }
    conn.execute(
        "INSERT INTO secrets (name, value) VALUES ('place', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Blob(here.as_bytes())],
    )?;
    Ok(conn.run_simple("COMMIT")?)
}

fn leap(conn: &Connection) -> anyhow::Result<()> {
    // Random, so that two copies leap to different numbers.
    let further = LEAP + i64::from(u32::from_ne_bytes(random()));
    conn.execute(
        "UPDATE log SET last = last + $1, batch = batch + $1, history = CAST(gen_random_uuid() AS TEXT)",
        &[Value::Integer(further)],
    )?;
    let counted = conn.fetch(
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
         WHERE table_schema = current_schema() AND is_identity = 'YES'",
        &[],
    )?;
    for row in counted {
        let (table, column): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        let last = format!("SELECT coalesce(max({column}), 0) FROM {table}");
        let next = number(conn, &last)? + further;
        conn.fetch(
            "SELECT setval(pg_get_serial_sequence($1, $2), $3)",
            &[
                Value::Text(table),
                Value::Text(column),
                Value::Integer(next),
            ],
        )?;
    }
    // Those who were there were there at another database.
    conn.execute("DELETE FROM attendances", &[])?;
    conn.execute("DELETE FROM servers", &[])?;
    Ok(())
}

fn kept(conn: &Connection) -> anyhow::Result<Option<String>> {
    text(
        conn,
        "SELECT convert_from(value, 'UTF8') FROM secrets WHERE name = 'place'",
    )
}

fn text(conn: &Connection, sql: &str) -> anyhow::Result<Option<String>> {
    let rows = conn.fetch(sql, &[])?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}
