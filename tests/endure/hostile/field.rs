//! What does an attack work with? The server's address, one account, a thousand addresses, and a runtime of its own.

use super::wire::{self, Websocket};
use crate::support::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

/// A minute's worth, or as much as a scene among the others bears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    Whole,
    Small,
}

#[derive(Clone)]
pub struct Field {
    pub server: SocketAddr,
    pub size: Size,
    /// The hostile account's token.
    pub token: Arc<str>,
    /// An ordinary person's, for what is seen at the other end.
    pub victim: Arc<str>,
    /// The ids of what was prepared for this attack.
    pub places: Arc<[String]>,
    begun: Arc<AtomicUsize>,
    findings: Arc<Mutex<Vec<String>>>,
}

/// How long an attacker takes to come back after a failure.
const BREATH: Duration = Duration::from_millis(50);
/// How long an attack is given to get under way.
const UNDER_WAY: Duration = Duration::from_secs(5);
/// How many findings of an attack are kept: they tend to be alike.
const FINDINGS: usize = 5;
/// Below this an attack has no time for whole numbers.
const SHORT: Duration = Duration::from_secs(10);

impl Size {
    /// What can be done in so long.
    pub fn in_time(long: Duration) -> Self {
        if long < SHORT {
            Size::Small
        } else {
            Size::Whole
        }
    }

    /// So many in a minute's attack, or among the other scenes.
    pub fn of<T>(self, whole: T, small: T) -> T {
        match self {
            Size::Whole => whole,
            Size::Small => small,
        }
    }
}

impl Field {
    pub fn new(server: SocketAddr, size: Size, tokens: [&str; 2], places: Vec<String>) -> Self {
        let [token, victim] = tokens.map(Arc::from);
        Self {
            server,
            size,
            token,
            victim,
            places: places.into(),
            begun: Arc::default(),
            findings: Arc::default(),
        }
    }

    /// So many at a time do this, and when it is over once more with a number of its own, for as long as the runtime lives.
    pub async fn keeps_doing<F>(
        &self,
        at_once: usize,
        pause: Duration,
        what: impl Fn(Field, usize) -> F + Clone + Send + 'static,
    ) where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let next = Arc::new(AtomicUsize::new(0));
        let doing = (0..at_once).map(|_| {
            let (field, what, next) = (self.clone(), what.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    match what(field.clone(), number).await {
                        Ok(()) => sleep(pause).await,
                        Err(_) => sleep(pause.max(BREATH)).await,
                    }
                }
            })
        });
        for one in doing.collect::<Vec<_>>() {
            // Each goes on until it panics, or its runtime has gone.
            let Err(why) = one.await;
            if why.is_panic() {
                self.finds(format!("the attack itself failed: {why}"));
            }
        }
    }

    /// A connection from one of the addresses.
    pub async fn connects(&self, number: usize) -> io::Result<TcpStream> {
        wire::connect(self.server, wire::address(number)).await
    }

    /// A socket of the hostile account's, from one of the addresses.
    pub async fn enters(&self, number: usize, namespace: &str) -> io::Result<Websocket> {
        self.enters_with(number, namespace, json!({})).await
    }

    /// The same, with more in `auth` than the token.
    pub async fn enters_with(
        &self,
        number: usize,
        namespace: &str,
        mut auth: Value,
    ) -> io::Result<Websocket> {
        auth["token"] = json!(&*self.token);
        wire::guest(self.server, wire::address(number), namespace, &auth).await
    }

    /// An attacker has got as far as to do harm, if it does any.
    pub fn begins(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until attackers have got so far as often, but not for ever: the server may not let them.
    pub async fn is_under_way(&self, times: usize) {
        let begun = Instant::now();
        while self.begun() < times && begun.elapsed() < UNDER_WAY {
            sleep(BREATH).await;
        }
    }

    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// What should not be, beside what calm people notice.
    pub fn finds(&self, what: String) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        if findings.len() < FINDINGS {
            findings.push(what);
        }
    }

    pub fn found(&self) -> Vec<String> {
        let findings = self.findings.lock();
        findings.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Attackers have machines of their own: here their threads step back for the server and for those who measure it.
pub fn attackers() -> Runtime {
    const LAST: i32 = 19;
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(|| {
            // Of this thread alone, as Linux understands it.
            rustix::process::setpriority_process(None, LAST).expect("a thread may step back");
        })
        .build()
        .expect("a runtime")
}
