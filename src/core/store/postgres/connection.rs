//! One connection to PostgreSQL, used by one thread: it asks and waits, or says what it need not wait for.
//!
//! Each connection has a runtime of its own on the thread that uses it, so that no other thread is woken for an answer. What
//! is only said ([`Connection::send`]) leaves in one piece with what is asked next, and its errors come with that answer. What
//! is added row by row ([`Connection::add`]) waits for more of its kind, and leaves as one statement.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row, Statement};

use super::address::Address;
use super::connect::connect;
use super::error::ends_session;
use super::sets;
use super::value::Given;
use crate::core::store::sql::{Owned, Value};

/// An answer that takes longer never comes: the server, or the way to it, is gone.
const LONGEST: Duration = Duration::from_secs(30);
/// Statements that are kept prepared. Some are put together, so there is no end of them.
const STATEMENTS: usize = 512;
/// So many that nobody waits for leave by themselves.
const SENT: usize = 512;
/// Rows of one kind that are written by one statement, and bytes of text in all of them together.
const ROWS: usize = 1_024;
const BYTES: usize = 1 << 20;

type Sent = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub(in crate::core) enum Failed {
    #[error("{0}")]
    Database(#[from] Error),
    #[error("no answer for {} s", LONGEST.as_secs())]
    Late,
}

/// Rows to be written, by the statement that would write one of them.
#[derive(Default)]
struct Added {
    kinds: Vec<(&'static str, Vec<Vec<Owned>>)>,
    bytes: usize,
}

impl Added {
    /// Notes a row. Is it time to write them?
    fn note(&mut self, sql: &'static str, values: &[Value<'_>]) -> bool {
        self.bytes += values.iter().map(Value::bytes).sum::<usize>();
        let at = self.kinds.iter().position(|(kind, _)| *kind == sql);
        let at = at.unwrap_or_else(|| {
            self.kinds.push((sql, Vec::new()));
            self.kinds.len() - 1
        });
        let rows = &mut self.kinds[at].1;
        rows.push(values.iter().map(Owned::from).collect());
        rows.len() >= ROWS || self.bytes >= BYTES
    }
}

/// A connection, and what is prepared there.
pub(in crate::core) struct Connection {
    /// `None` once it is dropped.
    runtime: Option<Runtime>,
    client: Arc<Client>,
    /// The number of the server's process.
    process: i32,
    address: Address,
    settings: String,
    statements: RefCell<HashMap<String, Statement>>,
    /// The statement for many rows, by the one for a row.
    sets: RefCell<HashMap<&'static str, Option<Arc<str>>>>,
    /// What was sent and is not answered yet, and whether a savepoint stands before it.
    sent: RefCell<Vec<(bool, Sent)>>,
    /// What was added and has not left yet.
    added: RefCell<Added>,
    /// Is there a savepoint, to which a failed verb is rolled back?
    has_savepoint: Cell<bool>,
    /// It is of no use any more.
    is_lost: Cell<bool>,
    /// A statement of this transaction has failed: nothing runs but a rollback, to a savepoint or of everything.
    has_failed: Cell<bool>,
    /// One has failed that nobody waited for, so nobody knows what was built on it: nothing but a rollback of everything.
    is_doomed: Cell<bool>,
}

impl Connection {
    /// Connects, and settles the session with these statements. Blocks; not to be called on an async thread.
    pub fn open(address: &Address, settings: &str) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = runtime.block_on(async {
            let (client, mut driving) = connect(address).await?;
            // Ends with the connection; notices of the server are of no interest.
            tokio::spawn(async move { while let Some(Ok(_)) = driving.next().await {} });
            client.batch_execute(settings).await?;
            let process = client.query_one("SELECT pg_backend_pid()", &[]).await?;
            anyhow::Ok((client, process.try_get(0)?))
        });
        let (client, process) = client?;
        Ok(Self {
            client: Arc::new(client),
            process,
            address: address.clone(),
            settings: settings.to_owned(),
            runtime: Some(runtime),
            statements: RefCell::default(),
            sets: RefCell::default(),
            sent: RefCell::default(),
            added: RefCell::default(),
            has_savepoint: Cell::new(false),
            is_lost: Cell::new(false),
            has_failed: Cell::new(false),
            is_doomed: Cell::new(false),
        })
    }

    /// The number of the server's process.
    pub fn process(&self) -> i32 {
        self.process
    }

    /// Is it of no use any more?
    pub fn is_lost(&self) -> bool {
        self.is_lost.get() || self.client.is_closed()
    }

    /// Can the transaction not be committed any more?
    pub fn has_failed(&self) -> bool {
        self.is_lost() || self.has_failed.get() || self.is_doomed.get()
    }

    pub fn doom(&self) {
        self.is_doomed.set(true);
    }

    /// The same connection once more.
    pub fn again(&self) -> anyhow::Result<Self> {
        Self::open(&self.address, &self.settings)
    }

    /// A transaction begins, or the last one was rolled back.
    pub fn forget_failures(&self) {
        self.has_failed.set(false);
        self.is_doomed.set(false);
    }

    /// The transaction is about to be rolled back: what has not left need not leave.
    pub fn forget_added(&self) {
        self.added.take();
    }

    /// The transaction was rolled back to a savepoint.
    pub fn forget_failure(&self) {
        self.has_failed.set(false);
    }

    /// Finds out whether the other side has hung up while nobody asked anything.
    pub fn notice(&self) {
        if let Some(runtime) = &self.runtime {
            // It has learned of what came as soon as its driver has run once more.
            runtime.block_on(async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    /// The rows that a statement finds or returns.
    pub fn fetch(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Failed> {
        self.leave()?;
        let statement = self.prepared(sql)?;
        self.wait(async {
            let rows = self.client.query_raw(&statement, values).await?;
            pin!(rows).try_collect().await
        })
    }

    /// The rows that several statements find, which are asked together, one behind the other.
    pub fn fetch_all(&self, asked: &[(&str, Vec<Given>)]) -> Result<Vec<Vec<Row>>, Failed> {
        self.leave()?;
        let mut asking = Vec::with_capacity(asked.len());
        for (sql, values) in asked {
            let statement = self.prepared(sql)?;
            asking.push(async move {
                let rows = self.client.query_raw(&statement, values).await?;
                pin!(rows).try_collect().await
            });
        }
        // Polled in this order, so they leave in it.
        self.wait(try_join_all(asking))
    }

    /// Runs a statement, and answers how many rows it has changed.
    pub fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Failed> {
        self.leave()?;
        let statement = self.prepared(sql)?;
        self.wait(self.client.execute_raw(&statement, values))
    }

    /// Runs a statement that nobody waits for. If it fails, what is asked next fails.
    pub fn send(&self, sql: &str, values: &[Value<'_>]) -> Result<(), Failed> {
        self.leave()?;
        let values = values.iter().map(|value| Given::One(value.into()));
        self.send_given(sql, values.collect())
    }

    /// Adds a row by a statement for one row. Until something else is said rows wait, and those of one kind are written
    /// together, so kinds must not depend on each other. Behind a savepoint none waits.
    pub fn add(&self, sql: &'static str, values: &[Value<'_>]) -> Result<(), Failed> {
        if self.has_savepoint.get() {
            return self.send(sql, values);
        }
        let are_many = self.added.borrow_mut().note(sql, values);
        if are_many { self.leave() } else { Ok(()) }
    }

    /// What was added leaves.
    fn leave(&self) -> Result<(), Failed> {
        for (sql, mut rows) in self.added.take().kinds {
            let many = match rows.len() {
                1 => None,
                _ => self.for_each(sql)?,
            };
            let Some(many) = many else {
                for row in rows {
                    self.send_given(sql, row.into_iter().map(Given::One).collect())?;
                }
                continue;
            };
            let columns = rows.first().map_or(0, Vec::len);
            let arrays = (0..columns).map(|column| {
                let values = rows.iter_mut().map(|row| std::mem::take(&mut row[column]));
                Given::Each(values.collect())
            });
            let arrays = arrays.collect();
            self.send_given(&many, arrays)?;
        }
        Ok(())
    }

    /// The statement that does for many rows what this one does for one, if there is such a statement.
    fn for_each(&self, sql: &'static str) -> Result<Option<Arc<str>>, Failed> {
        if let Some(known) = self.sets.borrow().get(sql) {
            return Ok(known.clone());
        }
        let many = sets::for_each(sql, self.prepared(sql)?.params()).map(Arc::from);
        self.sets.borrow_mut().insert(sql, many.clone());
        Ok(many)
    }

    fn send_given(&self, sql: &str, values: Vec<Given>) -> Result<(), Failed> {
        let statement = self.prepared(sql)?;
        let client = self.client.clone();
        let running: Sent =
            Box::pin(async move { client.execute_raw(&statement, &values).await.map(drop) });
        let sent = (self.has_savepoint.get(), self.begun(running));
        self.sent.borrow_mut().push(sent);
        self.bound()
    }

    /// The same for BEGIN and the like, which have no values.
    pub fn send_simple(&self, sql: &'static str) -> Result<(), Failed> {
        self.leave()?;
        let client = self.client.clone();
        let running: Sent = Box::pin(async move { client.batch_execute(sql).await });
        let sent = (false, self.begun(running));
        self.sent.borrow_mut().push(sent);
        self.bound()
    }

    /// From now on there is a savepoint, or none: what fails behind one dooms nobody else.
    pub fn note_savepoint(&self, there: bool) {
        self.has_savepoint.set(there);
    }

    /// Waits for everything that was sent.
    pub fn flush(&self) -> Result<(), Failed> {
        self.leave()?;
        let is_nothing = self.sent.borrow().is_empty();
        if is_nothing {
            return Ok(());
        }
        self.wait(async { Ok(()) })
    }

    /// Runs COMMIT and the like, and waits for everything that was sent.
    pub fn run_simple(&self, sql: &str) -> Result<(), Failed> {
        self.leave()?;
        self.wait(self.client.batch_execute(sql))
    }

    /// Writes rows into columns of these types, by a COPY that reads its binary format: all of them, or none.
    pub fn copy(&self, sql: &str, types: &[Type], rows: &[Vec<Owned>]) -> Result<u64, Failed> {
        self.wait(async {
            let writer = BinaryCopyInWriter::new(self.client.copy_in(sql).await?, types);
            let mut writer = pin!(writer);
            for row in rows {
                let values: Vec<_> = row.iter().map(Owned::value).collect();
                writer.as_mut().write_raw(&values).await?;
            }
            writer.finish().await
        })
    }

    /// Puts it into the order of what leaves.
    fn begun(&self, mut running: Sent) -> Sent {
        let mut context = Context::from_waker(Waker::noop());
        match running.as_mut().poll(&mut context) {
            Poll::Pending => running,
            // The connection is lost. Whoever waits learns of it then.
            Poll::Ready(ended) => Box::pin(std::future::ready(ended)),
        }
    }

    fn bound(&self) -> Result<(), Failed> {
        let is_much = self.sent.borrow().len() >= SENT;
        if is_much { self.flush() } else { Ok(()) }
    }

    fn prepared(&self, sql: &str) -> Result<Statement, Failed> {
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.wait(self.client.prepare(sql))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Waits for everything that was sent, and for this.
    fn wait<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Failed> {
        let sent = self.sent.take();
        let runtime = self.runtime.as_ref().ok_or(Failed::Late)?;
        let answers = async {
            let sent = async {
                let (mut first, mut is_doomed) = (Ok(()), false);
                for (is_saved, one) in sent {
                    let done = one.await;
                    is_doomed |= done.is_err() && !is_saved;
                    first = first.and(done);
                }
                (first, is_doomed)
            };
            futures_util::future::join(sent, asked).await
        };
        // A time-out begins within the runtime.
        let answer = runtime.block_on(async { timeout(LONGEST, answers).await });
        match answer {
            Ok(((sent, is_doomed), asked)) => {
                self.is_doomed.set(self.is_doomed.get() || is_doomed);
                let has_failed = sent.is_err() || asked.is_err();
                self.has_failed.set(self.has_failed.get() || has_failed);
                // The first that failed says why; behind it everything in the transaction fails.
                Ok(sent.and(asked).inspect_err(|error| {
                    if ends_session(error) {
                        self.is_lost.set(true);
                    }
                })?)
            }
            Err(_) => {
                self.is_lost.set(true);
                Err(Failed::Late)
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Also on an async thread, where nothing may wait.
            runtime.shutdown_background();
        }
    }
}
