//! Which PostgreSQL server, which database, and as whom? `postgres://user@host:port/database?sslmode=verify-full`
//!
//! Parameters mean what they mean to libpq. The environment is not asked.

use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::parameters::{Encryption, Parameters};

/// How one is written.
const EXAMPLE: &str = "write postgres://user@host/database";
/// What the driver reads by itself.
const PASSED_ON: [&str; 12] = [
    "user",
    "password",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "application_name",
    "options",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
];

/// The address of a database on a PostgreSQL server, or on several of which one takes writes.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(pub(super) Arc<Parts>);

/// What it says.
#[derive(PartialEq, Eq)]
pub(super) struct Parts {
    /// As it was written, without a password.
    shown: String,
    /// All but what the other fields say.
    pub config: Config,
    pub encryption: Encryption,
    /// The file with the certificates of whoever is trusted; without it, whom browsers trust.
    pub roots: Option<PathBuf>,
    pub passfile: Option<PathBuf>,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let written = Written::read(text)?;
        let mut config = written.config()?;
        let mut own = Parameters::default();
        for (name, value) in &written.own {
            own.read(name, value)?;
        }
        own.put_into(&mut config);
        check(&config)?;
        let (encryption, roots) = own.encryption()?;
        if own.passfile.is_some() {
            if config.get_password().is_some() {
                return Err("give a password or a passfile, and not both".to_owned());
            }
            if config.get_user().is_none() {
                return Err(format!(
                    "a passfile has passwords of users: {EXAMPLE}?passfile=FILE"
                ));
            }
        }
        Ok(Self(Arc::new(Parts {
            shown: written.shown,
            config,
            encryption,
            roots,
            passfile: own.passfile,
        })))
    }
}

/// What is missing or does not fit together, of what the driver read.
fn check(config: &Config) -> Result<(), String> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let is_empty = |host: &Host| matches!(host, Host::Tcp(name) if name.is_empty());
    if hosts.iter().any(is_empty) || (hosts.is_empty() && addresses.is_empty()) {
        return Err(format!(
            "it names no host: {EXAMPLE}, or postgres:///database?host=/var/run/postgresql for a socket of this machine"
        ));
    }
    if config.get_dbname().is_none_or(str::is_empty) {
        return Err(format!("it names no database: {EXAMPLE}"));
    }
    let count = hosts.len().max(addresses.len());
    let fits = |many: usize, one: usize| many == count || many == one;
    if !fits(hosts.len(), 0)
        || !fits(addresses.len(), 0)
        || !fits(config.get_ports().len().max(1), 1)
    {
        return Err("each host needs one hostaddr and one port, if it names several".to_owned());
    }
    Ok(())
}

/// The parts of an address, before anything is made of them.
struct Written<'a> {
    credentials: Option<&'a str>,
    place: &'a str,
    /// Parameters for the driver.
    passed_on: Vec<&'a str>,
    /// Parameters that are read here.
    own: Vec<(String, String)>,
    shown: String,
}

impl<'a> Written<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let authority = rest.find('/').map_or(rest, |end| &rest[..end]);
        let (credentials, rest) = match authority.find('@') {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if place.contains('@') {
            return Err(
                "an @ too many: in a name or password write %40 for @, and %2F for /".to_owned(),
            );
        }
        let mut written = Self {
            credentials,
            place,
            passed_on: Vec::new(),
            own: Vec::new(),
            shown: String::new(),
        };
        let mut shown = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair
                .split_once('=')
                .ok_or("a parameter has a name and a value: sslmode=require")?;
            if PASSED_ON.contains(&name) {
                written.passed_on.push(pair);
            } else {
                written.own.push((name.to_owned(), decoded(raw)));
            }
            if name != "password" {
                shown.push(pair);
            }
        }
        let user = credentials.and_then(|all| all.split(':').next());
        let user = user.filter(|user| !user.is_empty());
        let user = user.map_or(String::new(), |user| format!("{user}@"));
        let mark = if shown.is_empty() { "" } else { "?" };
        written.shown = format!("postgres://{user}{place}{mark}{}", shown.join("&"));
        Ok(written)
    }

    fn config(&self) -> Result<Config, String> {
        let credentials = self
            .credentials
            .map_or(String::new(), |all| format!("{all}@"));
        // To the driver the first @ would end a name.
        let passed_on = self.passed_on.join("&").replace('@', "%40");
        let whole = format!("postgres://{credentials}{}?{passed_on}", self.place);
        whole.parse().map_err(|error: tokio_postgres::Error| {
            let cause = error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string);
            format!("{cause}: {EXAMPLE}")
        })
    }
}

/// A plus is one, as libpq has it.
fn decoded(raw: &str) -> String {
    let raw = raw.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(raw.as_bytes());
    pairs
        .next()
        .map_or(String::new(), |(value, _)| value.into_owned())
}

/// Without a password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown)
    }
}

/// The same.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio_postgres::config::TargetSessionAttrs;

    fn read(text: &str) -> Address {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    fn refusal(text: &str) -> String {
        match text.parse::<Address>() {
            Ok(address) => panic!("{text} is read as {address}"),
            Err(why) => why,
        }
    }

    #[test]
    fn a_whole_address_is_read_and_shown_without_its_password() {
        let address = read(
            "postgresql://ann:p%40ss%2Fword@db.example.com:6432/chat?sslmode=require&application_name=a@b&connect_timeout=2",
        );
        let config = &address.0.config;
        assert_eq!(config.get_user(), Some("ann"));
        assert_eq!(config.get_password(), Some(&b"p@ss/word"[..]));
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example.com".to_owned())]);
        assert_eq!(config.get_ports(), [6432]);
        assert_eq!(config.get_dbname(), Some("chat"));
        assert_eq!(config.get_application_name(), Some("a@b"));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(2)));
        assert_eq!(address.0.encryption, Encryption::Require);
        let shown = "postgres://ann@db.example.com:6432/chat?sslmode=require&application_name=a@b&connect_timeout=2";
        assert_eq!(address.to_string(), shown);
        assert_eq!(format!("{address:?}"), shown);
        let elsewhere = read("postgres://ann@db/chat?password=secret&sslmode=disable");
        assert_eq!(elsewhere.0.config.get_password(), Some(&b"secret"[..]));
        assert_eq!(
            elsewhere.to_string(),
            "postgres://ann@db/chat?sslmode=disable"
        );
    }

    #[test]
    fn an_address_without_a_password_is_shown_as_it_works_again() {
        for text in [
            "postgres://db/chat",
            "postgres://ann@db:1/chat?sslmode=verify-full&sslrootcert=/etc/ca+1.pem",
            "postgres://a%40b@[::1]:5433/chat?options=-csearch_path%3Dx",
            "postgres:///chat?host=/run/postgresql&user=ann",
            "postgres://ann@a:1,b:2/chat?passfile=/etc/chat%20pass",
        ] {
            let address = read(text);
            assert_eq!(address.to_string(), text);
            assert_eq!(read(&address.to_string()), address, "{text}");
        }
        let address =
            read("postgres://ann@db/chat?sslmode=verify-full&sslrootcert=/etc/ca+1%202.pem");
        assert_eq!(address.0.roots, Some("/etc/ca+1 2.pem".into()));
    }

    #[test]
    fn what_is_not_said_is_bounded() {
        let address = read("postgres://db/chat");
        let config = &address.0.config;
        assert_eq!(config.get_application_name(), Some("chat"));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(5)));
        assert_eq!(
            config.get_tcp_user_timeout(),
            Some(&Duration::from_secs(10))
        );
        assert!(config.get_keepalives());
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(5));
        assert_eq!(
            config.get_keepalives_interval(),
            Some(Duration::from_secs(5))
        );
        assert_eq!(config.get_keepalives_retries(), Some(3));
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::Any);
        let said = "tcp_user_timeout=2500&keepalives_idle=60&keepalives_interval=7&keepalives_count=9&keepalives=1";
        let address = read(&format!("postgres://a,b/chat?{said}"));
        let config = &address.0.config;
        assert_eq!(
            config.get_tcp_user_timeout(),
            Some(&Duration::from_millis(2_500))
        );
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(60));
        assert_eq!(
            config.get_keepalives_interval(),
            Some(Duration::from_secs(7))
        );
        assert_eq!(config.get_keepalives_retries(), Some(9));
        // A standby would refuse what is written.
        assert_eq!(
            config.get_target_session_attrs(),
            TargetSessionAttrs::ReadWrite
        );
    }

    #[test]
    fn encryption_is_what_libpq_would_make_of_it() {
        let of = |query: &str| {
            let address = read(&format!("postgres://db/chat?{query}"));
            (address.0.encryption, address.0.roots.clone())
        };
        let file = || Some(PathBuf::from("ca.pem"));
        assert_eq!(of(""), (Encryption::Prefer, None));
        assert_eq!(of("sslmode=disable"), (Encryption::Disable, None));
        assert_eq!(of("sslmode=prefer"), (Encryption::Prefer, None));
        assert_eq!(of("sslmode=require"), (Encryption::Require, None));
        assert_eq!(
            of("sslmode=require&sslrootcert=ca.pem"),
            (Encryption::VerifyCa, file())
        );
        assert_eq!(
            of("sslmode=verify-ca&sslrootcert=ca.pem"),
            (Encryption::VerifyCa, file())
        );
        assert_eq!(of("sslmode=verify-full"), (Encryption::VerifyFull, None));
        assert_eq!(
            of("sslmode=verify-full&sslrootcert=ca.pem"),
            (Encryption::VerifyFull, file())
        );
        assert_eq!(of("sslrootcert=system"), (Encryption::VerifyFull, None));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words_that_tell_no_secret() {
        for (text, word) in [
            ("postgres://ann:secret@/chat", "host"),
            ("postgres:///chat", "host"),
            ("postgres://ann:secret@db", "database"),
            ("postgres://ann:secret@db/", "database"),
            ("postgres://ann:sec@ret@db/chat", "%40"),
            ("postgres://ann:sec/ret@db/chat", "%2F"),
            ("postgres://ann:secret@db:http/chat", "port"),
            ("postgres://ann:secret@db/chat?sslmode=allow", "verify-full"),
            ("postgres://ann:secret@db/chat?sslmode", "sslmode=require"),
            (
                "postgres://ann:secret@db/chat?sslmode=verify-ca",
                "sslrootcert",
            ),
            (
                "postgres://ann:secret@db/chat?sslrootcert=ca.pem",
                "sslmode",
            ),
            (
                "postgres://ann:secret@db/chat?sslmode=prefer&sslrootcert=ca.pem",
                "verify-full",
            ),
            (
                "postgres://ann:secret@db/chat?sslmode=verify-ca&sslrootcert=system",
                "verify-full",
            ),
            (
                "postgres://ann:secret@db/chat?sslnegotiation=direct",
                "sslmode",
            ),
            (
                "postgres://ann:secret@db/chat?channel_binding=require",
                "verify-full",
            ),
            (
                "postgres://ann:secret@db/chat?target_session_attrs=read-only",
                "read-write",
            ),
            ("postgres://ann:secret@db/chat?passfile=p", "not both"),
            ("postgres://db/chat?passfile=p", "user"),
            ("postgres://ann:secret@db/chat?sslcert=mine.pem", "sslcert"),
            (
                "postgres://ann:secret@db/chat?connect_timeout=soon",
                "connect_timeout",
            ),
            (
                "postgres://ann:secret@db/chat?tcp_user_timeout=soon",
                "tcp_user_timeout",
            ),
            (
                "postgres://ann:secret@a,b/chat?hostaddr=127.0.0.1",
                "hostaddr",
            ),
            ("postgres://ann:secret@a,b,c/chat?port=1", "port"),
        ] {
            let why = refusal(text);
            assert!(why.contains(word), "{text}: {why}");
            assert!(!why.contains("sec"), "{text}: {why}");
        }
    }
}
