//! The writer: one thread, one connection, and one commit for all verbs that have queued up.
//!
//! A verb that fails or panics does not fail the others: a savepoint is set before its first write, unless it has called
//! `decide()`. After each commit the announcements leave, in commit order; then the callers are answered.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::checkpoint::Checkpoints;
use super::connection::Connection;
use super::feed::{Mailbox, News, Nonce};
use super::indexing::{Done, Indexing, Step};
use super::postgres;
use super::postgres::feed::{Heard, Numbered};
use super::postgres::lookup::{Found, Lookups};
use super::postgres::pen::{Pen, Turn};
use super::verb::{AnsweredBy, Commit, Job, Outcome};
use super::{Tx, Undo, View, search};
use crate::core::directory::Directory;
use crate::core::error::{Error, Result};
use crate::core::limits::Limits;
use crate::core::meter::Meter;
use crate::core::model::{Announcement, Event, Time};

/// Verbs that may wait; beyond that new ones are refused as overload.
const QUEUE: usize = 8_192;
/// Verbs that share one commit.
const BATCH: usize = 1_024;
/// How long verbs are run in one commit; those that are left run in the next. Whoever waits for an answer waits for the commit,
/// and on PostgreSQL all other servers do.
const TURN: Duration = Duration::from_millis(250);
/// How often the writer looks for what another process has changed.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// How long queued verbs are still run when the server ends; after that the rest are refused.
const LAST_VERBS: Duration = Duration::from_secs(2);
/// How long after PostgreSQL could not be asked it is asked again.
const AGAIN: Duration = Duration::from_millis(100);

/// The answer to verbs that come too late.
pub(super) const STOPPING: &str = "The server is stopping";
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

impl Outlet {
    /// Has whoever opens the database for this a file to itself?
    pub fn is_alone(&self) -> bool {
        !matches!(self, Self::Elsewhere)
    }
}

/// A verb that was not queued, and why.
pub(in crate::core) struct Refused(Box<dyn Job>, Error);

impl Refused {
    /// Nothing is written any more.
    pub fn stopping(job: Box<dyn Job>) -> Self {
        Self(job, Error::Overloaded(STOPPING))
    }

    /// Answers the caller.
    pub fn say(self) {
        self.0.refuse(self.1);
    }
}

/// What the writer is to do.
pub(super) enum Task {
    Run(Box<dyn Job>),
    /// Other servers have committed something.
    Look,
}

impl Task {
    fn job(self) -> Option<Box<dyn Job>> {
        match self {
            Self::Run(job) => Some(job),
            Self::Look => None,
        }
    }
}

/// The handle on the writer's thread; the thread ends when this is gone.
pub(in crate::core) struct Writer {
    queue: Arc<SyncSender<Task>>,
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
        on_a_file: Option<(Checkpoints, Mailbox)>,
        heard: Option<Arc<Heard>>,
    ) -> Result<Self> {
        let (checkpoints, mailbox) = on_a_file.unzip();
        let (queue, tasks) = sync_channel(QUEUE);
        let queue = Arc::new(queue);
        let end = Arc::<OnceLock<Instant>>::default();
        let writer_loop = WriterLoop {
            end: end.clone(),
            conn,
            limits,
            directory,
            meter: meter.clone(),
            outlet,
            checkpoints,
            heard,
            mailbox,
            is_away: false,
            left: VecDeque::new(),
        };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || writer_loop.work(&tasks))
            .map_err(|e| Error::Internal(format!("no thread for the writer: {e}")))?;
        Ok(Self {
            queue,
            meter,
            end,
            thread,
        })
    }

    /// Queues a verb at once, in the order of the calls.
    ///
    /// # Errors
    /// The refusal: the caller says it after it has released its lock.
    pub fn queue(&self, job: Box<dyn Job>) -> std::result::Result<(), Refused> {
        // Counted before it is queued: the writer may have taken it before this returns.
        self.meter.waiting.fetch_add(1, Relaxed);
        let (task, why) = match self.queue.try_send(Task::Run(job)) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(task)) => (task, "The server has too much to write"),
            Err(TrySendError::Disconnected(task)) => (task, STOPPING),
        };
        self.meter.waiting.fetch_sub(1, Relaxed);
        match task {
            Task::Run(job) => Err(Refused(job, Error::Overloaded(why))),
            Task::Look => Ok(()),
        }
    }

    /// Has the writer look for what other servers have committed. It does not keep the writer's thread from ending.
    pub fn looking(&self) -> impl Fn() + Send + Sync + use<> {
        let queue = Arc::downgrade(&self.queue);
        move || {
            if let Some(queue) = queue.upgrade() {
                // If it is full, the writer hears the news before the next of its commits.
                queue.try_send(Task::Look).ok();
            }
        }
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
    /// Of a server that shares its database with others.
    heard: Option<Arc<Heard>>,
    /// Of a server on a file.
    mailbox: Option<Mailbox>,
    /// PostgreSQL could not be reached when it was last tried.
    is_away: bool,
    /// What the last commit had no time for.
    left: VecDeque<Box<dyn Job>>,
}

impl WriterLoop {
    fn work(mut self, tasks: &Receiver<Task>) {
        if let (Some(checkpoints), Some(conn)) = (&self.checkpoints, self.conn.sqlite())
            && let Err(error) = checkpoints.help(conn)
        {
            tracing::warn!(%error, "the writer folds in the write-ahead log alone");
        }
        self.note_own();
        let serves = matches!(self.outlet, Outlet::Here(_));
        // Only a server indexes behind the log: the command line ends before it is idle.
        let mut indexing = serves.then(Indexing::default);
        loop {
            let wait = indexing.as_ref().map_or(LOOK, Indexing::wait);
            let first = match self.left.pop_front() {
                Some(job) => Some(Task::Run(job)),
                None => match tasks.recv_timeout(wait) {
                    Ok(task) => Some(task),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                },
            };
            let is_idle = first.is_none();
            let mut queued = first.into_iter().chain(tasks.try_iter());
            let done = match queued.find_map(Task::job) {
                Some(first) => {
                    let done = self.commit(first, tasks);
                    self.checkpoint();
                    done
                }
                None if is_idle => Done::default(),
                None => {
                    self.look();
                    Done::default()
                }
            };
            if let Some(indexing) = &mut indexing {
                indexing.committed(done);
                if indexing.is_due(is_idle, self.meter.waiting.load(Relaxed) > 0) {
                    let indexed = self.index(indexing.taken_out());
                    indexing.stepped(indexed);
                    self.checkpoint();
                }
            }
            if self.mailbox.as_ref().is_some_and(Mailbox::is_due) {
                self.hear_mailbox();
            }
        }
        self.checkpoints.take();
        if !matches!(self.outlet, Outlet::Elsewhere)
            && let Some(conn) = self.conn.sqlite()
            && let Err(error) = conn.pragma_update(None, "wal_checkpoint", "TRUNCATE")
        {
            tracing::debug!(%error, "the write-ahead log was not folded in");
        }
    }

    fn view(&self) -> View<'_> {
        View::new(&self.conn, &self.limits, &self.directory, Time::now())
    }

    fn tx(&self, undo: Undo, pen: Option<&Pen>) -> Tx<'_> {
        let mut view = self.view();
        if let Some(pen) = pen {
            view.now = pen.now;
            view.cache.note_position(pen.last);
        }
        Tx {
            view,
            announced: RefCell::default(),
            undo: Cell::new(undo),
            decided: Cell::new(false),
            has_written: Cell::new(false),
            taken_out: Cell::new(0),
        }
    }

    /// Begins a transaction that writes. On PostgreSQL that waits until it is this server's turn, and hears what others have
    /// committed: what comes next is decided and told behind that.
    fn begin(&mut self, wanted: &Lookups) -> Result<Option<(Pen, Found)>> {
        let Some(conn) = self.conn.postgres() else {
            self.conn.begin("BEGIN IMMEDIATE")?;
            self.hear_mailbox();
            return Ok(None);
        };
        self.conn.begin("BEGIN")?;
        let heard = self.heard.as_deref().map(Heard::number);
        let turn = Turn::take(conn, heard, wanted).and_then(|turn| {
            self.hear(Some(&turn.pen), Some(turn.news))?;
            Ok((turn.pen, turn.found))
        });
        if turn.is_err() {
            self.conn.roll_back();
        }
        turn.map(Some)
    }

    /// Hears what the command line has left on this file.
    fn hear_mailbox(&mut self) {
        if let Some(mut mailbox) = self.mailbox.take() {
            mailbox.look(&self.view(), |announced| {
                self.tell(Commit::new(announced, Vec::new()));
            });
            self.mailbox = Some(mailbox);
        }
    }

    /// Other servers have committed something, and this one has nothing to write.
    fn look(&mut self) {
        if let Err(error) = self.ready().and_then(|()| self.hear(None, None)) {
            tracing::warn!(cause = ?error, "news of other servers could not be read");
        }
    }

    /// Hears what other servers have committed: up to the pen's number, or as far as it is. `news` were read already.
    fn hear(&self, pen: Option<&Pen>, mut news: Option<Vec<News>>) -> Result<()> {
        let Some(heard) = &self.heard else {
            return Ok(());
        };
        if pen.is_some_and(|pen| pen.history != heard.history) {
            return Err(heard.lose("the database is another one than it was: commits were lost"));
        }
        loop {
            let last = heard.number();
            if pen.is_some_and(|pen| pen.batch == last) {
                return Ok(());
            }
            let rows = match news.take() {
                Some(rows) => rows,
                None => self.view().news_after(last)?,
            };
            if rows.is_empty() {
                return match pen {
                    Some(_) => Err(heard.lose("news are missing")),
                    None => Ok(()),
                };
            }
            for (expected, (number, announced)) in (last + 1..).zip(rows) {
                if number != expected {
                    return Err(heard.lose("news are missing"));
                }
                let announced = announced.map_err(|error| {
                    tracing::error!(%error, number, "news are lost");
                    heard.lose("news cannot be read")
                })?;
                self.tell(Commit::new(announced, Vec::new()));
                heard.note(number);
            }
        }
    }

    /// Indexes a few messages for search, and tidies up after those that were taken out. It is not flushed to the disk: if it
    /// is lost, it is done again, and the next commit flushes it as well.
    fn index(&mut self, taken_out: u32) -> Result<Step> {
        let Some(conn) = self.conn.sqlite() else {
            return self.index_unflushed(taken_out);
        };
        let durability = self.view().count("PRAGMA synchronous", ())?;
        conn.pragma_update(None, "synchronous", "NORMAL")?;
        let indexed = self.index_unflushed(taken_out);
        if let Some(conn) = self.conn.sqlite() {
            conn.pragma_update(None, "synchronous", durability)?;
        }
        indexed
    }

    fn index_unflushed(&mut self, taken_out: u32) -> Result<Step> {
        let pen = self.begin(&Lookups::default())?.map(|(pen, _)| pen);
        let tx = self.tx(Undo::Everything, pen.as_ref());
        let indexed = tx.index_more(search::BATCH).and_then(|more| {
            let tidied = (taken_out > 0).then(|| tx.tidy_index(taken_out));
            let tidied = tidied.transpose()?;
            self.conn.end("COMMIT")?;
            Ok(Step { more, tidied })
        });
        if indexed.is_err() {
            self.conn.roll_back();
        }
        indexed
    }

    /// Runs this verb, what is left of the last commit, and all that have queued up, also while these run or while the writer
    /// waits for its turn, and commits them.
    fn commit(&mut self, first: Box<dyn Job>, tasks: &Receiver<Task>) -> Done {
        let queued = |most| tasks.try_iter().filter_map(Task::job).take(most);
        let mut batch = vec![first];
        batch.extend(self.left.drain(..));
        batch.extend(queued(BATCH.saturating_sub(batch.len())));
        let wanted = self.lookups(&batch);
        let (pen, found) = match self.ready().and_then(|()| self.begin(&wanted)) {
            Ok(begun) => begun.unzip(),
            Err(error) => {
                for job in batch {
                    self.meter.waiting.fetch_sub(1, Relaxed);
                    job.refuse(error.clone());
                }
                return Done::default();
            }
        };
        let tx = self.tx(Undo::Nothing, pen.as_ref());
        let (outcomes, rest) = self.run(&tx, batch, (wanted, found), queued);
        // A failure from here on fails the whole commit, so no savepoint is set.
        tx.undo.set(Undo::Everything);
        let complete = match self.conn.has_failed() {
            true => Err(Error::Overloaded(ROLLED_BACK)),
            // The number of the commit and what it counts are one row there.
            false if pen.is_some() => tx.count_own(),
            false => tx.settle(),
        };
        let (announced, taken_out) = (tx.announced.take(), tx.taken_out.get());
        let is_post =
            |one: &&Announcement| matches!(one, Announcement::Event(Event::MessagePosted(_)));
        let posted = announced.iter().filter(is_post).count();
        let left = complete.and_then(|()| match (&pen, &self.outlet) {
            (Some(pen), _) => tx.take_number(pen, &announced),
            (None, Outlet::Elsewhere) => tx.leave_news(&announced).map(|()| None),
            (None, Outlet::Here(_) | Outlet::Nowhere) => Ok(None),
        });
        drop(tx);
        self.left = rest;
        let committed = left.and_then(|numbered| self.end(pen.as_ref(), numbered));
        self.answer(committed, announced, outcomes);
        Done { posted, taken_out }
    }

    /// Runs these verbs in a transaction that has begun, and all that have `queued` up meanwhile, for a [`TURN`]. Also returns
    /// those that it has not run.
    fn run<I: Iterator<Item = Box<dyn Job>>>(
        &self,
        tx: &Tx<'_>,
        mut batch: Vec<Box<dyn Job>>,
        (mut wanted, mut found): (Lookups, Option<Found>),
        queued: impl Fn(usize) -> I,
    ) -> (Vec<Outcome>, VecDeque<Box<dyn Job>>) {
        let end = Instant::now() + TURN;
        let (mut outcomes, mut left, mut room) = (Vec::new(), VecDeque::new(), BATCH);
        // On PostgreSQL each round takes a trip, so only what has come before the turn is run in this one.
        let mut rounds = self.conn.postgres().map_or(usize::MAX, |_| 2);
        while !batch.is_empty() {
            (room, rounds) = (room.saturating_sub(batch.len()), rounds - 1);
            if let Some(found) = found.take()
                && let Err(error) = wanted.note(tx, &found)
            {
                // Whoever looks it up says the same.
                tracing::debug!(%error, "what was looked up cannot be read");
            }
            for job in batch {
                if !outcomes.is_empty() && Instant::now() >= end {
                    left.push_back(job);
                    continue;
                }
                self.meter.waiting.fetch_sub(1, Relaxed);
                if self.has_ended() {
                    job.refuse(Error::Overloaded(STOPPING));
                } else if self.conn.has_failed() {
                    // This verb would run outside of the transaction.
                    job.refuse(Error::Overloaded(ROLLED_BACK));
                } else {
                    outcomes.push(self.attempt(tx, job));
                }
            }
            let goes_on = rounds > 0 && left.is_empty();
            batch = queued(if goes_on { room } else { 0 }).collect();
            wanted = self.lookups(&batch);
            // If that fails, nothing more runs in this transaction.
            found = self.conn.postgres().and_then(|conn| wanted.find(conn).ok());
        }
        (outcomes, left)
    }

    /// Tells what was committed, and answers the callers; those who may hear it are answered behind it.
    fn answer(
        &self,
        committed: Result<Option<Numbered>>,
        announced: Vec<Announcement>,
        outcomes: Vec<Outcome>,
    ) {
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
            Ok(numbered) => {
                self.tell(Commit::new(announced, behind_the_news));
                if let (Some(heard), Some(numbered)) = (&self.heard, numbered) {
                    heard.note(numbered.number);
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(cause = ?error, "a commit failed");
                self.conn.roll_back();
                at_once.append(&mut behind_the_news);
                Err(error)
            }
        };
        at_once.into_iter().for_each(|answer| answer(told.clone()));
    }

    /// What these verbs are about to look up, if it is worth to look it up for all of them at once.
    fn lookups(&self, batch: &[Box<dyn Job>]) -> Lookups {
        match self.conn.postgres() {
            Some(_) => Lookups::of(batch.iter().map(|job| job.lookup())),
            None => Lookups::default(),
        }
    }

    /// Commits, and says as what. If PostgreSQL is lost before it has answered, nobody knows whether that happened: then it
    /// is asked until it says so, and nobody is answered before.
    fn end(&mut self, pen: Option<&Pen>, numbered: Option<Numbered>) -> Result<Option<Numbered>> {
        let Some((pen, numbered)) = pen.zip(numbered) else {
            match pen {
                // Nothing was written, so nothing is flushed.
                Some(_) => self.conn.leave(),
                None => self.conn.end("COMMIT")?,
            }
            return Ok(None);
        };
        let Err(error) = self.conn.end("COMMIT") else {
            return Ok(Some(numbered));
        };
        if self.conn.postgres().is_some_and(|conn| conn.is_lost()) {
            tracing::warn!(cause = ?error, "the connection was lost in a commit: did it happen?");
            while !self.has_ended() {
                match self
                    .ready()
                    .and_then(|()| self.was_committed(pen, &numbered.nonce))
                {
                    Ok(true) => return Ok(Some(numbered)),
                    Ok(false) => break,
                    Err(_) => std::thread::sleep(AGAIN),
                }
            }
        }
        Err(error)
    }

    /// Did a commit happen whose answer was lost? Whoever has the pen knows: the old transaction has ended.
    fn was_committed(&self, before: &Pen, nonce: &Nonce) -> Result<bool> {
        self.conn.begin("BEGIN")?;
        let looked = Pen::take(&self.conn).and_then(|pen| match &self.heard {
            Some(heard) if heard.history != pen.history => {
                Err(heard.lose("the database is another one than it was: commits were lost"))
            }
            _ => self.view().has_news(before.next(), nonce),
        });
        self.conn.roll_back();
        looked
    }

    /// Connects to PostgreSQL again, if the connection was lost.
    fn ready(&mut self) -> Result<()> {
        let Some(lost) = self.conn.postgres().filter(|conn| conn.is_lost()) else {
            return Ok(());
        };
        let again = match postgres::schema::again(lost) {
            Ok(again) => again,
            Err(error) => {
                // Said once, until it is there again.
                if !std::mem::replace(&mut self.is_away, true) {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "the database cannot be reached");
                }
                return Err(Error::Overloaded("The database cannot be reached"));
            }
        };
        if std::mem::take(&mut self.is_away) {
            tracing::info!("the database can be reached again");
        }
        self.conn = Connection::Postgres(again);
        self.note_own();
        Ok(())
    }

    /// Those who are told of the commits of others need not look at those of this connection.
    fn note_own(&self) {
        if let (Some(conn), Some(heard)) = (self.conn.postgres(), &self.heard) {
            heard.note_own(conn.process());
        }
    }

    /// Something was committed: the thread beside this one may have something to do.
    fn checkpoint(&self) {
        if let (Some(checkpoints), Some(conn)) = (&self.checkpoints, self.conn.sqlite()) {
            checkpoints.look(conn);
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
        let mut outcome = job.run(tx);
        if !outcome.failed
            && tx.undo.get() == Undo::Savepoint
            && let Err(error) = self.conn.flush()
        {
            outcome.fail(error);
        }
        if outcome.failed {
            tx.announced.borrow_mut().truncate(announced_before);
            if tx.undo.get() != Undo::Nothing {
                tx.cache.forget();
            }
        }
        let undone = match tx.undo.get() {
            Undo::Nothing => Ok(()),
            Undo::Savepoint if outcome.failed => self.conn.roll_back_verb(),
            Undo::Savepoint => self.conn.release(),
            // All verbs of the commit fail with it.
            Undo::Everything if outcome.failed => self.conn.doom(),
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
        let is_true = self.directory.learn(
            commit.announced(),
            |id| view.account(id),
            || view.unwanted_entries(),
        );
        if let Some(heard) = self.heard.as_ref().filter(|_| !is_true) {
            heard.lose("what is in memory could not be read again");
        }
        let untold = match &self.outlet {
            Outlet::Here(fan_out) => {
                self.meter.handed.fetch_add(1, Relaxed);
                fan_out.blocking_send(commit).err().map(|error| error.0)
            }
            Outlet::Elsewhere | Outlet::Nowhere => Some(commit),
        };
        // The server is stopping, or there is no fan-out: the callers have no events to wait for.
        if let Some(commit) = untold {
            commit.answer();
        }
    }
}
