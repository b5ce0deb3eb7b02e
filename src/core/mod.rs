//! What chat is: people, conversations, the one message log, and the rules; no HTTP, no JSON, no dialect.
//!
//! Everything is said in verbs: [`message::post`], [`conversation::between`], [`account::sign_up`]. A verb that changes
//! something runs in [`Core::write`], one that only reads in [`Core::read`]; both ask [`may`] who may. What a verb
//! announces ([`model::Announcement`]) leaves in commit order, after the commit, through one channel.
//!
//! Any verb can also fail because the database does (`Overloaded`, `Internal`); its `# Errors` names only what else it refuses.

pub mod account;
pub mod admin;
pub mod backup;
pub mod backup_folder;
pub mod block;
pub mod certificate;
pub mod change;
pub mod code;
pub mod conversation;
#[cfg(test)]
mod cost;
pub mod device;
pub mod digest;
pub mod directory;
pub mod erasure;
pub mod error;
pub mod external_login;
pub mod file;
pub mod file_path;
pub mod first_room;
mod hash_text;
pub mod health;
pub mod id;
pub mod identity;
pub mod importing;
pub mod invitation;
pub mod level;
pub mod limits;
pub mod may;
mod mention;
pub mod message;
pub mod meter;
pub mod missed;
pub mod model;
pub mod moving;
pub mod notice;
pub mod oneself;
pub mod outbox;
pub mod owner;
pub mod pace;
pub mod password;
pub mod peers;
pub mod presence;
pub mod questions;
pub mod quota;
pub mod recent;
pub mod report;
pub mod restraint;
pub mod retention;
pub mod search;
pub mod session;
pub mod short;
pub mod sid;
pub mod size;
mod slow_mode;
mod store;
pub mod text;
pub mod tidy;
pub mod time;
pub mod token;
pub mod transfer;
pub mod unwanted;
pub mod word_list;
pub mod words;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use directory::Directory;
use error::{Error, Result};
use id::Spelling;
use limits::Limits;
use model::{AccountId, DeviceId, Event, FileId, Me, Message, MessageId, Time};
use password::Passwords;
use store::checkpoint::Checkpoints;
pub use store::database;
use store::database::Database;
pub use store::identify::OpenError;
use store::postgres::feed::Heard;
use store::postgres::listener::Listener;
use store::read_pool::ReadPool;
pub use store::schema::{Durability, Locked};
pub use store::verb::Commit;
use store::verb::{self, Job};
use store::writer::{Outlet, Refused, Writer};
pub use store::{ConversationOrder, FileOrder, Lookup, Tx, View};
use token::Tokens;

/// How the core is to be opened.
#[derive(Debug, Clone)]
pub struct Options {
    pub durability: Durability,
    pub limits: Limits,
    pub bcrypt_cost: u32,
    /// How long a login lasts.
    pub token_ttl: Duration,
    /// How long a login that is in use may be prolonged in all.
    pub login_max: Duration,
    /// Instead of the signing secret in the database; at least 32 bytes.
    pub token_secret: Option<Vec<u8>>,
    /// The application whose tokens are accepted beside our own.
    pub trust: Option<token::Trust>,
}

#[cfg(test)]
impl Options {
    /// Nothing limited but by its defaults, and quick.
    fn for_tests() -> Self {
        Self {
            durability: Durability::Normal,
            limits: Limits::default(),
            bcrypt_cost: 4,
            token_ttl: Duration::from_secs(60),
            login_max: Duration::from_secs(60),
            token_secret: None,
            trust: None,
        }
    }
}

/// Parts of files that one commit takes in at most: flushing more to the disk would hold everybody up.
const PARTS: usize = 2;

/// Commits that may wait for the fan-out; past that the writer waits.
const NEWS: usize = 64;

/// Chat itself: an open database, its keys, and what is held in memory.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

struct Inner {
    /// `None` once the core is closed.
    writer: Mutex<Option<Writer>>,
    readers: ReadPool,
    /// If other servers share the database.
    heard: Option<Arc<Heard>>,
    listener: Option<Listener>,
    options: Options,
    directory: Arc<Directory>,
    spelling: Spelling,
    tokens: Tokens,
    meter: Arc<meter::Meter>,
    passwords: Passwords,
    /// A permit for each search that may run, and for each that may run or wait.
    searching: [Semaphore; 2],
    /// A permit for each part of a file that may wait for the writer.
    storing: Arc<Semaphore>,
    health: health::Health,
    database: Database,
    /// The position that the log had come to when it was opened.
    last_before: Option<MessageId>,
    /// Told when an account was removed of which something is left to delete.
    erasures: Notify,
    rules_changed: Notify,
    questions: questions::Questions,
}

/// The commits, in their order.
pub type News = mpsc::Receiver<Commit>;

impl Core {
    /// Opens the database for a server, which hears the news. The lock keeps a second server off a file.
    ///
    /// # Errors
    /// If a file is in use, if the database is not ours, is of a newer version, or cannot be opened.
    pub fn open(
        database: &Database,
        options: Options,
    ) -> std::result::Result<(Self, News, Option<Locked>), OpenError> {
        let lock = database.file().map(store::schema::lock).transpose()?;
        let (sender, news) = mpsc::channel(NEWS);
        let core = Self::with_outlet(database, options, Outlet::Here(sender))?;
        Ok((core, news, lock))
    }

    /// Opens it beside a server that may be running, which hears of the changes within a second.
    ///
    /// # Errors
    /// As [`Core::open`], but a file, or the tables on PostgreSQL, must be there. A file of an older version is migrated only
    /// if no server runs on it.
    pub fn visit(database: &Database, options: Options) -> std::result::Result<Self, OpenError> {
        let _alone = match database.file() {
            Some(path) if store::identify::is_older(path)? => Some(store::schema::lock(path)?),
            _ => None,
        };
        Self::with_outlet(database, options, Outlet::Elsewhere)
    }

    /// Opens it for somebody who has it alone and tells nobody of what is changed. A missing file is made.
    ///
    /// # Errors
    /// As [`Core::open`]: also if a server runs on it.
    pub fn open_alone(
        database: &Database,
        options: Options,
    ) -> std::result::Result<(Self, Option<Locked>), OpenError> {
        let lock = database.file().map(store::schema::lock).transpose()?;
        let core = Self::with_outlet(database, options, Outlet::Nowhere)?;
        Ok((core, lock))
    }

    fn with_outlet(
        database: &Database,
        options: Options,
        outlet: Outlet,
    ) -> std::result::Result<Self, OpenError> {
        if database.file().is_some() {
            return Self::opened(database, options, outlet, None);
        }
        // Whoever asks PostgreSQL waits for it, which an async thread must not: not even at the start.
        let runtime = tokio::runtime::Handle::try_current().ok();
        let opening = || Self::opened(database, options, outlet, runtime);
        let opened = std::thread::scope(|threads| threads.spawn(opening).join());
        opened.unwrap_or_else(|_| Err(store::unusable(database, "it could not be opened")))
    }

    fn opened(
        database: &Database,
        options: Options,
        outlet: Outlet,
        runtime: Option<tokio::runtime::Handle>,
    ) -> std::result::Result<Self, OpenError> {
        let unusable = |cause: String| store::unusable(database, cause);
        let conn = store::open(database, options.durability, outlet.is_alone())?;
        let key = |e: Error| unusable(e.to_string());
        let spelling = Spelling::new(conn.secret("ids").map_err(key)?);
        let kept: [u8; 32] = conn.secret("tokens").map_err(key)?;
        let secret = options.token_secret.as_deref().unwrap_or(&kept);
        let tokens = Tokens::new(
            secret,
            options.token_ttl,
            options.login_max,
            options.trust.clone(),
        );

        let directory = Arc::<Directory>::default();
        let serves = matches!(outlet, Outlet::Here(_));
        let view = View::new(&conn, &options.limits, &directory, Time::now());
        let filled = view.snapshot(|| {
            if matches!(outlet, Outlet::Nowhere)
                && view.is_served_since(view.now.minus(peers::SILENT))?
            {
                return Err(Error::Conflict(
                    "a chat server runs on it: stop all that do, and wait ten seconds",
                ));
            }
            view.fill_directory()?;
            Ok((view.position()?, view.how_far()?, view.mailbox()?))
        });
        let (last_before, heard, mailbox) = filled.map_err(|e| unusable(e.to_string()))?;
        drop(view);
        let heard = heard.filter(|_| serves).map(Arc::new);
        let meter = Arc::<meter::Meter>::default();
        let limits = options.limits.clone();
        let served = database.file().filter(|_| serves);
        let checkpoints = served.map(Checkpoints::start).transpose();
        let checkpoints = checkpoints.map_err(|e| unusable(e.to_string()))?;
        let writer = Writer::start(
            conn,
            limits,
            directory.clone(),
            meter.clone(),
            outlet,
            checkpoints.zip(mailbox),
            heard.clone(),
        )
        .map_err(|e| unusable(e.to_string()))?;

        let listener = match (database, &heard, runtime) {
            (Database::Postgres(address), Some(heard), Some(runtime)) => {
                let _runtime = runtime.enter();
                let looking = writer.looking();
                Some(Listener::start(address.clone(), heard.clone(), looking))
            }
            _ => None,
        };
        let core = Self(Arc::new(Inner {
            writer: Mutex::new(Some(writer)),
            heard,
            listener,
            readers: ReadPool::new(database, options.limits.clone(), directory.clone()),
            passwords: Passwords::new(options.bcrypt_cost),
            searching: [
                limits::SEARCHES,
                limits::SEARCHES + limits::SEARCHES_WAITING,
            ]
            .map(Semaphore::new),
            storing: Arc::new(Semaphore::new(PARTS)),
            options,
            directory,
            spelling,
            tokens,
            meter,
            health: health::Health::default(),
            database: database.clone(),
            last_before,
            erasures: Notify::new(),
            rules_changed: Notify::new(),
            questions: questions::Questions::default(),
        }));
        if serves && database.file().is_some() {
            // Queued before everything else; nobody waits for it.
            drop(core.write(|tx| tx.delete_unfinished_files(Time(i64::MAX))));
        }
        Ok(core)
    }

    /// Waits until this server has heard all that others on its database had committed before this call. Whoever has just been
    /// answered by another server finds here what it was told.
    ///
    /// # Errors
    /// `Overloaded` if the database cannot be asked.
    pub async fn hear(&self) -> Result<()> {
        match &self.0.listener {
            Some(listener) => listener.hear().await,
            None => Ok(()),
        }
    }

    /// Waits until this server is the one of all on its database that mails, tidies up and erases. It need not stay so.
    pub async fn keeping(&self) {
        if let Some(listener) = &self.0.listener
            && listener.keeps().wait_for(|keeps| *keeps).await.is_err()
        {
            // The core is being closed.
            std::future::pending::<()>().await;
        }
    }

    /// May other servers run on the same database?
    pub fn has_peers(&self) -> bool {
        self.0.heard.is_some()
    }

    /// Announces what no verb has announced, here and at the other servers; answers `false` if there can be none, and nothing
    /// was announced.
    pub fn announce_to_peers(&self, event: &Event) -> bool {
        if self.has_peers() {
            let event = event.clone();
            drop(self.write(move |tx| {
                tx.announce(event);
                Ok(())
            }));
        }
        self.has_peers()
    }

    /// Counts a try of something that must not be tried often, at all servers together: how many there were before within
    /// this span, and since when.
    pub async fn count_try(&self, what: String, span: Duration) -> Result<(u32, Time)> {
        self.write(move |tx| tx.count_try(&what, span)).await
    }

    /// Has what this server knows of an account's sockets told to the others on its database; nobody waits for that.
    pub fn tell_peers(&self, account: AccountId) {
        if self.has_peers() {
            drop(self.write(move |tx| peers::tell(tx, account)));
        }
    }

    /// Tells the others on its database that this server lives, and where it listens, until it is stopped.
    pub async fn beat(&self, name: &str) {
        if !self.has_peers() {
            return;
        }
        let mut beat = tokio::time::interval(peers::BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let name = name.to_owned();
            let told = self.write(move |tx| peers::beat(tx, &name)).await;
            if let Err(error) = told {
                tracing::debug!(%error, "the other servers were not told that this one lives");
            }
        }
    }

    /// This server is about to end: the others need not wait until they miss it.
    pub async fn leave_peers(&self) {
        if self.has_peers() {
            let left = self.write(|tx| peers::bury(tx, tx.directory.server()));
            left.await.ok();
        }
    }

    /// Ready once this server must end because what it has in memory need not be true any more.
    pub async fn lost(&self) -> &'static str {
        match &self.0.heard {
            Some(heard) => heard.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Runs a verb that changes something. It is queued by this call itself, in the order of the calls; the future
    /// answers when the change is on the disk.
    pub fn write<T, V>(&self, verb: V) -> impl Future<Output = Result<T>> + Send + use<T, V>
    where
        V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.write_after(Lookup::default(), verb)
    }

    /// The same for a verb that is about to look something up.
    fn write_after<T, V>(
        &self,
        lookup: Lookup,
        verb: V,
    ) -> impl Future<Output = Result<T>> + Send + use<T, V>
    where
        V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (job, answer) = verb::awaited(lookup, verb);
        self.queue(job);
        answer
    }

    fn queue(&self, job: Box<dyn Job>) {
        let queued = match &*self.0.writer.lock() {
            Some(writer) => writer.queue(job),
            None => Err(Refused::stopping(job)),
        };
        // Whoever is refused must not be told while the lock is held.
        if let Err(refused) = queued {
            refused.say();
        }
    }

    /// Posts a message, as [`message::post`] does.
    pub fn post(
        &self,
        author: Me,
        draft: message::Draft,
    ) -> impl Future<Output = Result<Arc<Message>>> + Send + use<> {
        let draft = self.screened(draft);
        let lookup = draft.lookup(&author);
        self.write_after(lookup, move |tx| message::post(tx, &author, draft))
    }

    /// Runs a verb that changes something, in the order of the calls. `done` runs on the fan-out task after this commit's
    /// events; it must not block. `lookup` is what the verb is about to look up, if that is known.
    pub fn write_then<T, V, D>(&self, lookup: Lookup, verb: V, done: D)
    where
        V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        D: FnOnce(Result<T>) + Send + 'static,
        T: Send + 'static,
    {
        self.queue(verb::told(lookup, verb, done));
    }

    /// Stores the next part of a file. Who uploads waits for others who do, and a while after each part, so that who talks
    /// does not.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn add_part(&self, id: FileId, position: i64, bytes: Bytes) -> Result<()> {
        // It is never closed.
        let turn = Arc::new(self.0.storing.clone().acquire_owned().await);
        let (began, until_written) = (Instant::now(), turn.clone());
        let stored = self.write(move |tx| {
            // Held also if the caller has gone.
            let _turn = until_written;
            file::add_part(tx, id, position, &bytes)
        });
        let stored = stored.await;
        tokio::spawn(async move {
            tokio::time::sleep(began.elapsed()).await;
            drop(turn);
        });
        stored
    }

    /// Runs a verb that only reads, in one snapshot, off the async threads.
    ///
    /// # Errors
    /// What the verb refuses; `Overloaded` if too many wait to read.
    pub async fn read<T, V>(&self, verb: V) -> Result<T>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.0.readers.read(verb).await
    }

    /// As [`Core::read`], for a verb that reads a page at most: it may run at once, on this thread, as long as such reads
    /// are served from memory.
    ///
    /// # Errors
    /// As [`Core::read`].
    pub async fn read_inline<T, V>(&self, verb: V) -> Result<T>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.0.readers.read_inline(verb).await
    }

    /// Finds messages, also those that have just been said. A few searches run at a time, for half a second each at most.
    /// `also` reads more in the same snapshot.
    ///
    /// # Errors
    /// As [`search::find`]; `Overloaded` if it takes too long, or too many wait.
    pub async fn search<T, V>(&self, search: search::Search, also: V) -> Result<(search::Found, T)>
    where
        V: FnOnce(&View<'_>, &search::Found) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let [running, waiting] = &self.0.searching;
        let Ok(_waiting) = waiting.try_acquire() else {
            return Err(Error::Overloaded("The server has too much to search"));
        };
        let _running = running.acquire().await;
        if self.read_inline(search::is_little_behind).await?
            && let Err(error) = self.catch_up().await
        {
            // What is indexed can be found all the same.
            tracing::debug!(%error, "a search could not index what was said last");
        }
        let find = move |view: &View<'_>| {
            let found = search::find(view, &search)?;
            let more = also(view, &found)?;
            Ok((found, more))
        };
        let found = self.0.readers.read_within(search::LONGEST, find).await;
        found.map_err(|error| match error {
            Error::Overloaded(store::BROKEN_OFF) => {
                Error::Overloaded("This takes too long: ask for rarer words, or for fewer days")
            }
            other => other,
        })
    }

    /// Indexes the messages of the last moments, in steps that let others through.
    async fn catch_up(&self) -> Result<()> {
        for _ in 0..search::STEPS {
            if !self.index_some().await? {
                break;
            }
        }
        Ok(())
    }

    /// Indexes all messages for search, however many there are. A server does so by itself.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn index_all(&self) -> Result<()> {
        while self.index_some().await? {}
        Ok(())
    }

    /// Indexes some messages for search; answers whether more are left.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub async fn index_some(&self) -> Result<bool> {
        self.write(search::step).await
    }

    /// The person whose token this is, as of now. A trusted application's token makes the account when it first comes.
    ///
    /// # Errors
    /// `Unauthorized` for a bad, expired or revoked token, `Forbidden` for a suspended account.
    pub async fn me(&self, token: &str) -> Result<Me> {
        self.hear().await?;
        let (account, device) = match self.0.tokens.read(token) {
            Ok((account, sid)) => {
                let device = self.0.directory.device(sid);
                (
                    account,
                    device.ok_or(Error::Unauthorized("Token has been revoked"))?,
                )
            }
            Err(refused) => {
                let foreign = self.0.tokens.read_foreign(token)?.ok_or(refused)?;
                match self.0.directory.foreign(&foreign.hash) {
                    Some(known) => known,
                    None => {
                        self.write(move |tx| external_login::arrive(tx, &foreign))
                            .await?
                    }
                }
            }
        };
        let me = self.0.directory.me(account, device)?;
        self.note_use(device);
        Ok(me)
    }

    /// A device is in use. It is noted in the database at most once a minute, and nobody waits for that.
    pub fn note_use(&self, device: DeviceId) {
        if self.0.directory.should_note(device) {
            drop(self.write(move |tx| device::seen(tx, device)));
        }
    }

    /// Deletes what has expired, in the file and in memory.
    pub async fn tidy_up(&self) -> Result<()> {
        loop {
            let over = self.write(tidy::step).await?;
            self.0.directory.forget(&over.tokens);
            if !over.more {
                return Ok(());
            }
        }
    }

    /// Deletes what is left of removed accounts, a little at a time, with as much time in between for everybody else.
    pub async fn erase(&self) -> Result<()> {
        while let Some(work) = self.read(erasure::next).await? {
            self.slowly(move |tx| erasure::step(tx, work)).await?;
        }
        Ok(())
    }

    /// Removes messages that are older than they are kept, a little at a time, with as much time in between for everybody else:
    /// in all conversations, or in those with a rule of their own.
    pub async fn remove_old_messages(&self, whole: bool) -> Result<()> {
        let mut after = None;
        loop {
            let due = self
                .read(move |view| retention::due(view, whole, after))
                .await?;
            for (id, before) in due.conversations {
                while let Some(cut) = self
                    .read(move |view| retention::next(view, id, before))
                    .await?
                {
                    let removed = self.slowly(move |tx| retention::step(tx, cut)).await?;
                    self.meter().removed_messages.fetch_add(removed, Relaxed);
                }
            }
            after = due.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Removes all that is older than it is kept, and gives space back.
    pub async fn retain(&self) -> Result<()> {
        self.remove_old_messages(true).await?;
        let mut after = None;
        loop {
            let (old, next) = self
                .read(move |view| retention::old_files(view, after))
                .await?;
            for file in old {
                self.slowly(move |tx| retention::remove_file(tx, file.id))
                    .await?;
                self.meter().removed_files.fetch_add(1, Relaxed);
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        while self.slowly(retention::forget).await? {}
        while self.slowly(retention::give_back).await? {}
        Ok(())
    }

    /// A verb, and as much time behind it as it took.
    async fn slowly<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let began = Instant::now();
        let done = self.write(verb).await?;
        tokio::time::sleep(began.elapsed()).await;
        Ok(done)
    }

    /// Notified when a conversation has another rule about what it keeps.
    pub fn rules_changed(&self) -> &Notify {
        &self.0.rules_changed
    }

    /// Notified when there is something for [`Core::erase`].
    pub fn erasures(&self) -> &Notify {
        &self.0.erasures
    }

    /// Is this token valid now? Makes no account for a token that comes for the first time.
    pub fn vouches_for(&self, token: &str) -> bool {
        let directory = &self.0.directory;
        match self.0.tokens.read(token) {
            Ok((account, sid)) => {
                let device = directory.device(sid);
                device.is_some_and(|device| directory.me(account, device).is_ok())
            }
            Err(_) => match self.0.tokens.read_foreign(token) {
                Ok(Some(foreign)) => directory
                    .foreign(&foreign.hash)
                    .is_none_or(|(account, device)| directory.me(account, device).is_ok()),
                Ok(None) | Err(_) => false,
            },
        }
    }

    /// Can the database be written and read? The disk is asked once in a while, however many call this, and however soon
    /// they give up.
    ///
    /// # Errors
    /// What the disk says, or `Overloaded` if it does not answer in time.
    pub async fn is_well(&self) -> Result<()> {
        let probe = |found: watch::Sender<health::Outcome>| {
            let core = self.clone();
            tokio::spawn(async move { found.send_replace(Some(core.probe().await)) });
        };
        self.0.health.ask(probe).await
    }

    async fn probe(&self) -> Result<()> {
        let asked = async {
            self.write(health::prove).await?;
            self.read(|view| view.server_url().map(drop)).await
        };
        let answer = tokio::time::timeout(health::PATIENCE, asked).await;
        answer.unwrap_or(Err(Error::Overloaded(
            "The database does not answer in time",
        )))
    }

    /// A draft whose words have been compared with the unwanted ones, so that the writer need not do it.
    pub fn screened(&self, mut draft: message::Draft) -> message::Draft {
        let list = self.0.directory.unwanted();
        draft.screened =
            unwanted::Screened::by(list, message::texts(&draft.text, &draft.attachments));
        draft
    }

    /// The same for a text that is to stand in place of another.
    pub fn screened_text(&self, text: &str) -> unwanted::Screened {
        let list = self.0.directory.unwanted();
        unwanted::Screened::by(list, std::iter::once(text))
    }

    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    pub fn spelling(&self) -> &Spelling {
        &self.0.spelling
    }

    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub fn durability(&self) -> Durability {
        self.0.options.durability
    }

    /// The writer's counters.
    pub fn meter(&self) -> &meter::Meter {
        &self.0.meter
    }

    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub fn limits(&self) -> &Limits {
        &self.0.options.limits
    }

    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// The log's last position when it was opened: the news begin after it.
    pub fn last_before(&self) -> Option<MessageId> {
        self.0.last_before
    }

    /// Commits what is queued and closes the file. Blocks; later calls are refused.
    pub fn close(&self) {
        let writer = self.0.writer.lock().take();
        if let Some(writer) = writer {
            writer.finish();
        }
    }
}

/// Bytes that nobody can guess.
pub fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    // Straight from the system: the cryptographic library gathers jitter before its first byte, two thirds of a start.
    getrandom::fill(&mut bytes).expect("the system's random source works, or nothing does");
    bytes
}

/// Lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(
        bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]),
    );
    text
}
