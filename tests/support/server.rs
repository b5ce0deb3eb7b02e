//! The real server, started for one scene and ended with it; on PostgreSQL, if the scenes are played there, one or two.

use super::balancer::Balancer;
use super::ground::Ground;
use super::kept::Kept;
use super::process::{BINARY, Process};
use super::{MOMENT, PATIENCE, Person};
use chat::core::id::Spelling;
use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

pub use super::process::Refusal;

pub struct Chat {
    /// `127.0.0.1:41234`
    pub address: String,
    /// The line with which the server announced itself.
    pub announced: Value,
    /// One, or several behind a balancer.
    servers: Vec<Process>,
    balancer: Option<Balancer>,
    /// What the next server is told.
    flags: Vec<String>,
    /// Dropped last: nobody serves from it then.
    pub kept: Kept,
}

impl Chat {
    /// A throwaway server, nothing limited.
    pub async fn open() -> Chat {
        Chat::with(&[]).await
    }

    /// A throwaway server with these flags.
    pub async fn with(flags: &[&str]) -> Chat {
        let ground = Ground::for_flags(flags);
        match ground.servers() {
            0 => Chat::with_a_file(flags).await,
            servers => Chat::of_several(servers, flags).await,
        }
    }

    /// A throwaway server with these flags on a file, for scenes about files.
    pub async fn with_a_file(flags: &[&str]) -> Chat {
        must(flags, Chat::start(&[&["--temp"], flags].concat()).await)
    }

    /// A throwaway server with these flags that is alone and reached directly, wherever the scenes are played: for what
    /// each server counts by itself, and for who asks it.
    pub async fn alone(flags: &[&str]) -> Chat {
        match Ground::wished() {
            Ground::File => Chat::with_a_file(flags).await,
            _ => Chat::of_several(1, flags).await,
        }
    }

    /// As many throwaway servers on one database on PostgreSQL, behind a balancer if they are more than one.
    pub async fn of_several(count: usize, flags: &[&str]) -> Chat {
        let kept = Kept::on_postgres().await;
        let place = kept.place();
        let all = [&["--temp", "--db", &place], flags].concat();
        must(flags, Chat::several(count, &all, kept).await)
    }

    /// A server on a database that stays, as unlimited as a throwaway one. It is the file; on PostgreSQL it goes by its name.
    pub async fn on(file: &Path, flags: &[&str]) -> Chat {
        Chat::on_with(Ground::for_flags(flags).servers(), file, flags).await
    }

    /// The same with a server that is alone, wherever the scenes are played.
    pub async fn alone_on(file: &Path, flags: &[&str]) -> Chat {
        Chat::on_with(Ground::wished().servers().min(1), file, flags).await
    }

    async fn on_with(servers: usize, file: &Path, flags: &[&str]) -> Chat {
        if servers == 0 {
            return Chat::on_the_file(file, flags).await;
        }
        let kept = Kept::on_postgres_for(file).await;
        let place = kept.place();
        let flags = [&on(&place)[..], flags].concat();
        must(&flags, Chat::several(servers, &flags, kept).await)
    }

    /// A server on a file, for scenes about files.
    pub async fn on_the_file(file: &Path, flags: &[&str]) -> Chat {
        let flags = [&on_file(file)[..], flags].concat();
        must(&flags, Chat::start(&flags).await)
    }

    /// A server with these flags and no others but the test's own, or how it refused to start.
    pub async fn start(flags: &[&str]) -> Result<Chat, Refusal> {
        Chat::start_by(Command::new(BINARY), flags).await
    }

    /// A server on a file whose disk may turn out to be full: past a limit on the size of files, which a scene sets and
    /// lifts with [`Chat::has_room_for`], writing fails, and does not end the program.
    pub async fn on_a_small_disk(file: &Path) -> Chat {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#, BINARY]);
        let flags = on_file(file);
        must(&flags, Chat::start_by(shell, &flags).await)
    }

    /// From now on no file of the server's grows past so many bytes; `None`: as far as it may.
    pub fn has_room_for(&self, bytes: Option<u64>) {
        use rustix::process::{Resource, Rlimit, prlimit};
        for server in &self.servers {
            let limit = Rlimit {
                current: bytes,
                maximum: None,
            };
            prlimit(Some(server.pid()), Resource::Fsize, limit)
                .expect("the server's limits are ours to set");
        }
    }

    /// A server in an environment: what is preloaded there sees what the server asks of its system.
    pub async fn start_in(environment: &[(&str, &Path)], flags: &[&str]) -> Result<Chat, Refusal> {
        let mut command = Command::new(BINARY);
        command.envs(environment.iter().copied());
        Chat::start_by(command, flags).await
    }

    /// A server by this command, with these flags behind its own.
    pub async fn start_by(command: Command, flags: &[&str]) -> Result<Chat, Refusal> {
        let server = Process::start(command, flags).await?;
        let kept = Kept::where_announced(&server.announced, flags);
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Ok(Chat::of(vec![server], None, kept, flags))
    }

    /// As many servers with the same flags, behind a balancer if they are more than one.
    async fn several(count: usize, flags: &[&str], kept: Kept) -> Result<Chat, Refusal> {
        let balancer = (count > 1).then(Balancer::open);
        let flags = match &balancer {
            Some(balancer) => balancer.flags(flags),
            None => flags.iter().map(|&flag| flag.to_owned()).collect(),
        };
        let mut servers = Vec::new();
        // In turn, so that the first has made the tables and the first accounts.
        for _ in 0..count {
            servers.push(one_more(&flags, balancer.as_ref()).await?);
        }
        Ok(Chat::of(servers, balancer, kept, flags))
    }

    fn of(
        servers: Vec<Process>,
        balancer: Option<Balancer>,
        kept: Kept,
        flags: Vec<String>,
    ) -> Chat {
        let first = servers.first().expect("there is one");
        let mut announced = first.announced.clone();
        let mut address = first.address.clone();
        if let Some(balancer) = &balancer {
            address.clone_from(&balancer.address);
            announced["url"] = json!(format!("http://{address}"));
        }
        Chat {
            address,
            announced,
            kept,
            servers,
            balancer,
            flags,
        }
    }

    /// Where each of the servers is reached, past the balancer.
    pub fn servers(&self) -> Vec<String> {
        let servers = self.servers.iter();
        servers.map(|server| server.address.clone()).collect()
    }

    /// One server more, with the flags of the others; it gets its share at once.
    pub async fn gains_a_server(&mut self) -> String {
        let started = one_more(&self.flags, self.balancer.as_ref()).await;
        let server = started.unwrap_or_else(|refusal| panic!("ended with {refusal:?}"));
        let address = server.address.clone();
        self.servers.push(server);
        address
    }

    /// One server less, as its operator would: the balancer is told first, if there is one, and it ends in order.
    pub async fn drains(&mut self, address: &str) {
        if let Some(balancer) = &self.balancer {
            balancer.lets_go(address);
            // What was on its way there arrives.
            sleep(MOMENT).await;
        }
        let mut server = self.takes_out(address);
        server.is_told(Signal::TERM);
        assert_eq!(server.ends().await, Some(0), "{}", server.log());
    }

    /// `kill -9` of one server; nobody tells the balancer.
    pub async fn loses(&mut self, address: &str) {
        let mut server = self.takes_out(address);
        server.is_told(Signal::KILL);
        server.ends().await;
    }

    /// One of its servers gets a signal, as by [`Chat::is_told`].
    pub fn one_is_told(&self, address: &str, signal: Signal) {
        let server = self.servers.iter().find(|one| one.address == address);
        server.expect("it is one of them").is_told(signal);
    }

    fn takes_out(&mut self, address: &str) -> Process {
        let at = self.servers.iter().position(|one| one.address == address);
        self.servers.remove(at.expect("it is one of them"))
    }

    /// Another command of the same program, on this server's database.
    pub async fn command(&self, arguments: &[&str]) {
        let done = self.runs(arguments).await;
        assert!(
            done.status.success(),
            "{arguments:?}: {}, {}",
            done.status,
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// The same, however it ends.
    pub async fn runs(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .args(["--db", &self.kept.place()])
            .stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("the command's thread")
            .expect("the command can be started")
    }

    /// What the surrounding application does when it wants a person to know something.
    pub async fn notifies(&self, user: &Person, title: &str, message: &str, kind: &str) {
        self.command(&[
            "notify",
            &user.name,
            "--title",
            title,
            "--message",
            message,
            "--type",
            kind,
        ])
        .await;
    }

    /// All that was said, in the order of the log.
    pub fn said(&self) -> Vec<String> {
        self.kept.all("SELECT text FROM messages ORDER BY id", &[])
    }

    /// How this server spells ids.
    pub fn spelling(&self) -> Spelling {
        let key = "SELECT value FROM secrets WHERE name = 'ids'";
        let key: Vec<u8> = self.kept.one(key, &[]);
        Spelling::new(key.try_into().expect("sixteen bytes"))
    }

    /// What the server has said to its log so far.
    pub fn log(&self) -> String {
        self.servers.iter().map(Process::log).collect()
    }

    /// `kill -9`: no goodbye, nothing flushed.
    pub async fn kill(mut self) {
        self.is_told(Signal::KILL);
        self.end().await;
    }

    /// SIGHUP: it is to look again.
    pub fn is_told_to_look(&self) {
        self.is_told(Signal::HUP);
    }

    /// SIGTERM, and the exit code.
    pub async fn stop(mut self) -> i32 {
        self.is_told(Signal::TERM);
        self.end().await.expect("told to end, it ends with a code")
    }

    /// SIGTERM, how long it then took to end, and the exit code; `None` where it had not ended by then, and is killed.
    pub async fn ends_within(mut self, patience: Duration) -> Option<(Duration, i32)> {
        self.is_told(Signal::TERM);
        let told = Instant::now();
        let ends = self.servers.iter_mut().map(|one| one.ends_within(patience));
        if !join_all(ends).await.into_iter().all(|ended| ended) {
            self.is_told(Signal::KILL);
            return None;
        }
        let took = told.elapsed();
        Some((took, self.end().await?))
    }

    /// Waits until it ends by itself, and returns the exit code.
    pub async fn ends(mut self) -> i32 {
        self.end().await.expect("it ends by itself, with a code")
    }

    /// Closes the server's standard input, and waits for the exit code.
    pub async fn let_go(mut self) -> i32 {
        self.servers.iter_mut().for_each(Process::is_let_go);
        self.end().await.expect("let go, it ends with a code")
    }

    /// All its processes get a signal: STOP, and it stands still; CONT, and it goes on.
    pub fn is_told(&self, signal: Signal) {
        for server in &self.servers {
            server.is_told(signal);
        }
    }

    /// The exit code, the worst of several.
    async fn end(&mut self) -> Option<i32> {
        let codes = join_all(self.servers.iter_mut().map(Process::ends)).await;
        codes
            .into_iter()
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .max()
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // All at once: each is then waited for in turn.
        self.servers.iter_mut().for_each(Process::is_let_go);
    }
}

async fn one_more(flags: &[String], balancer: Option<&Balancer>) -> Result<Process, Refusal> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let server = Process::start(Command::new(BINARY), &flags).await?;
    if let Some(balancer) = balancer {
        balancer.takes_in(&server.address);
    }
    Ok(server)
}

fn must(flags: &[&str], started: Result<Chat, Refusal>) -> Chat {
    started.unwrap_or_else(|refusal| panic!("{flags:?}: ended with {refusal:?}"))
}

/// The flags for a server on a file that limits nothing and hashes fast.
pub fn on_file(file: &Path) -> Vec<&str> {
    on(file.to_str().expect("a temporary path is UTF-8"))
}

/// The same, for whatever `--db` takes.
pub fn on(place: &str) -> Vec<&str> {
    let unlimited = "--limit-auth off --limit-api off --limit-upload off --limit-upload-bytes off --limit-events off --limit-connects off --limit-conversations off --limit-members off --limit-message-bytes off --limit-changes off";
    let quick = "--listen 127.0.0.1:0 --bcrypt-cost 4";
    ["--db", place]
        .into_iter()
        .chain(quick.split(' '))
        .chain(unlimited.split(' '))
        .collect()
}

/// How the core is opened by scenes that ask it, and no server.
pub fn core_options() -> chat::core::Options {
    chat::core::Options {
        durability: chat::core::Durability::Normal,
        limits: chat::core::limits::Limits::default(),
        bcrypt_cost: 4,
        token_ttl: PATIENCE,
        login_max: PATIENCE,
        token_secret: None,
        trust: None,
    }
}
