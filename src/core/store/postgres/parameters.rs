//! Which parameters of an address does the driver not know, or not read as libpq does? How a connection is encrypted, and
//! how long it may be silent.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{SslNegotiation, TargetSessionAttrs};

/// What stands if the address says nothing else: how long one host may take to take up a connection, how long it may leave
/// what was sent unacknowledged, and when and how often a silent one is asked whether it is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVES_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVES_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVES_COUNT: u32 = 3;

/// How a connection is encrypted, and what of the server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Disable,
    Prefer,
    /// Whatever the certificate is.
    Require,
    /// Somebody who is trusted has signed it.
    VerifyCa,
    /// It is also for this host.
    VerifyFull,
}

/// The parameters that are read here.
#[derive(Default)]
pub(super) struct Parameters {
    mode: Option<Encryption>,
    direct: bool,
    roots: Option<String>,
    pub(super) passfile: Option<PathBuf>,
    keepalives_count: Option<u32>,
    tcp_user_timeout: Option<Duration>,
    target: Option<TargetSessionAttrs>,
}

impl Parameters {
    pub(super) fn read(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || {
            let wrong = |_| format!("{name}={value}: write a number");
            value.parse::<u32>().map_err(wrong)
        };
        match name {
            "sslmode" => self.mode = Some(mode(value)?),
            "sslrootcert" => self.roots = Some(value.to_owned()),
            "passfile" => self.passfile = Some(value.into()),
            "keepalives_count" | "keepalives_retries" => self.keepalives_count = Some(number()?),
            "tcp_user_timeout" => {
                self.tcp_user_timeout = Some(Duration::from_millis(number()?.into()))
            }
            "sslnegotiation" => {
                self.direct = match value {
                    "direct" => true,
                    "postgres" => false,
                    _ => return Err(format!("sslnegotiation={value}: write postgres or direct")),
                }
            }
            "target_session_attrs" => {
                self.target = Some(match value {
                    "any" => TargetSessionAttrs::Any,
                    "read-write" | "primary" => TargetSessionAttrs::ReadWrite,
                    _ => {
                        return Err(format!(
                            "target_session_attrs={value}: chat writes, so write read-write, or any"
                        ));
                    }
                });
            }
            "channel_binding" if matches!(value, "disable" | "prefer") => {}
            "channel_binding" => {
                return Err(format!(
                    "channel_binding={value} cannot be had: write sslmode=verify-full instead"
                ));
            }
            _ => return Err(format!("it has no parameter {name}")),
        }
        Ok(())
    }

    pub(super) fn put_into(&self, config: &mut Config) {
        if config.get_application_name().is_none() {
            config.application_name("chat");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        // What the driver has if the address does not say it: two hours.
        if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
            config.keepalives_idle(KEEPALIVES_IDLE);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(KEEPALIVES_INTERVAL);
        }
        config.keepalives_retries(self.keepalives_count.unwrap_or(KEEPALIVES_COUNT));
        // The system's own, if it is 0.
        let unacknowledged = self.tcp_user_timeout.unwrap_or(TCP_USER_TIMEOUT);
        if !unacknowledged.is_zero() {
            config.tcp_user_timeout(unacknowledged);
        }
        if self.direct {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        // Of several hosts the one is meant that takes writes.
        let several = config.get_hosts().len().max(config.get_hostaddrs().len()) > 1;
        config.target_session_attrs(match self.target {
            Some(target) => target,
            None if several => TargetSessionAttrs::ReadWrite,
            None => TargetSessionAttrs::Any,
        });
    }

    /// What is encrypted and checked, and by whose certificates.
    pub(super) fn encryption(&self) -> Result<(Encryption, Option<PathBuf>), String> {
        use Encryption::{Prefer, Require, VerifyCa, VerifyFull};
        let found = match (self.mode, self.roots.as_deref()) {
            (None | Some(VerifyFull), Some("system")) => (VerifyFull, None),
            (Some(_), Some("system")) => {
                return Err("sslrootcert=system trusts whoever browsers trust, so the host's name must be checked: write sslmode=verify-full".to_owned());
            }
            // As libpq has it.
            (Some(Require | VerifyCa), Some(file)) => (VerifyCa, Some(file.into())),
            (Some(VerifyFull), Some(file)) => (VerifyFull, Some(file.into())),
            (_, Some(_)) => {
                return Err("sslrootcert says whom to trust: write sslmode=verify-full, or sslmode=verify-ca, too".to_owned());
            }
            (Some(VerifyCa), None) => {
                return Err("sslmode=verify-ca takes every name, so say whom to trust with sslrootcert=FILE, or write sslmode=verify-full".to_owned());
            }
            (mode, None) => (mode.unwrap_or(Prefer), None),
        };
        match (self.direct, found.0) {
            (true, Encryption::Disable | Prefer) => {
                Err("sslnegotiation=direct needs sslmode=require, or stronger".to_owned())
            }
            _ => Ok(found),
        }
    }
}

fn mode(value: &str) -> Result<Encryption, String> {
    Ok(match value {
        "disable" => Encryption::Disable,
        "prefer" => Encryption::Prefer,
        "require" => Encryption::Require,
        "verify-ca" => Encryption::VerifyCa,
        "verify-full" => Encryption::VerifyFull,
        _ => {
            return Err(format!(
                "sslmode={value}: write disable, prefer, require, verify-ca or verify-full"
            ));
        }
    })
}
