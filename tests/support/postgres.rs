//! PostgreSQL for scenes: a private cluster that ends with whoever started it, and a database for each scene.

use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::env;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Config, NoTls};

/// Whoever is nobody: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
const USER: &str = "chat";
/// By what name a standby is known to its primary.
const STANDBY: &str = "standby";

/// How long a cluster may take to start, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs PostgreSQL until standard input closes, which it also does if whoever started this is killed. Told to keep what is
/// there, it ends it in order; otherwise nothing is left.
const KEEPER: &str = r#"
home=$1; shift
trap '' HUP INT TERM
"$@" >>"$home/log" 2>&1 </dev/null &
server=$!
last=; read -r last
if [ "$last" = keep ]; then
    kill -INT "$server" 2>/dev/null; wait "$server"
else
    kill -QUIT "$server" 2>/dev/null; kill -CONT "$server" 2>/dev/null; wait "$server"; rm -rf "$home"
fi
"#;

/// How much of what was committed a cluster keeps if the machine ends.
#[derive(Clone, Copy, PartialEq)]
pub enum Disk {
    /// What is thrown away afterwards need not be there after the power was cut.
    Hurried,
    /// As an operator has it.
    Flushed,
}

/// A PostgreSQL server of one's own.
pub struct Cluster {
    pub port: u16,
    home: PathBuf,
    disk: Disk,
    /// Beyond those that every cluster here has.
    settings: Vec<String>,
    keeper: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it. Blocks for a second or two.
    pub fn start(disk: Disk) -> Cluster {
        let home = new_home();
        let mut made = program("initdb");
        made.args([
            "--username",
            USER,
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
        ])
        .args(["--locale=C.UTF-8", "--pgdata"])
        .arg(home.join("data"))
        .current_dir(&home);
        does(made);
        let mut cluster = Cluster {
            port: free_port(),
            home,
            disk,
            settings: Vec::new(),
            keeper: None,
        };
        cluster.goes_on();
        cluster
    }

    /// A copy of it that hears of everything that it commits from now on, at this port, with the same settings.
    pub fn standby(&self, port: u16) -> Cluster {
        let home = new_home();
        let mut copied = program("pg_basebackup");
        let primary = format!(
            "host=127.0.0.1 port={} user={USER} application_name={STANDBY}",
            self.port
        );
        copied
            .args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf"])
            .args(["--dbname", &primary, "--pgdata"])
            .arg(home.join("data"))
            .current_dir(&home);
        does(copied);
        let mut standby = Cluster {
            port,
            home,
            disk: self.disk,
            settings: self.settings.clone(),
            keeper: None,
        };
        standby.goes_on();
        standby
    }

    /// From now on what is committed here is acknowledged when the standby has it, too. Ready when that one keeps up.
    pub async fn waits_for_standby(&self) {
        let client = connect(&self.url("postgres")).await;
        let client = client.expect("the cluster serves");
        let waits = format!("ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'");
        for statement in [&waits, "SELECT pg_reload_conf()"] {
            let done = client.batch_execute(statement).await;
            done.expect("a superuser's statement");
        }
        self.is_followed().await;
    }

    /// Waits until the standby keeps up.
    pub async fn is_followed(&self) {
        let asked = Instant::now();
        let keeps_up =
            "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'";
        loop {
            if let Ok(client) = connect(&self.url("postgres")).await
                && let Ok(found) = client.query(keeps_up, &[]).await
                && !found.is_empty()
            {
                return;
            }
            assert!(
                asked.elapsed() < PATIENCE,
                "no standby keeps up\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A standby becomes a server of its own, on another timeline.
    pub fn is_promoted(&self) {
        let mut promoted = program("pg_ctl");
        promoted
            .args(["promote", "--wait", "--pgdata"])
            .arg(self.home.join("data"))
            .current_dir(&self.home);
        does(promoted);
    }

    /// Starts it again after it has ended, on the same port.
    pub fn goes_on(&mut self) {
        self.ends();
        let mut server = program("postgres");
        server.arg("-D").arg(self.home.join("data"));
        let fsync = match self.disk {
            Disk::Hurried => "fsync=off",
            Disk::Flushed => "fsync=on",
        };
        for setting in [
            &format!("port={}", self.port),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            "shared_buffers=64MB",
            "synchronous_commit=on",
            // A standby looks for its primary so often, instead of every five seconds.
            "wal_retrieve_retry_interval=200ms",
            fsync,
        ] {
            server.args(["-c", setting]);
        }
        for setting in &self.settings {
            server.args(["-c", setting]);
        }
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&self.home)
            .arg(server.get_program())
            .args(server.get_args())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&self.home)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        self.keeper = Some(keeper.expect("a shell"));
        let asked = Instant::now();
        while let Err(why) = blocking(connect(&self.url("postgres"))) {
            assert!(asked.elapsed() < PATIENCE, "{why:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it again with these settings, and no others that a scene has set.
    pub fn is_set(&mut self, settings: &[&str]) {
        self.ends();
        self.settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        self.goes_on();
    }

    /// Where its files are.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Puts a file there that nobody else can read: a key, say, or the rules about who may connect (`data/pg_hba.conf`).
    pub fn keeps(&self, name: &str, content: &str) -> PathBuf {
        let path = self.home.join(name);
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
        if geteuid().is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
        }
        path
    }

    /// Ends it in order; sessions are ended, what is committed is there when it goes on.
    pub fn ends(&mut self) {
        let Some(mut keeper) = self.keeper.take() else {
            return;
        };
        if let Some(mut last) = keeper.stdin.take() {
            // Nobody reads it if the keeper was killed.
            let _ = last.write_all(b"keep\n");
        }
        keeper.wait().expect("the keeper is our child");
    }

    /// `kill -9` of all its processes, as if the machine had ended but for what the system has in memory.
    pub fn is_killed(&mut self) {
        // None begins while the others are killed.
        self.all_are_told(Signal::STOP);
        self.all_are_told(Signal::KILL);
        self.ends();
    }

    /// One of its processes is killed: the others end all sessions, and it recovers by itself.
    pub fn crashes(&self) {
        let children = self.processes().into_iter().skip(1);
        let victim = children.last().expect("it has processes");
        kill_process(victim, Signal::KILL).expect("it can be killed");
    }

    /// All its processes get a signal: STOP, and it hangs; CONT, and it goes on.
    pub fn all_are_told(&self, signal: Signal) {
        for process in self.processes() {
            // One may have ended by itself.
            let _ = kill_process(process, signal);
        }
    }

    /// The first is the one that the others are children of.
    pub fn processes(&self) -> Vec<Pid> {
        let number = |word: &str| word.parse().ok().and_then(Pid::from_raw);
        let file = fs::read_to_string(self.home.join("data/postmaster.pid"));
        let file = file.expect("it runs");
        let first = file.lines().next().and_then(number).expect("a process");
        let children = format!("/proc/{0}/task/{0}/children", first.as_raw_nonzero());
        let children = fs::read_to_string(children).expect("its children");
        let children = children.split_whitespace().filter_map(number);
        [first].into_iter().chain(children).collect()
    }

    /// The address of a database of this name.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port)
    }

    /// A new database here.
    pub async fn database(&self) -> Database {
        Database::made(&self.url("postgres")).await
    }

    /// Something copies from now on all that it writes, and says what it has on its disk, as a standby would.
    pub async fn is_copied(&self) -> Copying {
        let copies = tempfile::tempdir_in(&self.home).expect("a folder");
        if geteuid().is_root() {
            chown(copies.path(), Some(NOBODY), Some(NOBODY)).expect("root may give it away");
        }
        let mut copying = program("pg_receivewal");
        copying
            .args(["--synchronous", "--no-loop", "--no-password", "--directory"])
            .arg(copies.path())
            .args(["--dbname", &self.url("postgres")])
            .current_dir(&self.home)
            .stderr(Stdio::null());
        let process = copying.spawn().expect("pg_receivewal");
        let client = Database::at(&self.url("postgres")).expect("an address");
        let client = client.client().await;
        let copied = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        let asked = Instant::now();
        let is_copied = async || {
            let count = client.query_one(copied, &[]).await;
            count.expect("a count").get::<_, i64>(0) > 0
        };
        while !is_copied().await {
            assert!(asked.elapsed() < PATIENCE, "nobody copies it");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Copying {
            process,
            _copies: copies,
        }
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- what PostgreSQL said ---\n{}---", self.log());
        }
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// It ends when this is dropped.
pub struct Copying {
    process: Child,
    _copies: tempfile::TempDir,
}

impl Drop for Copying {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The cluster that scenes share: that of `CHAT_SCENES_POSTGRES`, an address of a database where one may make others; or one
/// of this process's own, which ends with it.
static SHARED: LazyLock<(String, Option<Cluster>)> =
    LazyLock::new(|| match env::var("CHAT_SCENES_POSTGRES") {
        Ok(url) if !url.is_empty() => (url, None),
        _ => {
            let cluster = Cluster::start(Disk::Hurried);
            (cluster.url("postgres"), Some(cluster))
        }
    });

/// A database of a scene's own. It is dropped with this, if it was made by it.
pub struct Database {
    url: String,
    /// Where it was made, and its name there.
    made: Option<(String, String)>,
}

impl Database {
    /// A new database in the cluster that scenes share.
    pub async fn new() -> Database {
        Database::made(&SHARED.0).await
    }

    /// The database of this address, if it is one of PostgreSQL.
    pub fn at(url: &str) -> Option<Database> {
        let is_one = url.starts_with("postgres://") || url.starts_with("postgresql://");
        is_one.then(|| Database {
            url: url.to_owned(),
            made: None,
        })
    }

    async fn made(beside: &str) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("scene_{}_{next}", std::process::id());
        let client = connect(beside).await.expect("the cluster serves");
        // From the template that nobody has touched, and without a checkpoint.
        let make = format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log");
        client.batch_execute(&make).await.expect("a database");
        Database {
            url: with_name(beside, &name),
            made: Some((beside.to_owned(), name)),
        }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A session there.
    pub async fn client(&self) -> Client {
        let url = &self.url;
        connect(url)
            .await
            .unwrap_or_else(|why| panic!("{url}: {why:?}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some((beside, name)) = self.made.take() else {
            return;
        };
        // Nobody waits for it: what is left when the process ends goes with the cluster.
        thread::spawn(move || {
            blocking(async {
                let client = connect(&beside).await?;
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                client.batch_execute(&drop).await
            })
        });
    }
}

/// The same address with another name of the database.
fn with_name(url: &str, name: &str) -> String {
    let (front, settings) = url.split_once('?').unwrap_or((url, ""));
    let (front, _) = front.rsplit_once('/').expect("an address with a name");
    let mark = if settings.is_empty() { "" } else { "?" };
    format!("{front}/{name}{mark}{settings}")
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let mut config: Config = url.parse()?;
    config.connect_timeout(Duration::from_secs(10));
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Waits for something of PostgreSQL's where nothing may be awaited, on a thread and a runtime of its own.
pub fn blocking<T: Send>(asked: impl Future<Output = T> + Send) -> T {
    let answer = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(asked)
        });
        asking.join()
    });
    answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A directory that PostgreSQL's programs may write.
fn new_home() -> PathBuf {
    let home = tempfile::Builder::new().prefix("chat-postgres-").tempdir();
    let home = home.expect("a temporary directory").keep();
    if geteuid().is_root() {
        chown(&home, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
    }
    home
}

/// Runs a program until it ends, with success.
fn does(mut program: Command) {
    let done = program.output().expect("it can be started");
    assert!(done.status.success(), "{done:?}");
}

/// One of PostgreSQL's programs, as a user that it accepts.
fn program(name: &str) -> Command {
    let path = path_of(name);
    let mut command = if geteuid().is_root() {
        let mut nobody = Command::new("setpriv");
        let user = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")];
        nobody.args(user).args(["--clear-groups", "--"]).arg(path);
        nobody
    } else {
        Command::new(path)
    };
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// Debian has the newest one's programs outside `PATH`.
fn path_of(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let path = version.ok()?.path();
            let number = path.file_name()?.to_str()?.parse().ok()?;
            Some((number, path.join("bin").join(name)))
        })
        .filter(|(_, path)| path.exists())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, path)| path);
    newest.unwrap_or_else(|| Path::new(name).to_owned())
}

/// A port on which nobody listens, below those that outgoing connections get: it must be free again after a restart.
pub fn free_port() -> u16 {
    let begin = (std::process::id() % 10_000) as u16;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) as u16;
        let port = 18_000 + (begin + next) % 10_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
