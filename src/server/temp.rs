//! How does a test get a chat server of its own? A throwaway server in a temporary directory, on a free port, without rate
//! limits and without limits on numbers.

use std::io;

use tempfile::TempDir;

use super::{Listeners, Server, Settings};
use crate::core::error::Error;
use crate::core::model::{AccountId, Time};
use crate::core::{Core, account, admin, device};
use crate::flags::{Flags, Serve};

/// A server in this process. When it is dropped it stops, and everything in it is deleted.
pub struct Temp {
    server: Option<Server>,
    core: Core,
    url: String,
    admin_token: String,
    _directory: TempDir,
}

impl Server {
    /// Starts a throwaway server, as `chat --temp` does, inside this process.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let chat = chat::Server::temp().await?;
    /// let (ann, token) = chat.person("ann").await?;
    /// println!("{} serves, and knows {ann} by {token}", chat.url());
    /// chat.stop().await;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// If there is no temporary directory, or no free port.
    pub async fn temp() -> io::Result<Temp> {
        let directory = tempfile::Builder::new().prefix("chat-").tempdir()?;
        let flags = <Flags as clap::Parser>::try_parse_from(["chat", "--temp"]);
        let flags: Serve = flags.map_err(io::Error::other)?.serve;
        let options = flags.options().map_err(io::Error::other)?;
        let opened = Core::open(&directory.path().join("chat.db").into(), options);
        let (core, news, lock) = opened.map_err(io::Error::other)?;
        let admin_token = people(&core, &[]).await.map_err(io::Error::other)?;
        let server = Server::start(Settings {
            core: core.clone(),
            news,
            lock,
            listeners: Listeners::bind(flags.listeners(false)).await?,
            rates: flags.rates(),
            volume: flags.volume(),
            keep_alive: flags.keep_alive,
            connections_per_address: flags.connections_per_address(),
            members_only: false,
            trust_proxy: Vec::new(),
            cors_origin: Vec::new(),
            certificate: None,
            acme: None,
            public_url: None,
            oidc: None,
            smtp: None,
            backups: None,
            flags: Vec::new(),
        });
        let server = server.await?;
        let first = server.endpoints().first();
        Ok(Temp {
            url: first.map_or_else(String::new, |first| first.url.clone()),
            server: Some(server),
            core,
            admin_token,
            _directory: directory,
        })
    }
}

impl Temp {
    /// Its first address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token of its administrator.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// Makes an account `NAME@example.test` and logs it in. Returns its id, and a token that works in every dialect.
    ///
    /// # Errors
    /// If the name is taken or not allowed.
    pub async fn person(&self, name: &str) -> io::Result<(i64, String)> {
        let made = async {
            let password = crate::core::hex(&crate::core::random::<16>());
            let id = person(&self.core, name, &password, false).await?;
            Ok((id.number(), log_in(&self.core, id).await?))
        };
        made.await.map_err(|error: Error| io::Error::other(error))
    }

    /// Stops it in order. Dropping it stops it too, without waiting.
    pub async fn stop(mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // The fan-out ends when the core has closed, and closing waits for the disk.
        let core = self.core.clone();
        std::thread::spawn(move || core.close());
    }
}

/// Makes the accounts of a throwaway server: an administrator, whose token this returns, and `users` by name and password.
/// Another such server may have made them in the same database.
///
/// # Errors
/// If the database has accounts and not this administrator: something else uses it, where limits and people are meant.
pub async fn people(core: &Core, users: &[(String, String)]) -> Result<String, Error> {
    let secret: [u8; 16] = crate::core::random();
    let password = crate::core::hex(&secret);
    let admin = match known(core, "admin").await? {
        Some(admin) => admin,
        None if core.read(admin::figures).await?.accounts > 0 => {
            return Err(Error::Conflict(
                "--temp is for a database that nothing else uses, and this one has accounts of others",
            ));
        }
        None => person(core, "admin", &password, true).await?,
    };
    for (name, password) in users {
        if known(core, name).await?.is_none() {
            person(core, name, password, false).await?;
        }
    }
    log_in(core, admin).await
}

async fn known(core: &Core, name: &str) -> Result<Option<AccountId>, Error> {
    let email = email(name);
    let found = core.read(move |view| account::with_email(view, &email));
    Ok(found.await?.map(|(account, _)| account.id))
}

fn email(name: &str) -> String {
    format!("{name}@example.test")
}

async fn log_in(core: &Core, id: AccountId) -> Result<String, Error> {
    let now = Time::now();
    let expires_at = now.plus(core.tokens().ttl);
    let device = core
        .write(move |tx| device::log_in(tx, id, "chat --temp", "127.0.0.1", expires_at))
        .await?;
    core.tokens().mint(id, device, now, expires_at)
}

async fn person(core: &Core, name: &str, password: &str, admin: bool) -> Result<AccountId, Error> {
    let new = account::SignUp {
        home: if admin { "admin" } else { "rooms" },
        name: name.to_owned(),
        username: true,
        email: email(name),
    };
    let new = new.checked("--user", password).map_err(Error::Invalid)?;
    let hash = core.passwords().hash(password.to_owned()).await?;
    core.write(move |tx| {
        // Another throwaway server on this database has made it already.
        if let Some(there) = account::known_address(tx, &new.email)? {
            return Ok(there.id);
        }
        let id = account::make(tx, &new, hash)?;
        if admin {
            account::make_admin(tx, id)?;
        }
        Ok(id)
    })
    .await
}
