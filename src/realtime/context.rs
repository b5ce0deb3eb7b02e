//! What do all sockets of a server share?

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::core::Core;
use crate::core::error::Error;
use crate::core::model::AccountId;
use crate::web::rates::{Rate, Rates};
use crate::web::watch::Watch;

/// What all sockets share.
pub struct Context {
    pub core: Core,
    pub rates: Arc<Rates>,
    /// How many events a socket may send.
    pub events: Rate,
    pub watch: Arc<Watch>,
    /// One permit for each page of missed events that is read at the same time.
    pub catching_up: Semaphore,
    /// One permit for each conversation that is on its way to the fan-out while a socket joins all of its account's.
    pub joining: Semaphore,
    /// The number of the latest socket.
    pub last_number: AtomicU64,
}

impl Context {
    /// One of the sockets that an account may have open; free again when it is dropped.
    pub fn take_slot(self: &Arc<Self>, account: AccountId) -> Result<SocketSlot, Error> {
        let before = self.core.directory().came(account);
        let slot = SocketSlot {
            context: self.clone(),
            account,
        };
        if before >= self.core.limits().sockets {
            return Err(Error::TooOften {
                retry_after: Duration::from_secs(10),
            });
        }
        Ok(slot)
    }
}

/// One of the sockets that an account has open.
pub struct SocketSlot {
    context: Arc<Context>,
    account: AccountId,
}

impl Drop for SocketSlot {
    fn drop(&mut self) {
        self.context.core.directory().went(self.account);
    }
}
