//! The writer: one thread, one connection, and one commit for all verbs that have queued up.
//!
//! A verb that fails or panics does not fail the others: a savepoint is set before its first write, unless it has called
//! `decide()`. After each commit the announcements leave, in commit order; then the callers are answered.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Checkpoints;
use super::indexing::{Done, Indexing, Step};
use super::verb::{AnsweredBy, Commit, Job, Outcome, Verb};
use super::{Tx, Undo, View, run, search};
use crate::core::directory::Directory;
use crate::core::error::{Error, Result};
use crate::core::limits::Limits;
use crate::core::meter::Meter;
use crate::core::model::{Announcement, Event, Id, StateChange, Time};

/// Verbs that may wait; beyond that new ones are refused as overload.
const QUEUE: usize = 8_192;
/// Verbs that share one commit.
const BATCH: usize = 1_024;
/// How often the writer looks for what another process has changed.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// How long queued verbs are still run when the server ends; after that the rest are refused.
const LAST_VERBS: Duration = Duration::from_secs(2);

/// The answer to verbs that come too late.
const STOPPING: &str = "The server is stopping";
/// The answer to all verbs of a commit in which a write failed.
const ROLLED_BACK: &str = "The disk is full, or the database cannot be written";

/// Where the announcements of a commit go.
pub(in crate::core) enum Outlet {
    /// To the fan-out of this server. If the channel is full the writer waits: this is the back pressure.
    Here(mpsc::Sender<Commit>),
    /// To the `news` table, for the server that runs on this file.
    Elsewhere,
    /// To nobody: no server runs on this file.
    Nowhere,
}

/// A verb that was not queued, and why.
pub(in crate::core) struct Refused(Box<dyn Job>, Error);

impl Refused {
    /// Answers the caller.
    pub fn say(self) {
        self.0.refuse(self.1);
    }
}

/// The handle on the writer's thread; the thread ends when the last clone of the queue is gone.
pub(in crate::core) struct Writer {
    queue: SyncSender<Box<dyn Job>>,
    meter: Arc<Meter>,
    /// Until when queued verbs are still run; set when the server stops.
    end: Arc<OnceLock<Instant>>,
    thread: JoinHandle<()>,
}

impl Writer {
    pub fn start(
        conn: Connection,
        limits: Limits,
        directory: Arc<Directory>,
        meter: Arc<Meter>,
        outlet: Outlet,
        checkpoints: Option<Checkpoints>,
    ) -> Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let end = Arc::<OnceLock<Instant>>::default();
        let writer_loop = WriterLoop {
            end: end.clone(),
            conn,
            limits,
            directory,
            meter: meter.clone(),
            outlet,
            checkpoints,
        };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || writer_loop.work(&jobs))
            .map_err(|e| Error::Internal(format!("no thread for the writer: {e}")))?;
        Ok(Self {
            queue,
            meter,
            end,
            thread,
        })
    }

    /// Queues a verb at once, in the order of the calls. The future is ready after the commit.
    pub fn queue<T, V>(&self, verb: V) -> impl Future<Output = Result<T>> + Send + use<T, V>
    where
        V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // The caller may have gone; the commit stays.
        let done = move |result| drop(reply.send(result));
        if let Err(refused) = self.enqueue(Verb::new(AnsweredBy::Writer, verb, done)) {
            refused.say();
        }
        async move {
            answer
                .await
                .unwrap_or_else(|_| Err(Error::Overloaded(STOPPING)))
        }
    }

    /// Queues a verb whose caller may hear its events: `done` runs on the fan-out task, behind them.
    ///
    /// # Errors
    /// The refusal: the caller answers it after it has released its lock.
    pub fn queue_then<T, V, D>(&self, verb: V, done: D) -> std::result::Result<(), Refused>
    where
        V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        D: FnOnce(Result<T>) + Send + 'static,
        T: Send + 'static,
    {
        self.enqueue(Verb::new(AnsweredBy::FanOut, verb, done))
    }

    fn enqueue(&self, job: impl Job + 'static) -> std::result::Result<(), Refused> {
        // Counted before it is queued: the writer may have taken it before this returns.
        self.meter.waiting.fetch_add(1, Relaxed);
        if let Err(refused) = self.queue.try_send(Box::new(job)) {
            self.meter.waiting.fetch_sub(1, Relaxed);
            let (job, why) = match refused {
                TrySendError::Full(job) => (job, "The server has too much to write"),
                TrySendError::Disconnected(job) => (job, STOPPING),
            };
            return Err(Refused(job, Error::Overloaded(why)));
        }
        Ok(())
    }

    /// Runs queued verbs for [`LAST_VERBS`] and refuses the rest, checkpoints the write-ahead log, and closes the
    /// connection.
    pub fn finish(self) {
        self.end.get_or_init(|| Instant::now() + LAST_VERBS);
        drop(self.queue);
        if self.thread.join().is_err() {
            tracing::error!("the writer's thread panicked");
        }
    }
}

struct WriterLoop {
    conn: Connection,
    limits: Limits,
    directory: Arc<Directory>,
    meter: Arc<Meter>,
    outlet: Outlet,
    end: Arc<OnceLock<Instant>>,
    /// Beside a server's writer.
    checkpoints: Option<Checkpoints>,
}

impl WriterLoop {
    fn work(mut self, jobs: &Receiver<Box<dyn Job>>) {
        if let Some(checkpoints) = &self.checkpoints
            && let Err(error) = checkpoints.help(&self.conn)
        {
            tracing::warn!(%error, "the writer folds in the write-ahead log alone");
        }
        let mut mailbox = match &self.outlet {
            Outlet::Here(_) => Some(Mailbox::open(&self.view())),
            Outlet::Elsewhere | Outlet::Nowhere => None,
        };
        // Only a server indexes behind the log: the command line ends before it is idle.
        let mut indexing = mailbox.is_some().then(Indexing::default);
        loop {
            let wait = indexing.as_ref().map_or(LOOK, Indexing::wait);
            let first = match jobs.recv_timeout(wait) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let is_idle = first.is_none();
            let done = first.map_or_else(Done::default, |first| {
                let batch = std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1));
                let done = self.commit(batch);
                self.checkpoint();
                done
            });
            if let Some(indexing) = &mut indexing {
                indexing.committed(done);
                if indexing.is_due(is_idle, self.meter.waiting.load(Relaxed) > 0) {
                    let indexed = self.index(indexing.taken_out());
                    indexing.stepped(indexed);
                    self.checkpoint();
                }
            }
            if let Some(mailbox) = &mut mailbox {
                let announced = mailbox.look(&self.view());
                if !announced.is_empty() {
                    self.tell(Commit::new(announced, Vec::new()));
                }
            }
        }
        self.checkpoints.take();
        if !matches!(self.outlet, Outlet::Elsewhere)
            && let Err(error) = self.conn.pragma_update(None, "wal_checkpoint", "TRUNCATE")
        {
            tracing::debug!(%error, "the write-ahead log was not folded in");
        }
    }

    fn view(&self) -> View<'_> {
        View::new(&self.conn, &self.limits, &self.directory, Time::now())
    }

    fn tx(&self, undo: Undo) -> Tx<'_> {
        Tx {
            view: self.view(),
            announced: RefCell::default(),
            undo: Cell::new(undo),
            decided: Cell::new(false),
            taken_out: Cell::new(0),
        }
    }

    /// Indexes a few messages for search, and tidies up after those that were taken out. It is not flushed to the disk: if it
    /// is lost, it is done again, and the next commit flushes it as well.
    fn index(&self, taken_out: u32) -> Result<Step> {
        let durability = self.view().count("PRAGMA synchronous", ())?;
        self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        let indexed = self.index_unflushed(taken_out);
        self.conn.pragma_update(None, "synchronous", durability)?;
        indexed
    }

    fn index_unflushed(&self, taken_out: u32) -> Result<Step> {
        self.transact("BEGIN IMMEDIATE")?;
        let tx = self.tx(Undo::Everything);
        let indexed = tx.index_more(search::BATCH).and_then(|more| {
            let tidied = (taken_out > 0).then(|| tx.tidy_index(taken_out));
            let tidied = tidied.transpose()?;
            self.transact("COMMIT")?;
            Ok(Step { more, tidied })
        });
        if indexed.is_err() {
            // Fails if SQLite has rolled back by itself.
            self.transact("ROLLBACK").ok();
        }
        indexed
    }

    /// Runs verbs and commits them.
    fn commit(&self, batch: impl Iterator<Item = Box<dyn Job>>) -> Done {
        if let Err(error) = self.transact("BEGIN IMMEDIATE") {
            let error = Error::from(error);
            batch.for_each(|job| {
                self.meter.waiting.fetch_sub(1, Relaxed);
                job.refuse(error.clone());
            });
            return Done::default();
        }
        let tx = self.tx(Undo::Nothing);
        let mut outcomes = Vec::new();
        for job in batch {
            self.meter.waiting.fetch_sub(1, Relaxed);
            if self.has_ended() {
                job.refuse(Error::Overloaded(STOPPING));
            } else if self.conn.is_autocommit() {
                // SQLite has rolled back by itself, as it may if the disk is full: this verb would run outside of
                // the transaction.
                job.refuse(Error::Overloaded(ROLLED_BACK));
            } else {
                outcomes.push(self.attempt(&tx, job));
            }
        }
        // A failure from here on fails the whole commit, so no savepoint is set.
        tx.undo.set(Undo::Everything);
        let complete = if self.conn.is_autocommit() {
            Err(Error::Overloaded(ROLLED_BACK))
        } else {
            tx.settle()
        };
        let announced = tx.announced.take();
        let is_post =
            |one: &&Announcement| matches!(one, Announcement::Event(Event::MessagePosted(_)));
        let posted = announced.iter().filter(is_post).count();
        let committed = complete
            .and_then(|()| self.leave_news(&tx, &announced))
            .and_then(|()| Ok(self.transact("COMMIT")?));
        let now = Instant::now();
        let (mut behind_the_news, mut at_once) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            self.meter.took(now.duration_since(outcome.queued));
            match outcome.answered_by {
                AnsweredBy::FanOut => behind_the_news.push(outcome.answer),
                AnsweredBy::Writer => at_once.push(outcome.answer),
            }
        }
        let told = match committed {
            Ok(()) => {
                self.tell(Commit::new(announced, behind_the_news));
                Ok(())
            }
            Err(error) => {
                tracing::error!(cause = ?error, "a commit failed");
                // Fails if SQLite has rolled back by itself.
                self.transact("ROLLBACK").ok();
                at_once.append(&mut behind_the_news);
                Err(error)
            }
        };
        at_once.into_iter().for_each(|answer| answer(told.clone()));
        Done {
            posted,
            taken_out: tx.taken_out.get(),
        }
    }

    /// Something was committed: the thread beside this one may have something to do.
    fn checkpoint(&self) {
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.look(&self.conn);
        }
    }

    /// Is the time over in which queued verbs are still run?
    fn has_ended(&self) -> bool {
        self.end.get().is_some_and(|end| Instant::now() >= *end)
    }

    /// Runs one verb. A failed one leaves neither writes nor announcements.
    fn attempt(&self, tx: &Tx<'_>, job: Box<dyn Job>) -> Outcome {
        let announced_before = tx.announced.borrow().len();
        tx.undo.set(Undo::Nothing);
        tx.decided.set(false);
        let outcome = job.run(tx);
        if outcome.failed {
            tx.announced.borrow_mut().truncate(announced_before);
            if tx.undo.get() != Undo::Nothing {
                tx.cache.forget();
            }
        }
        let undone = match tx.undo.get() {
            Undo::Nothing => Ok(()),
            Undo::Savepoint if outcome.failed => self
                .transact("ROLLBACK TO verb")
                .and_then(|()| self.transact("RELEASE verb")),
            Undo::Savepoint => self.transact("RELEASE verb"),
            // All verbs of the commit fail with it.
            Undo::Everything if outcome.failed => self.transact("ROLLBACK"),
            Undo::Everything => Ok(()),
        };
        if undone.is_err() {
            tracing::error!("a savepoint was lost; the commit that follows will say why");
        }
        outcome
    }

    fn tell(&self, commit: Commit) {
        self.meter.happened(commit.announced());
        let view = self.view();
        self.directory.learn(
            commit.announced(),
            |id| view.account(id),
            || view.unwanted_entries(),
        );
        let untold = match &self.outlet {
            Outlet::Here(fan_out) => fan_out.blocking_send(commit).err().map(|error| error.0),
            Outlet::Elsewhere | Outlet::Nowhere => Some(commit),
        };
        // The server is stopping, or there is no fan-out: the callers have no events to wait for.
        if let Some(commit) = untold {
            commit.answer();
        }
    }

    fn leave_news(&self, tx: &Tx<'_>, announced: &[Announcement]) -> Result<()> {
        if let Outlet::Elsewhere = self.outlet {
            for announcement in announced {
                let (topic, subject, account) = match announcement {
                    Announcement::StateChange(StateChange::AccountChanged(account)) => {
                        ("account", account.number(), account)
                    }
                    Announcement::StateChange(StateChange::ProfileChanged(account)) => {
                        ("profile", account.number(), account)
                    }
                    Announcement::StateChange(StateChange::DeviceEnded { device, account }) => {
                        ("device", device.number(), account)
                    }
                    Announcement::StateChange(StateChange::UnwantedChanged) => {
                        ("unwanted", 0, &Id::stored(0))
                    }
                    Announcement::Event(Event::NoticeMade(notice)) => {
                        ("notice", notice.id.number(), &notice.account)
                    }
                    Announcement::Event(Event::MemberLeft {
                        conversation,
                        account,
                    }) => ("left", conversation.number(), account),
                    // The command line announces nothing else.
                    _ => continue,
                };
                tx.insert_news(topic, subject, *account)?;
            }
        }
        Ok(())
    }

    fn transact(&self, sql: &str) -> rusqlite::Result<()> {
        run(&self.conn, sql, ()).map(drop)
    }
}

/// Finds what other processes have left in the `news` table.
struct Mailbox {
    last: i64,
    version: i64,
    looked: Instant,
}

impl Mailbox {
    fn open(view: &View<'_>) -> Self {
        let last = view.count("SELECT coalesce(max(id), 0) FROM news", ());
        let last = last.unwrap_or(0);
        forget_news(view.conn, last);
        Self {
            last,
            version: 0,
            looked: Instant::now(),
        }
    }

    fn look(&mut self, view: &View<'_>) -> Vec<Announcement> {
        if self.looked.elapsed() < LOOK {
            return Vec::new();
        }
        self.looked = Instant::now();
        let version = view
            .count("PRAGMA data_version", ())
            .unwrap_or(self.version);
        if std::mem::replace(&mut self.version, version) == version {
            return Vec::new();
        }
        self.read(view).unwrap_or_else(|error| {
            tracing::warn!(%error, "news from another process could not be read");
            Vec::new()
        })
    }

    fn read(&mut self, view: &View<'_>) -> Result<Vec<Announcement>> {
        let rows = view.all(
            "SELECT id, topic, subject, account FROM news WHERE id > $1 ORDER BY id",
            [self.last],
            |row| {
                Ok((
                    row.get::<_, i64>("id")?,
                    row.get::<_, String>("topic")?,
                    row.get("subject")?,
                    Id::stored(row.get("account")?),
                ))
            },
        )?;
        let mut announced = Vec::new();
        let heard = !rows.is_empty();
        for (id, topic, subject, account) in rows {
            self.last = id;
            announced.extend(view.news_announcement(&topic, subject, account)?);
        }
        if heard {
            forget_news(view.conn, self.last);
        }
        Ok(announced)
    }
}

/// Deletes news that were read, in a transaction of its own: otherwise they would stay in the file for ever.
fn forget_news(conn: &Connection, upto: i64) {
    if let Err(error) = run(conn, "DELETE FROM news WHERE id <= $1", [upto]) {
        // They are deleted with the next ones, or at the next start.
        tracing::debug!(%error, "news that were heard are kept");
    }
}
