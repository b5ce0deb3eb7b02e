//! Is the database healthy? It is if a write has just reached the disk. An empty write would prove nothing, and a small one
//! may fit on a disk that is too full for a message.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::error::{Error, Result};
use super::store::Tx;

/// How long an answer is reused: anybody may ask, and each check costs a commit.
const HOLDS: Duration = Duration::from_secs(2);
/// Bytes that are written: as much as a long message, with its indexes.
const FILLING: usize = 32 << 10;
/// How long the disk may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The last probe: whoever asks shares it.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<Probe>>);

#[derive(Debug)]
struct Probe {
    began: Instant,
    /// `None` as long as it is under way.
    outcome: watch::Receiver<Outcome>,
}

/// What a probe has found.
pub type Outcome = Option<Result<()>>;

impl Health {
    /// What the last probe has found, or finds. If it is too old, `begin` starts another one.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn ask(&self, begin: impl FnOnce(watch::Sender<Outcome>)) -> Result<()> {
        let mut outcome = self.shared(begin);
        let found = outcome.wait_for(Option::is_some).await;
        let found = found.ok().and_then(|found| found.clone());
        found.unwrap_or(Err(Error::Overloaded("The server is stopping")))
    }

    fn shared(&self, begin: impl FnOnce(watch::Sender<Outcome>)) -> watch::Receiver<Outcome> {
        let mut last = self.0.lock();
        let known = last.as_ref().filter(|probe| {
            let is_under_way =
                probe.outcome.borrow().is_none() && probe.outcome.has_changed().is_ok();
            is_under_way || probe.began.elapsed() < HOLDS
        });
        if let Some(probe) = known {
            return probe.outcome.clone();
        }
        let (found, outcome) = watch::channel(None);
        *last = Some(Probe {
            began: Instant::now(),
            outcome: outcome.clone(),
        });
        begin(found);
        outcome
    }
}

/// Writes a row that nobody reads.
///
/// # Errors
/// What the disk says, here or with the commit.
pub fn prove(tx: &Tx<'_>) -> Result<()> {
    // Different each time, so that the page really changes.
    tx.put_filling(&[tx.now.0 as u8; FILLING])
}
