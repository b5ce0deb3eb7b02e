//! The command line, scene by scene: what is typed, what it prints, how it ends, and what a running server hears of it.

mod administrators;
mod copies;
mod doctor;
mod elsewhere;
mod flags;
mod importing;
mod inviting;
mod moving;
mod printing;
mod reaching;
mod searching;
mod service;
mod starting;
mod telling;
mod transferring;
mod upgrades;
mod users;

use crate::support::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    code: Option<i32>,
    pub out: String,
    err: String,
}

impl Ended {
    #[track_caller]
    pub fn well(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It failed with this code, and its words have this in them.
    #[track_caller]
    fn badly(&self, code: i32, words: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(words), "not {words:?} in {self:?}");
        assert!(self.out.is_empty(), "{self:?}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        self.well();
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why} in {self:?}"))
    }
}

/// Types a command with nothing to read.
pub async fn typed(arguments: &[&str]) -> Ended {
    fed(arguments, "").await
}

/// Types a command, with this on its standard input.
async fn fed(arguments: &[&str], input: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let input = input.to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().expect("the command can be started");
        let mut stdin = child.stdin.take().expect("its input is piped");
        // It may not want to read.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("it ends")
    });
    let done = done.await.expect("the command's thread");
    Ended {
        code: done.status.code(),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

pub fn words(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A database that no server runs on, and the folder that it lies in.
async fn a_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.db");
    let chat = Chat::on(&file, &[]).await;
    assert_eq!(chat.stop().await, 0);
    (folder, file)
}

/// A file with a secret in it, beside the database.
fn with_secret(folder: &tempfile::TempDir, name: &str, secret: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{secret}\n")).expect("a file");
    path
}

/// Who logs in with these; 200, or why not.
async fn logs_in(chat: &Chat, email: &str, password: &str) -> (u16, Person) {
    let login = json!({ "email": email, "password": password });
    let answer = chat.nobody().post("/api/auth/login", login).await;
    let token = match answer.status {
        200 => answer.json()["token"].as_str().map(str::to_owned),
        _ => None,
    };
    let person = chat.nobody().with_token(&token.unwrap_or_default());
    (answer.status, person)
}

/// The actions in an audit log, the newest first.
fn actions(audit: &Value) -> Vec<&str> {
    let lines = audit["audit"].as_array().expect("lines").iter();
    lines
        .map(|line| line["action"].as_str().expect("an action"))
        .collect()
}
