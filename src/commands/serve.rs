//! `chat` without a subcommand: opens the file, serves, and shuts down in order.

use std::io::{ErrorKind, IsTerminal, Read, Write};

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::Failure;
use super::bootstrap::Administrator;
use super::greeting::Greeting;
use super::service::ServiceManager;
use crate::core::database::Database;
use crate::core::{Core, admin, first_room};
use crate::flags::{Announce, Serve};
use crate::server::acme::Acme;
use crate::server::acme_directory::Directory;
use crate::server::certificate_files::CertificateFiles;
use crate::server::{Listeners, Server, Settings, temp};
use crate::web::watch::Setting;

/// Serves until it is told to stop.
///
/// # Errors
/// What to print, and the code to exit with.
pub async fn run(flags: Serve, mut set: Vec<Setting>, listen_given: bool) -> Result<(), Failure> {
    // First of all, so that a signal also stops a server that is still starting.
    let shutdown = ShutdownSignal::watch(flags.exit_with_stdin)?;
    let home = Home::of(&flags)?;
    home.say_where(&mut set);
    let is_fresh = home.db.file().is_some_and(|file| !file.exists());
    // All flags are checked before a database file is made.
    let options = flags.options().map_err(Failure::Flags)?;
    let sign_up = options.limits.sign_up.who;
    let files = match (&flags.tls_cert, &flags.tls_key) {
        (Some(cert), Some(key)) => {
            let read = CertificateFiles::open(cert.clone(), key.clone());
            Some(read.map_err(Failure::Flags)?)
        }
        _ => None,
    };
    let plan = flags.acme();
    let plan = plan.map(|plan| Ok((Directory::new(&plan)?, plan)));
    let plan = plan.transpose().map_err(Failure::Flags)?;
    let smtp = flags.smtp().map_err(Failure::Flags)?;
    let oidc = flags.oidc().map_err(Failure::Flags)?;
    let administrator = flags
        .admin_email
        .as_deref()
        .map(|email| Administrator::read(email, flags.admin_password_file.as_deref(), is_fresh));
    let administrator = administrator.transpose().map_err(Failure::Flags)?;
    let backups = flags.backups().map_err(Failure::Flags)?;
    let listeners = Listeners::bind(flags.listeners(listen_given))
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => Failure::AddressInUse(error.to_string()),
            _ => Failure::Other(anyhow::Error::new(error).context("cannot listen")),
        })?;
    let (core, news, lock) = Core::open(&home.db, options)?;
    let admin_token = if flags.temp {
        Some(temp::people(&core, &flags.user).await?)
    } else {
        None
    };
    if let Some(administrator) = administrator {
        administrator.make(&core).await?;
    }
    let acme = match plan {
        Some((directory, plan)) => Some(Acme::open(&core, plan, directory).await?),
        None => None,
    };
    let of_files = files.as_ref().map(|files| files.certificate.clone());
    let certificate = of_files.or(acme.as_ref().map(|acme| acme.certificate.clone()));
    let (noting, durability) = (core.clone(), core.durability());
    let server = Server::start(Settings {
        core,
        news,
        lock,
        listeners,
        rates: flags.rates(),
        volume: flags.volume(),
        keep_alive: flags.keep_alive,
        connections_per_address: flags.connections_per_address(),
        members_only: flags.is_members_only(),
        trust_proxy: flags.trust_proxy,
        cors_origin: flags.cors_origin,
        certificate,
        acme,
        public_url: flags.public_url,
        oidc,
        smtp,
        backups,
        flags: set,
    })
    .await
    .context("cannot serve")?;
    if let Some(files) = files {
        files.follow()?;
    }
    let url = server.url().to_owned();
    let set_up = noting.write(move |tx| {
        admin::serve_at(tx, &url)?;
        first_room::open(tx)?;
        admin::offer_set_up(tx)
    });
    let set_up = set_up.await?;
    drop(noting);
    let greeting = |is_seen| Greeting {
        server: &server,
        db: &home.db,
        is_fresh,
        set_up: set_up.as_deref(),
        durability,
        sign_up,
        sign_up_chosen: flags.sign_up.is_some(),
        is_seen,
    };
    match flags.announce {
        Some(Announce::Json) => {
            announce(&server, &home.db, admin_token.as_deref())?;
            // Standard output has only the line for programs, so the text for people goes to standard error.
            let out = std::io::stderr();
            greeting(out.is_terminal()).say(out);
        }
        None => {
            let out = std::io::stdout();
            greeting(out.is_terminal()).say(out);
        }
    }
    let manager = ServiceManager::of_this_process().ready();
    let (why, is_lost) = tokio::select! {
        why = shutdown.received() => (why, false),
        why = server.lost() => (why, true),
    };
    manager.stopping();
    tracing::info!(why, "ending");
    server.stop().await;
    match is_lost {
        true => Err(Failure::Other(anyhow::anyhow!(
            "{why}: it has to be started again"
        ))),
        false => Ok(()),
    }
}

/// Where the database is. A temporary directory is deleted when this is dropped.
struct Home {
    db: Database,
    directory: Option<tempfile::TempDir>,
}

impl Home {
    fn of(flags: &Serve) -> anyhow::Result<Self> {
        if !flags.temp || flags.db.file().is_none() {
            return Ok(Self {
                db: flags.db.clone(),
                directory: None,
            });
        }
        let directory = tempfile::Builder::new()
            .prefix("chat-")
            .tempdir()
            .context("a temporary directory for the database cannot be made")?;
        Ok(Self {
            db: directory.path().join("chat.db").into(),
            directory: Some(directory),
        })
    }

    /// Puts the path in the temporary directory into the settings, in place of the value of `--db`.
    fn say_where(&self, set: &mut [Setting]) {
        let db = set.iter_mut().find(|setting| setting.flag == "--db");
        if let Some(db) = db.filter(|_| self.directory.is_some()) {
            db.value = Some(self.db.to_string());
            (db.is_default, db.line) = (false, "--temp".to_owned());
        }
    }
}

/// Prints one line of JSON to stdout, the only one.
fn announce(server: &Server, db: &Database, admin_token: Option<&str>) -> anyhow::Result<()> {
    let listeners: Vec<_> = server
        .endpoints()
        .iter()
        .map(|l| json!({ "url": l.url, "address": l.address.to_string(), "dialect": l.dialect }))
        .collect();
    let absolute = db.file().and_then(|path| std::path::absolute(path).ok());
    let db = absolute
        .map_or_else(|| db.clone(), Database::File)
        .to_string();
    let line = json!({
        "url": server.endpoints().first().map(|first| &first.url),
        "adminToken": admin_token,
        "pid": std::process::id(),
        "version": env!("CARGO_PKG_VERSION"),
        "db": db,
        "listeners": listeners,
    });
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("the announcement cannot be written to standard output")
}

/// What stops the server: SIGTERM, SIGINT, or with `--exit-with-stdin` the end of standard input.
struct ShutdownSignal {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    stdin: Option<oneshot::Receiver<()>>,
}

impl ShutdownSignal {
    fn watch(with_stdin: bool) -> anyhow::Result<Self> {
        let stdin = with_stdin.then(|| {
            let (closed, watching) = oneshot::channel();
            // A thread of its own, because tokio would wait for its own thread when the program ends.
            std::thread::spawn(move || {
                let (mut input, mut rest) = (std::io::stdin(), [0; 1024]);
                while matches!(input.read(&mut rest), Ok(read) if read > 0) {}
                closed.send(()).ok();
            });
            watching
        });
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("signals cannot be received")?,
            interrupt: signal(SignalKind::interrupt()).context("signals cannot be received")?,
            stdin,
        })
    }

    async fn received(mut self) -> &'static str {
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
