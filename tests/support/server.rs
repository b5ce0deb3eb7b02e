//! The real server, started for one scene and ended with it.

use super::{PATIENCE, Person};
use chat::core::id::Spelling;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

const BINARY: &str = env!("CARGO_BIN_EXE_chat");

pub struct Chat {
    /// `127.0.0.1:41234`
    pub address: String,
    /// The line with which the server announced itself.
    pub announced: Value,
    child: Child,
    log: Log,
}

/// How a server ended that never served.
#[derive(Debug)]
pub struct Refusal {
    pub code: Option<i32>,
    pub log: String,
}

impl Chat {
    /// A throwaway server, nothing limited.
    pub async fn open() -> Chat {
        Chat::with(&[]).await
    }

    /// A throwaway server with these flags.
    pub async fn with(flags: &[&str]) -> Chat {
        Chat::must_start(&[&["--temp"], flags].concat()).await
    }

    /// A server on a file that stays, as unlimited as a throwaway one.
    pub async fn on(file: &Path, flags: &[&str]) -> Chat {
        Chat::must_start(&[&on_file(file)[..], flags].concat()).await
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
        let started = Chat::start_by(shell, &on_file(file)).await;
        started.unwrap_or_else(|refusal| panic!("ended with {refusal:?}"))
    }

    /// From now on no file of the server's grows past so many bytes; `None`: as far as it may.
    pub fn has_room_for(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let process = Pid::from_child(&self.child);
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(process), Resource::Fsize, limit)
            .expect("the server's limits are ours to set");
    }

    /// A server in an environment: what is preloaded there sees what the server asks of its system.
    pub async fn start_in(environment: &[(&str, &Path)], flags: &[&str]) -> Result<Chat, Refusal> {
        let mut command = Command::new(BINARY);
        command.envs(environment.iter().copied());
        Chat::start_by(command, flags).await
    }

    /// A server by this command, with these flags behind its own.
    pub async fn start_by(mut command: Command, flags: &[&str]) -> Result<Chat, Refusal> {
        let mut child = command
            .args(["--announce", "json", "--exit-with-stdin"])
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("{BINARY} cannot be started: {why}"));
        let log = Log::default();
        let reading = log.collect(child.stderr.take().expect("standard error is piped"));
        let announced = first_line(child.stdout.take().expect("standard output is piped"));
        // The child is in the scene's hands from here on, so that it ends even if nothing is ever announced.
        let mut chat = Chat {
            address: String::new(),
            announced: Value::Null,
            child,
            log,
        };
        let line = timeout(3 * PATIENCE, announced).await;
        let line = line
            .unwrap_or_else(|_| panic!("the server announced nothing"))
            .unwrap_or_default();
        if line.is_empty() {
            let code = chat.ends_by_itself().await;
            let _ = reading.join();
            return Err(Refusal {
                code,
                log: chat.log.text(),
            });
        }
        chat.announced = serde_json::from_str(&line)
            .unwrap_or_else(|why| panic!("{why} in the announcement: {line}"));
        let url = chat.announced["url"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://"));
        chat.address = url
            .expect("the announcement has an http URL")
            .trim_end_matches('/')
            .to_owned();
        Ok(chat)
    }

    async fn must_start(flags: &[&str]) -> Chat {
        Chat::start(flags)
            .await
            .unwrap_or_else(|refusal| panic!("{flags:?}: ended with {refusal:?}"))
    }

    /// Another command of the same program, on this server's file.
    pub async fn command(&self, arguments: &[&str]) {
        let file = self.announced["db"]
            .as_str()
            .expect("the announcement names the file");
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .args(["--db", file])
            .stdin(Stdio::null());
        let arguments = format!("{arguments:?}");
        let done = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("the command's thread");
        let done = done.unwrap_or_else(|why| panic!("{arguments}: {why}"));
        assert!(
            done.status.success(),
            "{arguments}: {}, {}",
            done.status,
            String::from_utf8_lossy(&done.stderr)
        );
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
        let file = self.announced["db"].as_str();
        let file = file.expect("the announcement names the file");
        let conn = rusqlite::Connection::open(file).expect("the database");
        let all = conn.prepare("SELECT text FROM messages ORDER BY id");
        let mut all = all.expect("a query");
        let rows = all.query_map((), |row| row.get(0)).expect("an answer");
        rows.collect::<Result<_, _>>().expect("texts")
    }

    /// How this server spells ids.
    pub fn spelling(&self) -> Spelling {
        let file = self.announced["db"].as_str();
        let file = file.expect("the announcement names the file");
        let conn = rusqlite::Connection::open(file).expect("the database");
        let key = "SELECT value FROM secrets WHERE name = 'ids'";
        let key = conn.query_row(key, (), |row| row.get::<_, Vec<u8>>(0));
        let key = key.expect("a secret").try_into();
        Spelling::new(key.expect("sixteen bytes"))
    }

    /// What the server has said to its log so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// `kill -9`: no goodbye, nothing flushed.
    pub async fn kill(mut self) {
        self.child.kill().expect("the server can be killed");
        self.ends_by_itself().await;
    }

    /// SIGTERM, and the exit code.
    pub async fn stop(mut self) -> i32 {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM)
            .expect("the server can be told");
        self.ends_by_itself()
            .await
            .expect("told to end, it ends with a code")
    }

    /// SIGTERM, how long it then took to end, and the exit code; `None` where it had not ended by then, and is killed.
    pub async fn ends_within(mut self, patience: Duration) -> Option<(Duration, i32)> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM)
            .expect("the server can be told");
        let told = Instant::now();
        while told.elapsed() < patience {
            if let Some(status) = self.child.try_wait().expect("the server is our child") {
                return status.code().map(|code| (told.elapsed(), code));
            }
            sleep(Duration::from_millis(10)).await;
        }
        self.child.kill().expect("the server can be killed");
        None
    }

    /// Closes the server's standard input, and waits for the exit code.
    pub async fn let_go(mut self) -> i32 {
        drop(self.child.stdin.take());
        self.ends_by_itself()
            .await
            .expect("let go, it ends with a code")
    }

    async fn ends_by_itself(&mut self) -> Option<i32> {
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the server is our child") {
                return status.code();
            }
            assert!(
                asked.elapsed() < Duration::from_secs(10),
                "the server did not end within 10 s"
            );
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        // It clears its temporary directory when its input closes; if it does not go then, it is ended.
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- what the server said ---\n{}---", self.log.text());
        }
    }
}

/// The flags for a server on a file that limits nothing and hashes fast.
pub fn on_file(file: &Path) -> Vec<&str> {
    let file = file.to_str().expect("a temporary path is UTF-8");
    let unlimited = "--limit-auth off --limit-api off --limit-upload off --limit-upload-bytes off --limit-events off --limit-connects off --limit-conversations off --limit-members off --limit-message-bytes off --limit-changes off";
    let quick = "--listen 127.0.0.1:0 --bcrypt-cost 4";
    ["--db", file]
        .into_iter()
        .chain(quick.split(' '))
        .chain(unlimited.split(' '))
        .collect()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Read all the time, or a talkative server would stand still before a full pipe.
    fn collect(&self, mut from: impl Read + Send + 'static) -> thread::JoinHandle<()> {
        let log = self.clone();
        thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut some) {
                log.0
                    .lock()
                    .expect("the log is only appended to")
                    .extend(&some[..count]);
            }
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log is only appended to")).into_owned()
    }
}

/// The first line, or an empty one if there is none; the rest is read and forgotten.
fn first_line(from: impl Read + Send + 'static) -> oneshot::Receiver<String> {
    let (tell, line) = oneshot::channel();
    thread::spawn(move || {
        let (mut from, mut line) = (BufReader::new(from), String::new());
        let _ = from.read_line(&mut line);
        let _ = tell.send(line);
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    });
    line
}
