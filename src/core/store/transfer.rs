//! How are the rows of any table read from one database and written to another? In pages, in the order of the keys.
//!
//! Which tables and columns there are is read from `schema.sql` itself, so a new one is moved without a word about it here.

use aws_lc_rs::digest::{SHA256, digest};

use super::connection::Connection;
use super::sql::{Owned, Value};
use crate::core::error::Result;
use crate::core::model::Time;

/// Tables that are not moved. News are for servers that run, and the index of words is made anew.
const STAYS: [&str; 3] = ["news", "health", "search_progress"];
/// Secrets that say something of the database in which they stand.
const OF_THE_PLACE: &str = "name NOT IN ('place', 'copy', 'moving')";
/// As long as it stands among the secrets, the database holds a part of what is being moved.
const MARK: &str = "moving";
/// Rows and bytes that are read and written at once.
const ROWS: usize = 2_000;
const BYTES: usize = 4 << 20;

/// A table of `schema.sql`.
#[derive(Debug)]
pub(in crate::core) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Which columns tell rows apart; none if there is only one row.
    key: Vec<usize>,
    /// Does SQLite count its ids, so that none is given out twice?
    is_counted: bool,
}

#[derive(Debug)]
pub(in crate::core) struct Column {
    pub name: String,
    /// INTEGER, TEXT or BLOB
    pub kind: String,
    /// Does SQLite put capitals beside small letters, where PostgreSQL does not?
    folds_case: bool,
}

/// All tables that are moved.
pub(in crate::core) fn tables() -> anyhow::Result<Vec<Table>> {
    let conn = rusqlite::Connection::open_in_memory()?;
    conn.execute_batch(include_str!("../../../schema.sql"))?;
    let mut found = conn.prepare(
        "SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_master
         WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'search'
             AND name NOT LIKE 'search\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let found = found.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(String, bool)> = found.collect::<rusqlite::Result<_>>()?;
    let moved = found
        .into_iter()
        .filter(|(name, _)| !STAYS.contains(&&**name));
    moved
        .map(|(name, is_counted)| table(&conn, name, is_counted))
        .collect()
}

fn table(conn: &rusqlite::Connection, name: String, is_counted: bool) -> anyhow::Result<Table> {
    let mut info = conn.prepare(
        "SELECT name, type, pk, EXISTS (
             SELECT 1 FROM pragma_index_list($1) i, pragma_index_xinfo(i.name) x
             WHERE x.cid = t.cid AND x.coll = 'NOCASE')
         FROM pragma_table_info($1) t ORDER BY cid",
    )?;
    let info = info.query_map([&name], |row| {
        let column = Column {
            name: row.get(0)?,
            kind: row.get(1)?,
            folds_case: row.get(3)?,
        };
        Ok((column, row.get::<_, u32>(2)?))
    })?;
    let info: Vec<_> = info.collect::<rusqlite::Result<_>>()?;
    let mut key: Vec<_> = (0..info.len()).filter(|at| info[*at].1 > 0).collect();
    key.sort_by_key(|at| info[*at].1);
    if key.is_empty() {
        let mut unique = conn.prepare(
            "SELECT c.cid FROM pragma_index_list($1) i, pragma_index_info(i.name) c
             WHERE i.origin = 'u' ORDER BY i.seq, c.seqno",
        )?;
        let columns = unique.query_map([&name], |row| row.get::<_, u32>(0))?;
        let columns: Vec<_> = columns.collect::<rusqlite::Result<_>>()?;
        key = columns.into_iter().map(|at| at as usize).collect();
    }
    Ok(Table {
        name,
        columns: info.into_iter().map(|(column, _)| column).collect(),
        key,
        is_counted,
    })
}

impl Table {
    fn names(&self) -> String {
        let names = self.columns.iter().map(|column| &*column.name);
        names.collect::<Vec<_>>().join(", ")
    }

    /// The columns of the key, ordered by bytes in both.
    fn key_on(&self, conn: &Connection) -> Vec<String> {
        let ordered = |at: &usize| {
            let column = &self.columns[*at];
            match conn.sqlite().is_some() && column.folds_case {
                true => format!("{} COLLATE BINARY", column.name),
                false => column.name.clone(),
            }
        };
        self.key.iter().map(ordered).collect()
    }

    fn key_of(&self, row: &[Owned]) -> Vec<Owned> {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }

    fn condition(&self) -> &'static str {
        match &*self.name {
            "secrets" => OF_THE_PLACE,
            _ => "1 = 1",
        }
    }

    /// The rows behind this key.
    fn page(&self, conn: &Connection, after: &[Owned], most: usize) -> Result<Vec<Vec<Owned>>> {
        let key = self.key_on(conn);
        let mut sql = format!(
            "SELECT {} FROM {} WHERE {}",
            self.names(),
            self.name,
            self.condition()
        );
        let mut values: Vec<Value<'_>> = after.iter().map(Owned::value).collect();
        if !values.is_empty() {
            sql += &format!(" AND ({}) > ({})", key.join(", "), places(1, values.len()));
        }
        if !key.is_empty() {
            values.push(Value::Integer(i64::try_from(most).unwrap_or(i64::MAX)));
            sql += &format!(" ORDER BY {} LIMIT ${}", key.join(", "), values.len());
        }
        let mut rows = Vec::new();
        conn.rows(&sql, &values[..], |row| {
            let values = (0..self.columns.len()).map(|at| Ok(Owned::from(&row.value(at)?)));
            rows.push(values.collect::<Result<_>>()?);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// Hands all rows behind this key to `each`, in pages.
    pub fn pages(
        &self,
        conn: &Connection,
        mut after: Vec<Owned>,
        mut each: impl FnMut(&[Vec<Owned>]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut most = 16;
        loop {
            let rows = self.page(conn, &after, most)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            each(&rows)?;
            if self.key.is_empty() {
                return Ok(());
            }
            after = self.key_of(last);
            let bytes: usize = rows.iter().flatten().map(size).sum();
            // As many as fit, if they are like these; but not many more than there were.
            let fitting = BYTES * rows.len() / bytes.max(1);
            most = fitting.clamp(1, ROWS.min(8 * most));
        }
    }

    /// The key of the last row; nothing if there is none.
    pub fn last(&self, conn: &Connection) -> Result<Vec<Owned>> {
        let mut last = Vec::new();
        if self.key.is_empty() {
            return Ok(last);
        }
        let columns: Vec<_> = self.key.iter().map(|at| &*self.columns[*at].name).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {} DESC LIMIT 1",
            columns.join(", "),
            self.name,
            self.condition(),
            self.key_on(conn).join(" DESC, "),
        );
        conn.rows(&sql, (), |row| {
            let values = (0..columns.len()).map(|at| Ok(Owned::from(&row.value(at)?)));
            last = values.collect::<Result<_>>()?;
            Ok(false)
        })?;
        Ok(last)
    }

    /// Writes rows that are not there yet: all of them, or none. A table of one row has it already, and it is overwritten.
    pub fn write(&self, conn: &Connection, rows: &[Vec<Owned>]) -> Result<()> {
        if self.key.is_empty() {
            let columns = self.columns.iter().zip(1..);
            let set: Vec<_> = columns
                .map(|(column, n)| format!("{} = ${n}", column.name))
                .collect();
            let sql = format!("UPDATE {} SET {}", self.name, set.join(", "));
            return rows.iter().try_for_each(|row| put(conn, &sql, row));
        }
        if let Some(conn) = conn.postgres() {
            return super::postgres::transfer::copy(conn, self, &self.names(), rows);
        }
        let names = self.names();
        let values = places(1, self.columns.len());
        let sql = format!("INSERT INTO {} ({names}) VALUES ({values})", self.name);
        at_once(conn, || {
            rows.iter().try_for_each(|row| put(conn, &sql, row))
        })
    }
}

fn put(conn: &Connection, sql: &str, row: &[Owned]) -> Result<()> {
    let values: Vec<Value<'_>> = row.iter().map(Owned::value).collect();
    conn.run(sql, &values[..]).map(drop)
}

/// `$1, $2, $3`
fn places(first: usize, count: usize) -> String {
    let places: Vec<_> = (first..first + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

fn size(value: &Owned) -> usize {
    match value {
        Owned::Null | Owned::Integer(_) => 8,
        Owned::Text(text) => text.len(),
        Owned::Blob(blob) => blob.len(),
    }
}

/// All of it, or nothing.
pub(in crate::core) fn at_once(conn: &Connection, work: impl FnOnce() -> Result<()>) -> Result<()> {
    conn.begin("BEGIN")?;
    match work() {
        Ok(()) => conn.end("COMMIT"),
        Err(error) => {
            conn.roll_back();
            Err(error)
        }
    }
}

/// What a table holds, whatever the order of its rows: how many they are, and the sum of the hashes of all.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::core) struct Sum {
    pub rows: u64,
    /// Texts with U+0000, which PostgreSQL cannot store: there it is U+FFFD, and counts as equal.
    pub altered: u64,
    hashes: [u64; 4],
}

impl Sum {
    pub fn add(&mut self, row: &[Owned]) {
        let mut bytes = Vec::new();
        for value in row {
            // Each with its length before it, so that no two rows are spelled alike.
            let mut part = |kind: u8, content: &[u8]| {
                bytes.push(kind);
                bytes.extend((content.len() as u64).to_be_bytes());
                bytes.extend(content);
            };
            match value {
                Owned::Null => part(0, &[]),
                Owned::Integer(integer) => part(1, &integer.to_be_bytes()),
                Owned::Text(text) if text.contains('\0') => {
                    self.altered += 1;
                    part(2, text.replace('\0', "\u{FFFD}").as_bytes());
                }
                Owned::Text(text) => part(2, text.as_bytes()),
                Owned::Blob(blob) => part(3, blob),
            }
        }
        self.rows += 1;
        let hash = digest(&SHA256, &bytes);
        for (sum, part) in self.hashes.iter_mut().zip(hash.as_ref().chunks_exact(8)) {
            let part = part.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            *sum = sum.wrapping_add(part);
        }
    }

    pub fn is_like(&self, other: &Self) -> bool {
        (self.rows, self.hashes) == (other.rows, other.hashes)
    }
}

/// Which move has not ended here, if one has not.
pub(in crate::core) fn mark(conn: &Connection) -> Result<Option<Vec<u8>>> {
    let mut mark = None;
    conn.rows("SELECT value FROM secrets WHERE name = $1", [MARK], |row| {
        mark = Some(row.get(0)?);
        Ok(false)
    })?;
    Ok(mark)
}

/// The move has ended.
pub(in crate::core) fn unmark(conn: &Connection) -> Result<()> {
    if let Some(conn) = conn.postgres() {
        super::postgres::transfer::settle(conn)?;
    }
    conn.run("DELETE FROM secrets WHERE name = $1", [MARK])?;
    if let Some(conn) = conn.sqlite() {
        // Everything is in the file itself, and flushed.
        conn.pragma_update(None, "wal_checkpoint", "TRUNCATE")?;
    }
    Ok(())
}

/// Empties a database with nobody in it, and marks it: a server that was started there once has left something.
pub(in crate::core) fn begin(conn: &Connection, tables: &[Table], mark: &[u8]) -> Result<()> {
    at_once(conn, || {
        for table in tables.iter().filter(|table| !table.key.is_empty()) {
            conn.run(
                &format!("DELETE FROM {} WHERE {}", table.name, table.condition()),
                (),
            )?;
        }
        conn.run("UPDATE search_progress SET upto = 0, rules = 0", ())?;
        let put = "INSERT INTO secrets (name, value) VALUES ($1, $2)";
        conn.run(put, (MARK, mark)).map(drop)
    })
}

/// Has nobody ever been here?
pub(in crate::core) fn is_empty(conn: &Connection) -> Result<bool> {
    let sql = "SELECT (SELECT count(*) FROM accounts) + (SELECT messages FROM log)
         + CASE WHEN EXISTS (SELECT 1 FROM messages) THEN 1 ELSE 0 END AS people";
    let mut people = 0;
    conn.rows(sql, (), |row| {
        people = match row.value("people")? {
            Value::Integer(count) => count,
            _ => 1,
        };
        Ok(false)
    })?;
    Ok(people == 0)
}

/// Whose data these are, and of when: its secrets, and what its log had come to.
pub(in crate::core) fn identity(conn: &Connection, tables: &[Table]) -> anyhow::Result<Vec<u8>> {
    let mut sums = Vec::new();
    for table in tables {
        if ["secrets", "log"].contains(&&*table.name) {
            let mut sum = Sum::default();
            table.pages(conn, Vec::new(), |rows| {
                rows.iter().for_each(|row| sum.add(row));
                Ok(())
            })?;
            sums.extend(sum.hashes.map(u64::to_be_bytes).concat());
        }
    }
    Ok(digest(&SHA256, &sums).as_ref().to_vec())
}

/// From now on nobody writes there, and what is read is of one moment.
pub(in crate::core) fn hold(conn: &Connection) -> Result<()> {
    match conn.postgres() {
        None => conn.end("BEGIN IMMEDIATE"),
        Some(conn) => super::postgres::transfer::hold(conn),
    }
}

/// Keeps a second move away, and lets rows come in any order of tables.
pub(in crate::core) fn take(conn: &Connection) -> Result<()> {
    match conn {
        Connection::Sqlite(conn) => Ok(conn.pragma_update(None, "foreign_keys", false)?),
        Connection::Postgres(conn) => super::postgres::transfer::take(conn),
    }
}

/// Does a server run there that was heard of since then? A file's server locks the file instead.
pub(in crate::core) fn is_served_since(conn: &Connection, then: Time) -> Result<bool> {
    let mut is_served = false;
    if conn.postgres().is_some() {
        let living = "SELECT id FROM servers WHERE seen_at >= $1 LIMIT 1";
        conn.rows(living, [then.0], |_| {
            is_served = true;
            Ok(false)
        })?;
    }
    Ok(is_served)
}

/// The counters of ids go on behind the last that was given out, even if that is gone.
pub(in crate::core) fn count_on(
    from: &Connection,
    to: &Connection,
    tables: &[Table],
) -> Result<()> {
    at_once(to, || {
        for table in tables {
            let last = match from {
                Connection::Sqlite(_) if table.is_counted => given(from, &table.name)?,
                Connection::Sqlite(_) => 0,
                Connection::Postgres(from) => super::postgres::transfer::given(from, table)?,
            };
            match to {
                Connection::Sqlite(_) if table.is_counted && last > 0 => {
                    let name = &table.name;
                    to.run("DELETE FROM sqlite_sequence WHERE name = $1", [name])?;
                    let put = "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)";
                    to.run(put, (name, last))?;
                }
                Connection::Sqlite(_) => {}
                Connection::Postgres(to) => super::postgres::transfer::count_on(to, table, last)?,
            }
        }
        Ok(())
    })
}

fn given(conn: &Connection, table: &str) -> Result<i64> {
    let mut last = 0;
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = $1";
    conn.rows(sql, [table], |row| {
        last = row.get(0)?;
        Ok(false)
    })?;
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_moved_but_those_that_are_named_here() {
        let schema = include_str!("../../../schema.sql");
        let made = schema.lines().filter_map(|line| {
            let rest = line.strip_prefix("CREATE TABLE ")?;
            rest.split(' ').next()
        });
        let mut made: Vec<_> = made.filter(|name| !STAYS.contains(name)).collect();
        made.sort_unstable();
        let tables = tables().expect("the schema");
        let moved: Vec<_> = tables.iter().map(|table| &*table.name).collect();
        assert_eq!(moved, made);
        let folding = tables
            .iter()
            .filter(|table| table.key.iter().any(|at| table.columns[*at].folds_case));
        let folding: Vec<_> = folding.map(|table| &*table.name).collect();
        assert_eq!(folding, ["proofs"]);
        let single = tables.iter().filter(|table| table.key.is_empty());
        let single: Vec<_> = single.map(|table| &*table.name).collect();
        assert_eq!(single, ["log", "server"], "the others have keys");
    }

    #[test]
    fn a_sum_tells_every_difference_but_the_order_and_nul() {
        let text = |text: &str| Owned::Text(text.to_owned());
        let sum = |rows: &[[Owned; 2]]| {
            let mut sum = Sum::default();
            rows.iter().for_each(|row| sum.add(row));
            sum
        };
        let (one, two) = ([text("a"), text("bc")], [Owned::Integer(1), Owned::Null]);
        let both = sum(&[one.clone(), two.clone()]);
        assert!(both.is_like(&sum(&[two.clone(), one.clone()])));
        for other in [
            [text("ab"), text("c")],
            [text("a"), Owned::Blob(b"bc".to_vec())],
            [text("a"), Owned::Null],
        ] {
            assert!(!both.is_like(&sum(&[other, two.clone()])));
        }
        assert!(!both.is_like(&sum(&[one])));
        let (nul, replaced) = (
            sum(&[[text("a\0"), Owned::Null]]),
            sum(&[[text("a\u{FFFD}"), Owned::Null]]),
        );
        assert!(nul.is_like(&replaced));
        assert_eq!((nul.altered, replaced.altered), (1, 0));
    }
}
