//! Is the database healthy? It is if a write has just reached the disk. An empty write would prove nothing, and a small one
//! may fit on a disk that is too full for a message.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::error::Result;
use super::store::Tx;

/// How long an answer is reused: anybody may ask, and each check costs a commit.
const HOLDS: Duration = Duration::from_secs(2);
/// Bytes that are written: as much as a long message, with its indexes.
const FILLING: usize = 32 << 10;
/// How long the disk may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The last result, and when the running check began.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<(Instant, Result<()>)>>);

impl Health {
    /// The last result if it is fresh; `None` for the caller who is to check again. Meanwhile others get the old result.
    pub fn known(&self) -> Option<Result<()>> {
        let mut last = self.0.lock();
        let (at, answer) = last.as_mut()?;
        if at.elapsed() < HOLDS {
            return Some(answer.clone());
        }
        *at = Instant::now();
        None
    }

    pub fn note(&self, answer: Result<()>) {
        let mut last = self.0.lock();
        *last = Some((Instant::now(), answer));
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
