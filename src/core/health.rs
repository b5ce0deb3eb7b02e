//! Is the database well? It is when a write has just come to the disk. An empty one would prove nothing, and a small one
//! may fit where no message does.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::Result;
use super::store::Tx;

/// How long an answer holds: everybody may ask, and each proof costs a commit.
const HOLDS: Duration = Duration::from_secs(2);
/// Bytes that are written: as much as a long message, with its indexes.
const FILLING: usize = 32 << 10;
/// How long the disk may take.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What was found last, and when somebody began to look.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<(Instant, Result<()>)>>);

impl Health {
    /// What is known; `None` for whoever is to look again. While they do, the others are told what was known before.
    pub fn known(&self) -> Option<Result<()>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = last.as_mut()?;
        if at.elapsed() < HOLDS {
            return Some(answer.clone());
        }
        *at = Instant::now();
        None
    }

    pub fn note(&self, answer: Result<()>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), answer));
    }
}

/// Writes something that nobody reads.
///
/// # Errors
/// What the disk says; also behind this, with the commit.
pub fn prove(tx: &Tx<'_>) -> Result<()> {
    // Other than before, so that nothing finds it unchanged.
    tx.put_filling(&[tx.now.0 as u8; FILLING])
}
