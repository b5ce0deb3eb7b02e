//! How is the server under load started, asked, weighed, and ended?

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::contestant::{Contestant, Launch};
use crate::line::{Line, request};
use crate::wire::{scratch, wait_for};

pub struct Server {
    child: Child,
    /// While this is open the server lives: it cannot outlast us, however we end.
    stdin: Option<ChildStdin>,
    home: TempDir,
    pub address: SocketAddr,
    /// It has closed groups, and not only rooms.
    pub has_groups: bool,
    pub pid: u32,
    pub started_in: Duration,
    /// Further servers on the same database.
    others: Vec<Server>,
}

/// What a process has used so far.
#[derive(Clone, Copy)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub resident_bytes: f64,
}

impl Usage {
    pub fn add(&mut self, other: Self) {
        self.cpu_seconds += other.cpu_seconds;
        self.resident_bytes += other.resident_bytes;
    }
}

impl Server {
    pub fn start(launch: &Launch) -> anyhow::Result<Self> {
        // Beside the binary, because the usual temporary directory may be memory, where a flush costs nothing.
        let built = std::path::Path::new(env!("CARGO_BIN_EXE_chat"));
        let home = tempfile::tempdir_in(built.parent().context("a binary lies in a directory")?)?;
        let db = home.path().join("chat.db");
        let mut command = launch.command(launch.db.as_deref().unwrap_or(&db))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(home.path().join("log"))?);
        let begin = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", launch.contestant.name()))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("stdout is piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let started_in = begin.elapsed();
        let stdin = child.stdin.take();
        let mut server = Self {
            child,
            stdin,
            home,
            address: ([127, 0, 0, 1], 0).into(),
            has_groups: launch.contestant == Contestant::Chat,
            pid: 0,
            started_in,
            others: Vec::new(),
        };
        let announced: Value = serde_json::from_str(&line)
            .with_context(|| format!("no announcement, but {line:?}\n{}", server.last_words()))?;
        let url = announced["url"]
            .as_str()
            .context("the announcement has a url")?;
        server.address = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()?;
        server.pid = u32::try_from(
            announced["pid"]
                .as_u64()
                .context("the announcement has a pid")?,
        )?;
        Ok(server)
    }

    /// So many servers on one database.
    pub fn start_several(launch: &Launch, count: usize) -> anyhow::Result<Self> {
        let mut first = Self::start(launch)?;
        for _ in 1..count {
            first.others.push(Self::start(launch)?);
        }
        Ok(first)
    }

    /// How many servers there are.
    pub fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// Which of the servers somebody uses: its number, and where it is.
    pub fn of(&self, person: usize) -> (usize, SocketAddr) {
        let at = person % self.count();
        let other = at.checked_sub(1).map(|at| self.others[at].address);
        (at, other.unwrap_or(self.address))
    }

    /// The end of what it logged.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Ends it as asked, and by force where it does not listen.
    pub fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(12);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return self.others.drain(..).try_for_each(Self::stop);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the server did not end within 12 s of its standard input");
    }

    /// Sends JSON and reads JSON, one connection each: the preparations need not be fast.
    pub fn post(&self, path: &str, body: &Value, token: Option<&str>) -> anyhow::Result<Value> {
        self.call("POST", path, &body.to_string(), token)
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        body: &str,
        token: Option<&str>,
    ) -> anyhow::Result<Value> {
        let mut line = Line::open(self.address)?;
        line.wire.say(&request(method, path, token, body));
        let (mut scratch, mut answered) = (scratch(), None);
        let begin = Instant::now();
        while answered.is_none() {
            ensure!(begin.elapsed().as_secs() < 30, "{method} {path}: no answer");
            line.wire.flush()?;
            wait_for(std::iter::once(&line.wire), Duration::from_secs(1))?;
            line.look(&mut scratch, |answer| {
                answered = Some((
                    answer.status,
                    String::from_utf8_lossy(answer.body).into_owned(),
                ));
            })?;
        }
        let (status, body) = answered.unwrap_or_default();
        ensure!(
            matches!(status, 200..300),
            "{method} {path}: {status} {body}"
        );
        serde_json::from_str(&body).with_context(|| format!("{method} {path}: {body}"))
    }

    /// What it has used, and the others with it.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        let mut sum = usage(&self.pid.to_string())?;
        for other in &self.others {
            sum.add(other.usage()?);
        }
        Ok(sum)
    }

    /// Memory with what is shared divided by who shares it. The kernel walks all of it, so not in a hurry.
    pub fn proportional_bytes(&self) -> anyhow::Result<f64> {
        let file = format!("/proc/{}/smaps_rollup", self.pid);
        let rollup = std::fs::read_to_string(&file).with_context(|| file.clone())?;
        kilobytes(&rollup, "Pss:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only where `stop` gave up or was never reached; an ended child is not signalled.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads what a process, by number or `self`, has used; Linux only.
pub fn usage(process: &str) -> anyhow::Result<Usage> {
    let read = |name: &str| {
        std::fs::read_to_string(format!("/proc/{process}/{name}"))
            .context("this needs Linux's /proc")
    };
    let stat = read("stat")?;
    // The second field is the command in parentheses, which may hold spaces: count from behind it.
    let (_, fields) = stat.rsplit_once(')').context("a command in parentheses")?;
    let ticks = |at: usize| {
        fields
            .split_whitespace()
            .nth(at)
            .and_then(|field| field.parse::<f64>().ok())
    };
    let (user, system) = ticks(11).zip(ticks(12)).context("utime and stime")?;
    let status = read("status")?;
    Ok(Usage {
        // Linux reports to programs in hundredths of a second, whatever its own clock does.
        cpu_seconds: (user + system) / 100.0,
        resident_bytes: kilobytes(&status, "VmRSS:")?,
    })
}

/// What a line of `/proc` says in kilobytes, in bytes.
fn kilobytes(text: &str, name: &str) -> anyhow::Result<f64> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(name));
    let number = line.with_context(|| name.to_owned())?;
    let number: f64 = number.trim().trim_end_matches(" kB").parse()?;
    Ok(number * 1024.0)
}
