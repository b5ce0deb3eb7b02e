//! How much does one account ask for at the same time? Its requests that are served, and its answers that were not read.
//!
//! A page that nobody reads costs as much as one that somebody does: whoever asks for thousands takes the processors from
//! all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::core::error::{Error, Result};
use crate::core::model::AccountId;

/// Requests of one account that read at the same time; the others wait until it is their turn, and other people's go
/// before them.
const READING: usize = 2;

/// How many requests of each account are in flight.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashMap<AccountId, AccountRequests>>);

/// What one account has asked for.
#[derive(Debug)]
struct AccountRequests {
    count: usize,
    reading: Arc<Semaphore>,
}

impl Default for AccountRequests {
    fn default() -> Self {
        Self {
            count: 0,
            reading: Arc::new(Semaphore::new(READING)),
        }
    }
}

impl InFlight {
    /// One more request of this account; counted until what is returned is dropped.
    ///
    /// # Errors
    /// `TooOften` past so many at a time.
    pub fn begin(self: &Arc<Self>, account: AccountId, most: usize) -> Result<RequestInFlight> {
        let mut counts = self.lock();
        let asked = counts.entry(account).or_default();
        if asked.count >= most {
            return Err(Error::TooOften {
                retry_after: Duration::from_secs(1),
            });
        }
        asked.count += 1;
        Ok(RequestInFlight {
            all: self.clone(),
            account,
            reading: asked.reading.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, AccountRequests>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct RequestInFlight {
    all: Arc<InFlight>,
    account: AccountId,
    reading: Arc<Semaphore>,
}

impl RequestInFlight {
    /// Waits for its turn at reading, which it has until what is returned is dropped.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.reading.clone().acquire_owned().await.ok()
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        let mut counts = self.all.lock();
        if let Some(asked) = counts.get_mut(&self.account) {
            asked.count -= 1;
            if asked.count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}
