//! Where a server keeps everything, and how scenes look into it: in SQL that SQLite and PostgreSQL share.

use super::PATIENCE;
use super::postgres::{self, Database};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use tokio_postgres::types::ToSql;

#[derive(Clone)]
pub enum Kept {
    File(PathBuf),
    Postgres(Arc<Database>),
}

/// Which database goes by the name of which file. They are there until the last scene has ended.
static NAMED: LazyLock<Mutex<HashMap<PathBuf, Kept>>> = LazyLock::new(Mutex::default);

impl Kept {
    /// A new database on PostgreSQL.
    pub async fn on_postgres() -> Kept {
        Kept::Postgres(Arc::new(Database::new().await))
    }

    /// The database on PostgreSQL that goes by the name of this file, made if there is none yet.
    pub async fn on_postgres_for(file: &Path) -> Kept {
        let known = |file| NAMED.lock().expect("a map").get(file).cloned();
        if let Some(known) = known(file) {
            return known;
        }
        let new = Kept::on_postgres().await;
        let mut named = NAMED.lock().expect("a map");
        named.insert(file.to_owned(), new.clone());
        new
    }

    /// Where a server says that it keeps everything. Of a database on PostgreSQL it tells no password and no port.
    pub fn where_announced(announced: &Value, flags: &[&str]) -> Kept {
        let flag = flags.iter().position(|flag| *flag == "--db");
        let given = flag.and_then(|at| flags.get(at + 1)).copied();
        match given.and_then(Database::at) {
            Some(database) => Kept::Postgres(Arc::new(database)),
            None => {
                let file = announced["db"].as_str();
                Kept::File(file.expect("the announcement names the file").into())
            }
        }
    }

    /// What `--db` takes.
    pub fn place(&self) -> String {
        match self {
            Kept::File(file) => file.to_str().expect("a path that is UTF-8").to_owned(),
            Kept::Postgres(database) => database.url(),
        }
    }

    /// The first column of all rows that a query finds.
    #[track_caller]
    pub fn all<T: Cell>(&self, sql: &str, values: &[&dyn Given]) -> Vec<T> {
        match self {
            Kept::File(file) => {
                let conn = open(file);
                let mut query = conn.prepare(sql).expect("SQL");
                let values = values.iter().map(|value| value.to_sqlite());
                let rows = query.query_map(rusqlite::params_from_iter(values), |row| row.get(0));
                rows.and_then(Iterator::collect).expect("values")
            }
            Kept::Postgres(database) => {
                let values: Vec<&(dyn ToSql + Sync)> = to_postgres(values);
                let rows = postgres::blocking(async {
                    let client = database.client().await;
                    client.query(sql, &values).await
                });
                let rows = rows.unwrap_or_else(|why| panic!("{sql}: {why:?}"));
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// The first column of the only row that a query finds.
    #[track_caller]
    pub fn one<T: Cell>(&self, sql: &str, values: &[&dyn Given]) -> T {
        let mut all = self.all(sql, values);
        assert_eq!(all.len(), 1, "{sql} finds one row");
        all.remove(0)
    }

    /// Nobody else may write until that is dropped.
    pub async fn is_being_written(&self) -> Writing {
        match self {
            Kept::File(file) => {
                let conn = open(file);
                let begun = conn.execute_batch("BEGIN IMMEDIATE");
                begun.expect("one's turn to write");
                Writing::File(conn)
            }
            Kept::Postgres(database) => {
                let client = database.client().await;
                let begun = client.batch_execute("BEGIN; SELECT last FROM log FOR UPDATE");
                begun.await.expect("one's turn to write");
                Writing::Postgres(client)
            }
        }
    }

    /// Changes what is kept, behind the server's back.
    #[track_caller]
    pub fn does(&self, sql: &str, values: &[&dyn Given]) {
        match self {
            Kept::File(file) => {
                let values = values.iter().map(|value| value.to_sqlite());
                let done = open(file).execute(sql, rusqlite::params_from_iter(values));
                done.unwrap_or_else(|why| panic!("{sql}: {why}"));
            }
            Kept::Postgres(database) => {
                let values: Vec<&(dyn ToSql + Sync)> = to_postgres(values);
                let done = postgres::blocking(async {
                    let client = database.client().await;
                    client.execute(sql, &values).await
                });
                done.unwrap_or_else(|why| panic!("{sql}: {why:?}"));
            }
        }
    }
}

/// A transaction that is open, and is undone in the end.
pub enum Writing {
    File(#[expect(dead_code, reason = "it is there to be dropped")] Connection),
    Postgres(#[expect(dead_code, reason = "it is there to be dropped")] tokio_postgres::Client),
}

/// What a query finds in a column.
pub trait Cell:
    rusqlite::types::FromSql + for<'row> tokio_postgres::types::FromSql<'row> + Send
{
}
impl<T> Cell for T where
    T: rusqlite::types::FromSql + for<'row> tokio_postgres::types::FromSql<'row> + Send
{
}

/// A value that is given to a statement.
pub trait Given: Sync {
    fn to_sqlite(&self) -> &dyn rusqlite::ToSql;
    fn to_postgres(&self) -> &(dyn ToSql + Sync);
}
impl<T: rusqlite::ToSql + ToSql + Sync> Given for T {
    fn to_sqlite(&self) -> &dyn rusqlite::ToSql {
        self
    }
    fn to_postgres(&self) -> &(dyn ToSql + Sync) {
        self
    }
}

fn to_postgres<'v>(values: &[&'v dyn Given]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value.to_postgres()).collect()
}

fn open(file: &Path) -> Connection {
    let conn = Connection::open(file).expect("the database");
    conn.busy_timeout(PATIENCE).expect("patience");
    conn
}
