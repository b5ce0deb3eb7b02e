//! Which PostgreSQL server, which database, and as whom? `postgres://user:password@host:port/database?…`

use std::fmt;
use std::str::FromStr;

use tokio_postgres::Config;

/// The address of a database on a PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    config: Config,
}

impl Address {
    /// How to connect.
    pub(in crate::core) fn config(&self) -> &Config {
        &self.config
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let config = text.parse::<Config>().map_err(|error| error.to_string())?;
        Ok(Self { config })
    }
}

/// Without a password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            tokio_postgres::config::Host::Tcp(name) => name.clone(),
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
        });
        f.write_str(&hosts.collect::<Vec<_>>().join(","))?;
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}
