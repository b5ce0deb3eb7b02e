//! How many requests of one account are in flight? Those that are being served, and those whose answers are not read yet.
//!
//! An answer costs the same whether or not it is read, so an account that asks for thousands at once would take the
//! processors from all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::core::error::{Error, Result};
use crate::core::model::AccountId;

/// How many requests of one account read at the same time. Its others wait, and other people's requests go first.
const READING: usize = 2;

/// How many requests of each account are in flight.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashMap<AccountId, AccountRequests>>);

/// The requests of one account.
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
    /// Counts one more request of this account, until the returned guard is dropped.
    ///
    /// # Errors
    /// `TooOften` if `most` are in flight already.
    pub fn begin(self: &Arc<Self>, account: AccountId, most: usize) -> Result<RequestInFlight> {
        let mut counts = self.lock();
        let requests = counts.entry(account).or_default();
        if requests.count >= most {
            return Err(Error::TooOften {
                retry_after: Duration::from_secs(1),
            });
        }
        requests.count += 1;
        Ok(RequestInFlight {
            all: self.clone(),
            account,
            reading: requests.reading.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, AccountRequests>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is counted as long as this lives.
#[derive(Debug)]
pub struct RequestInFlight {
    all: Arc<InFlight>,
    account: AccountId,
    reading: Arc<Semaphore>,
}

impl RequestInFlight {
    /// Waits until it may read, which it may until the returned permit is dropped.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.reading.clone().acquire_owned().await.ok()
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        let mut counts = self.all.lock();
        if let Some(requests) = counts.get_mut(&self.account) {
            requests.count -= 1;
            if requests.count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}
