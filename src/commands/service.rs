//! Who has started the server? If it is systemd with `Type=notify`, it is told when the server serves, that it lives, and
//! when it ends: datagrams to the socket in `NOTIFY_SOCKET`.

use std::ffi::OsStr;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::interval;

/// The service manager, if there is one.
pub struct ServiceManager {
    told: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that the server lives.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// As this process' environment names it.
    pub fn of_this_process() -> Self {
        let named = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let told = named.and_then(|name| {
            let reached =
                address(&name).and_then(|address| Ok((UnixDatagram::unbound()?, address)));
            let (socket, address) = reached
                .inspect_err(|error| tracing::warn!(%error, "the service manager cannot be told"))
                .ok()?;
            // A manager that does not listen must not hold the server up.
            socket.set_nonblocking(true).ok()?;
            Some((socket, address))
        });
        let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|micros| is_ours && *micros > 1);
        Self {
            told,
            watchdog: watchdog.map(Duration::from_micros),
        }
    }

    /// The server serves. From now on the manager hears that it lives, as often as it wants to, until what this returns is dropped.
    pub fn ready(self) -> Serving {
        self.say("READY=1");
        let manager = Arc::new(self);
        let pulse = manager.watchdog.map(|within| {
            let manager = manager.clone();
            tokio::spawn(async move {
                let mut tick = interval(within / 2);
                loop {
                    tick.tick().await;
                    manager.say("WATCHDOG=1");
                }
            })
        });
        Serving { manager, pulse }
    }

    fn say(&self, state: &str) {
        if let Some((socket, address)) = &self.told
            && let Err(error) = socket.send_to_addr(state.as_bytes(), address)
        {
            tracing::warn!(%error, state, "the service manager was not told");
        }
    }
}

/// The manager knows that the server serves.
pub struct Serving {
    manager: Arc<ServiceManager>,
    pulse: Option<JoinHandle<()>>,
}

impl Serving {
    /// The server ends. It still lives, so the watchdog hears of it until the process is gone.
    pub fn stopping(&self) {
        self.manager.say("STOPPING=1");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(pulse) = &self.pulse {
            pulse.abort();
        }
    }
}

/// A path, or behind an `@` a name that is in no directory, which only Linux has.
fn address(name: &OsStr) -> std::io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::ffi::OsStrExt;

        if let Some(hidden) = name.as_bytes().strip_prefix(b"@") {
            return SocketAddr::from_abstract_name(hidden);
        }
    }
    SocketAddr::from_pathname(name)
}
