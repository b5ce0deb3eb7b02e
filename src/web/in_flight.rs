//! How many requests of one account are in flight? Those that are being served, and those whose answers are not read yet.
//!
//! An answer costs the same whether or not it is read, so an account that asks for thousands at once would take the
//! processors from all others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::available_parallelism;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::core::error::{Error, Result};
use crate::core::model::AccountId;

/// Bytes of answers that an account may leave unread, before its further reads are refused: pages would be written for
/// nobody, as fast as the processors can.
const UNREAD: usize = 32 << 20;

/// How many requests of each account are in flight.
#[derive(Debug)]
pub struct InFlight {
    /// How many requests of one account read at the same time: on half of the processors at most. Its others wait, and
    /// other people's requests go first.
    reading: usize,
    accounts: Mutex<HashMap<AccountId, AccountRequests>>,
}

impl Default for InFlight {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self {
            reading: (processors / 2).max(1),
            accounts: Mutex::default(),
        }
    }
}

/// The requests of one account.
#[derive(Debug)]
struct AccountRequests {
    count: usize,
    /// Bytes of their answers that have not been taken yet.
    unread: usize,
    reading: Arc<Semaphore>,
}

impl InFlight {
    /// Counts one more request of this account, until the returned guard is dropped.
    ///
    /// # Errors
    /// `TooOften` if `most` are in flight already.
    pub fn begin(self: &Arc<Self>, account: AccountId, most: usize) -> Result<RequestInFlight> {
        let mut counts = self.accounts.lock();
        let requests = counts.entry(account).or_insert_with(|| AccountRequests {
            count: 0,
            unread: 0,
            reading: Arc::new(Semaphore::new(self.reading)),
        });
        if requests.count >= most {
            return Err(LATER);
        }
        requests.count += 1;
        Ok(RequestInFlight {
            all: self.clone(),
            account,
            unread: AtomicUsize::new(0),
            reading: requests.reading.clone(),
        })
    }
}

/// A request that is counted as long as this lives.
#[derive(Debug)]
pub struct RequestInFlight {
    all: Arc<InFlight>,
    account: AccountId,
    /// Bytes of its answer.
    unread: AtomicUsize,
    reading: Arc<Semaphore>,
}

/// The refusal of what is beyond a bound.
const LATER: Error = Error::TooOften {
    retry_after: Duration::from_secs(1),
};

impl RequestInFlight {
    /// Waits until it may read, which it may until the returned permit is dropped.
    ///
    /// # Errors
    /// `TooOften` if its account has left too many bytes unread.
    pub async fn turn(&self) -> Result<Option<OwnedSemaphorePermit>> {
        let turn = self.reading.clone().acquire_owned().await.ok();
        let counts = self.all.accounts.lock();
        match counts.get(&self.account) {
            Some(requests) if requests.unread > UNREAD => Err(LATER),
            _ => Ok(turn),
        }
    }

    /// Its answer has so many bytes, which are unread until this is dropped.
    pub fn note_answer(&self, bytes: usize) {
        self.unread.store(bytes, Relaxed);
        if let Some(requests) = self.all.accounts.lock().get_mut(&self.account) {
            requests.unread += bytes;
        }
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        let mut counts = self.all.accounts.lock();
        if let Some(requests) = counts.get_mut(&self.account) {
            requests.count -= 1;
            requests.unread -= *self.unread.get_mut();
            if requests.count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}
