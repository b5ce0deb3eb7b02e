//! How is a connection to PostgreSQL made? Host after host is tried, each within a bound of time.

use std::error::Error as _;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use anyhow::anyhow;
use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};

use super::address::Address;
use super::parameters::Encryption;
use super::passfile::Passfile;
use super::tls::{Encrypted, Failed, Tls};

/// The oldest version that has what our statements use.
const OLDEST: u32 = 14;
/// How long a host may take if the address sets no bound, which it always does.
const UNSAID: Duration = Duration::from_secs(5);

/// Whoever polls this drives the connection, and hears what the server says by itself.
pub(in crate::core) type Driving = Pin<Box<dyn Stream<Item = Result<AsyncMessage, Error>> + Send>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{cause:#}")]
pub(in crate::core) struct Unconnected {
    cause: anyhow::Error,
    /// It may go by itself: a host is not there yet, say.
    pub may_pass: bool,
}

/// Connects to the first host that takes it.
///
/// # Errors
/// Why none did.
pub(in crate::core) async fn connect(address: &Address) -> Result<(Client, Driving), Unconnected> {
    let asked = address.clone();
    let prepared = tokio::task::spawn_blocking(move || {
        let ways = asked.ways()?;
        anyhow::Ok((ways, Tls::of(&asked)?))
    });
    let prepared = prepared.await.map_err(anyhow::Error::from).flatten();
    let (ways, tls) = prepared.map_err(Unconnected::for_good)?;
    let (mut failures, mut may_pass) = (Vec::new(), false);
    for way in &ways {
        match way.go(&tls, address.0.encryption).await {
            Ok(connected) => return Ok(connected),
            Err(failed) if ways.len() == 1 => return Err(failed),
            Err(failed) => {
                failures.push(format!("{}: {failed}", way.name));
                may_pass |= failed.may_pass;
            }
        }
    }
    let cause = anyhow!("{}", failures.join("; "));
    Err(Unconnected { cause, may_pass })
}

impl Unconnected {
    fn for_good(cause: anyhow::Error) -> Self {
        let may_pass = false;
        Self { cause, may_pass }
    }
}

impl From<Error> for Unconnected {
    fn from(error: Error) -> Self {
        let may_pass = may_pass(&error);
        let cause = error.into();
        Self { cause, may_pass }
    }
}

/// A host, and how to connect to it.
pub(super) struct Way {
    pub name: String,
    pub config: Config,
}

impl Way {
    /// Connects within three times the time that a host has to answer at all: what it says afterwards takes time, too.
    async fn go(
        &self,
        tls: &Tls,
        encryption: Encryption,
    ) -> Result<(Client, Driving), Unconnected> {
        let most = 3 * self.config.get_connect_timeout().copied().unwrap_or(UNSAID);
        let late = |_| Unconnected {
            cause: anyhow!("it did not answer within {} s", most.as_secs()),
            may_pass: true,
        };
        let encrypted = self.config.connect(tls.clone());
        let error = match timeout(most, encrypted).await.map_err(late)? {
            Ok((client, connection)) => return taken(client, connection),
            Err(error) => error,
        };
        if encryption == Encryption::Prefer && is_about_encryption(&error) {
            let mut plain = self.config.clone();
            plain.ssl_mode(SslMode::Disable);
            if let Ok(Ok((client, connection))) = timeout(most, plain.connect(tls.clone())).await {
                return taken(client, connection);
            }
        }
        Err(error.into())
    }
}

/// A connection, if the server is not too old.
fn taken(
    client: Client,
    mut connection: Connection<Socket, Encrypted<Socket>>,
) -> Result<(Client, Driving), Unconnected> {
    let version = connection.parameter("server_version").unwrap_or_default();
    let number = version.split(|c: char| !c.is_ascii_digit()).next();
    let number = number.and_then(|number| number.parse::<u32>().ok());
    if number.is_some_and(|number| number < OLDEST) {
        let cause = anyhow!("it is PostgreSQL {version}: install {OLDEST} or later");
        return Err(Unconnected::for_good(cause));
    }
    let driving = poll_fn(move |cx| connection.poll_message(cx));
    Ok((client, Box::pin(driving)))
}

/// Might it go without? There was no TLS, or the server takes nobody in like this.
fn is_about_encryption(error: &Error) -> bool {
    let is_tls = error
        .source()
        .is_some_and(<dyn std::error::Error>::is::<Failed>);
    is_tls || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// May the same be taken a moment later? Not what a server refuses that is up and well, nor what the address asks in vain.
fn may_pass(error: &Error) -> bool {
    if let Some(code) = error.code() {
        // It lacks connections or memory, starts or stops, or has trouble of its own.
        let classes = ["08", "53", "57", "58", "XX"];
        return classes.iter().any(|class| code.code().starts_with(class));
    }
    match error.source() {
        Some(cause) => match cause.downcast_ref::<Failed>() {
            Some(failed) => !failed.is_about_trust(),
            // Without one it is words: there is no TLS, or no password.
            None => cause.is::<std::io::Error>(),
        },
        None => true,
    }
}

impl Address {
    /// How to connect to each host, in their order. Reads the file of passwords.
    ///
    /// # Errors
    /// If that file is not as it must be.
    pub(super) fn ways(&self) -> anyhow::Result<Vec<Way>> {
        let passwords = self.0.passfile.as_deref().map(Passfile::read).transpose()?;
        let (hosts, addresses) = (self.0.config.get_hosts(), self.0.config.get_hostaddrs());
        let ports = self.0.config.get_ports();
        let count = hosts.len().max(addresses.len());
        let way = |i| {
            let port = ports.get(i).or(ports.first()).copied().unwrap_or(5432);
            let (config, host) = self.to(hosts.get(i), addresses.get(i).copied(), port);
            let mut way = Way {
                name: format!("{host}:{port}"),
                config,
            };
            if let Some(passwords) = &passwords {
                let database = self.0.config.get_dbname().unwrap_or_default();
                let user = self.0.config.get_user().unwrap_or_default();
                let names: &[&str] = match hosts.get(i) {
                    Some(Host::Unix(_)) => &[&host, "localhost"],
                    _ => &[&host],
                };
                let password = passwords.password(names, port, database, user)?;
                way.config.password(password);
            }
            Ok(way)
        };
        (0..count).map(way).collect()
    }

    /// The same to one host alone, and its name.
    fn to(&self, host: Option<&Host>, address: Option<IpAddr>, port: u16) -> (Config, String) {
        let (all, mut one) = (&self.0.config, Config::new());
        one.port(port)
            .ssl_negotiation(all.get_ssl_negotiation())
            .target_session_attrs(all.get_target_session_attrs())
            .keepalives(all.get_keepalives())
            .keepalives_idle(all.get_keepalives_idle());
        let name = match (host, address) {
            (Some(Host::Tcp(name)), _) => name.clone(),
            (Some(Host::Unix(path)), _) => path.display().to_string(),
            (None, address) => address.map_or_else(String::new, |address| address.to_string()),
        };
        one.host(&name);
        address.map(|address| one.hostaddr(address));
        // There is no TLS over a socket of this machine.
        one.ssl_mode(match self.0.encryption {
            _ if matches!(host, Some(Host::Unix(_))) => SslMode::Disable,
            Encryption::Disable => SslMode::Disable,
            Encryption::Prefer => SslMode::Prefer,
            _ => SslMode::Require,
        });
        all.get_user().map(|user| one.user(user));
        all.get_password().map(|password| one.password(password));
        all.get_dbname().map(|name| one.dbname(name));
        all.get_options().map(|options| one.options(options));
        all.get_application_name()
            .map(|name| one.application_name(name));
        all.get_connect_timeout()
            .map(|most| one.connect_timeout(*most));
        all.get_tcp_user_timeout()
            .map(|most| one.tcp_user_timeout(*most));
        all.get_keepalives_interval()
            .map(|each| one.keepalives_interval(each));
        all.get_keepalives_retries()
            .map(|count| one.keepalives_retries(count));
        (one, name)
    }
}
