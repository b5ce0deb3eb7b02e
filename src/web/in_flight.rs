//! How much does one account ask for at the same time? Its requests that are served, and its answers that were not read.
//!
//! A page that nobody reads costs as much as one that somebody does: whoever asks for thousands takes the processors from
//! all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::core::error::{Error, Result};
use crate::core::model::AccountId;

/// How many requests of each account are in flight.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashMap<AccountId, usize>>);

impl InFlight {
    /// One more request of this account; counted until what is returned is dropped.
    ///
    /// # Errors
    /// `TooOften` past so many at a time.
    pub fn begin(self: &Arc<Self>, account: AccountId, most: usize) -> Result<Begun> {
        let mut counts = self.lock();
        let count = counts.entry(account).or_default();
        if *count >= most {
            return Err(Error::TooOften {
                retry_after: Duration::from_secs(1),
            });
        }
        *count += 1;
        Ok(Begun {
            all: self.clone(),
            account,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct Begun {
    all: Arc<InFlight>,
    account: AccountId,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut counts = self.all.lock();
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}
