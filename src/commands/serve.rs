//! `chat` without a subcommand: opens the file, serves, and ends in order.

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::Failure;
use super::admin::set_up_link;
use super::founders;
use crate::core::{Core, admin};
use crate::flags::{Announce, Serve};
use crate::server::{Server, Settings, temp, tls};
use crate::web::watch::Setting;

/// Serves until it is told to end.
///
/// # Errors
/// What to print, and the code to exit with.
pub async fn run(flags: Serve, mut set: Vec<Setting>, listen_given: bool) -> Result<(), Failure> {
    // Before anything else: who stops a server that is still starting wants it stopped.
    let end = Ending::watch(flags.exit_with_stdin)?;
    let home = Home::of(&flags)?;
    home.say_where(&mut set);
    let fresh = !home.path.exists();
    let (core, news, lock) = Core::open(&home.path, flags.options()?)?;
    let tls = match (&flags.tls_cert, &flags.tls_key) {
        (Some(cert), Some(key)) => Some(tls::acceptor(cert, key)?),
        _ => None,
    };
    let smtp = flags.smtp()?;
    let oidc = flags.oidc()?;
    let admin_token = if flags.temp {
        Some(temp::people(&core, &flags.user).await?)
    } else {
        None
    };
    if let Some(email) = &flags.admin_email {
        founders::administrator(&core, email, flags.admin_password_file.as_deref()).await?;
    }
    let setting_up = core.clone();
    let public_url = flags.public_url.clone();
    let server = Server::start(Settings {
        core,
        news,
        lock,
        listen: flags.listeners(listen_given),
        rates: flags.rates(),
        members_only: flags.members_only,
        trust_proxy: flags.trust_proxy,
        cors_origin: flags.cors_origin,
        tls,
        public_url: flags.public_url,
        oidc,
        smtp,
        flags: set,
    })
    .await
    .map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::AddressInUse(error.to_string()),
        _ => Failure::Other(anyhow::Error::new(error).context("cannot listen")),
    })?;
    if flags.announce == Some(Announce::Json) {
        announce(&server, &home.path, admin_token.as_deref())?;
    } else {
        let token = setting_up.write(admin::offer_set_up).await?;
        let url = public_url.or_else(|| Some(server.listening().first()?.url.clone()));
        let link = token.map(|token| set_up_link(&url.unwrap_or_default(), &token));
        greet(&server, &home.path, fresh, link.as_deref());
    }
    drop(setting_up);
    let why = end.reached().await;
    tracing::info!(why, "ending");
    server.stop().await;
    Ok(())
}

/// Where the database lies: a temporary directory is gone when this is.
struct Home {
    path: PathBuf,
    directory: Option<tempfile::TempDir>,
}

impl Home {
    fn of(flags: &Serve) -> anyhow::Result<Self> {
        if !flags.temp {
            return Ok(Self {
                path: flags.db.clone(),
                directory: None,
            });
        }
        let directory = tempfile::Builder::new()
            .prefix("chat-")
            .tempdir()
            .context("no temporary directory for the database")?;
        Ok(Self {
            path: directory.path().join("chat.db"),
            directory: Some(directory),
        })
    }

    /// The flag names another file than the one in a temporary directory.
    fn say_where(&self, set: &mut [Setting]) {
        let db = set.iter_mut().find(|setting| setting.flag == "--db");
        if let Some(db) = db.filter(|_| self.directory.is_some()) {
            db.value = Some(self.path.display().to_string());
            (db.is_default, db.line) = (false, "--temp".to_owned());
        }
    }
}

/// One line of JSON on stdout, the first and only one.
fn announce(server: &Server, db: &Path, admin_token: Option<&str>) -> anyhow::Result<()> {
    let listeners: Vec<_> = server
        .listening()
        .iter()
        .map(|l| json!({ "url": l.url, "address": l.address.to_string(), "dialect": l.dialect }))
        .collect();
    let db = std::path::absolute(db).unwrap_or_else(|_| db.to_path_buf());
    let line = json!({
        "url": server.listening().first().map(|first| &first.url),
        "adminToken": admin_token,
        "pid": std::process::id(),
        "version": env!("CARGO_PKG_VERSION"),
        "db": db,
        "listeners": listeners,
    });
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("nobody reads the announcement")
}

/// What a person sees who has started it.
fn greet(server: &Server, db: &Path, fresh: bool, link: Option<&str>) {
    let bold = |text: &str| match std::io::stdout().is_terminal() {
        true => format!("\x1b[1m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    println!("chat {} serves", env!("CARGO_PKG_VERSION"));
    for listening in server.listening() {
        let first = listening
            .dialect
            .map_or(String::new(), |name| format!("   {name} first"));
        println!("  {}{first}", bold(&listening.url));
    }
    let state = if fresh {
        "new, everything is in it"
    } else {
        "everything is in it"
    };
    println!("  {}   {state}", db.display());
    if fresh {
        let url = server
            .listening()
            .first()
            .map_or("", |first| first.url.as_str());
        println!();
        println!("Make an account:");
        println!("  curl {url}/api/auth/signup -H 'Content-Type: application/json' \\");
        println!(
            "    -d '{{\"username\":\"ann\",\"email\":\"ann@example.com\",\"password\":\"at least 8 characters\"}}'"
        );
        println!();
    }
    if let Some(link) = link {
        println!("Nobody administers it yet. Open this within 30 minutes, once:");
        println!("  {}", bold(link));
        println!();
    }
    println!("Ctrl-C ends it.");
}

/// What ends the server: SIGTERM, SIGINT, or standard input where that was asked for.
struct Ending {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    stdin: Option<oneshot::Receiver<()>>,
}

impl Ending {
    fn watch(with_stdin: bool) -> anyhow::Result<Self> {
        let stdin = with_stdin.then(|| {
            let (closed, watching) = oneshot::channel();
            // A thread of its own: tokio's would keep the program from ending.
            std::thread::spawn(move || {
                let (mut input, mut rest) = (std::io::stdin(), [0; 1024]);
                while matches!(input.read(&mut rest), Ok(read) if read > 0) {}
                closed.send(()).ok();
            });
            watching
        });
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("no signals")?,
            interrupt: signal(SignalKind::interrupt()).context("no signals")?,
            stdin,
        })
    }

    async fn reached(mut self) -> &'static str {
        let stdin = async {
            match self.stdin {
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            () = stdin => "standard input closed",
        }
    }
}
