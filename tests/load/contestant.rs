//! Which servers are measured, and how is each of them started?

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use clap::ValueEnum;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Contestant {
    /// This project's server.
    Chat,
    /// socket.io, bun:sqlite; a transaction per turn of the event loop.
    Bun,
    /// socket.io, Express, better-sqlite3; a transaction per turn of the event loop.
    NodeBatched,
    /// The same with a transaction per message, as people write it.
    Node,
    /// socketioxide alone: it only broadcasts and keeps nothing.
    Broadcast,
    /// SQLite alone: it only keeps and tells nobody.
    Inserts,
}

impl Contestant {
    /// Those that do the whole work.
    pub const SERVERS: [Self; 4] = [Self::Chat, Self::Bun, Self::NodeBatched, Self::Node];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Bun => "bun",
            Self::NodeBatched => "node-batched",
            Self::Node => "node",
            Self::Broadcast => "broadcast-alone",
            Self::Inserts => "inserts-alone",
        }
    }

    pub fn is_from_npm(self) -> bool {
        matches!(self, Self::Bun | Self::NodeBatched | Self::Node)
    }
}

/// How a server is started.
#[derive(Clone)]
pub struct Launch {
    pub contestant: Contestant,
    /// Of `chat`.
    pub binary: PathBuf,
    pub durability: &'static str,
    pub more: Vec<String>,
    /// The database; a fresh one where there is none.
    pub db: Option<PathBuf>,
    pub bcrypt_cost: u32,
}

impl Launch {
    pub fn of(contestant: Contestant) -> Self {
        Self {
            contestant,
            binary: env!("CARGO_BIN_EXE_chat").into(),
            durability: "full",
            more: Vec::new(),
            db: None,
            bcrypt_cost: 4,
        }
    }

    pub fn command(&self, db: &Path) -> anyhow::Result<Command> {
        let cost = self.bcrypt_cost.to_string();
        let mut command = match self.contestant {
            Contestant::Chat => {
                let mut command = Command::new(&self.binary);
                command.args(["--listen", "127.0.0.1:0", "--announce", "json"]);
                for limit in [
                    "auth",
                    "api",
                    "upload",
                    "events",
                    "conversations",
                    "members",
                ] {
                    command.args([&format!("--limit-{limit}"), "off"]);
                }
                command.args(["--exit-with-stdin", "--durability", self.durability]);
                command
            }
            Contestant::Bun | Contestant::NodeBatched | Contestant::Node => {
                let mut command = match self.contestant {
                    Contestant::Bun => Command::new(peers().join("node_modules/.bin/bun")),
                    _ => Command::new("node"),
                };
                let commit = match self.contestant {
                    Contestant::Node => "message",
                    _ => "turn",
                };
                command.arg("server.mjs").args(["--commit", commit]);
                command.current_dir(peers()).env("NODE_ENV", "production");
                command
            }
            Contestant::Broadcast => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("broadcast");
                return Ok(command);
            }
            Contestant::Inserts => anyhow::bail!("inserting is no server"),
        };
        command.arg("--db").arg(db).args(["--bcrypt-cost", &cost]);
        command.args(&self.more);
        Ok(command)
    }
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/load/node")
}

/// Fetches what the peers stand on, in the versions of their lock file, unless it is there.
pub fn install() -> anyhow::Result<()> {
    let written = |file: &str| std::fs::metadata(peers().join(file))?.modified();
    let lock = written("package-lock.json")?;
    if written("node_modules/.package-lock.json").is_ok_and(|there| there >= lock) {
        return Ok(());
    }
    eprintln!("npm ci, in {}", peers().display());
    let done = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(peers())
        .stdin(Stdio::null())
        .status()
        .context("the peers need Node.js with npm; --without node,node-batched,bun does without")?;
    ensure!(done.success(), "npm ci: {done}");
    Ok(())
}
