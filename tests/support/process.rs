//! One process of the real server: started, listened to, and ended with whoever started it.

use super::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

pub const BINARY: &str = env!("CARGO_BIN_EXE_chat");

pub struct Process {
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

impl Process {
    /// A server by this command, with these flags behind its own.
    pub async fn start(mut command: Command, flags: &[&str]) -> Result<Process, Refusal> {
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
        let mut process = Process {
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
            let code = process.ends().await;
            let _ = reading.join();
            return Err(Refusal {
                code,
                log: process.log.text(),
            });
        }
        process.announced = serde_json::from_str(&line)
            .unwrap_or_else(|why| panic!("{why} in the announcement: {line}"));
        let url = process.announced["url"].as_str();
        let address = url.and_then(|url| Some(url.split_once("://")?.1));
        process.address = address
            .expect("the announcement has a URL")
            .trim_end_matches('/')
            .to_owned();
        Ok(process)
    }

    /// What the server has said to its log so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn is_told(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the server can be told");
    }

    /// Closes the server's standard input.
    pub fn is_let_go(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for its end, and returns the exit code, if it was not killed.
    pub async fn ends(&mut self) -> Option<i32> {
        let ended = self.ends_within(PATIENCE).await;
        assert!(ended, "the server did not end within {PATIENCE:?}");
        self.child.wait().expect("the server is our child").code()
    }

    /// Whether it ends in that time.
    pub async fn ends_within(&mut self, patience: Duration) -> bool {
        let asked = Instant::now();
        while self.is_there() {
            if asked.elapsed() >= patience {
                return false;
            }
            sleep(Duration::from_millis(10)).await;
        }
        true
    }

    fn is_there(&mut self) -> bool {
        let ended = self.child.try_wait().expect("the server is our child");
        ended.is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It clears its temporary directory when its input closes; if it does not go then, it is ended.
        self.is_let_go();
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
