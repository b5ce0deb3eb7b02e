//! What do all sockets of a server share?

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::heard::Heard;
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
    /// One permit for each KiB of events that wait while an earlier one of their socket is being handled.
    pub waiting_kib: Arc<Semaphore>,
    /// One permit for each page of missed events that is read at the same time.
    pub catching_up: Semaphore,
    /// One permit for each conversation that is on its way to the fan-out while a socket joins all of its account's.
    pub joining: Semaphore,
    /// The number of the latest socket.
    pub last_number: AtomicU64,
}

/// KiB of events that may wait, for all sockets together: an event may have a file in it.
const WAITING_KIB: usize = 64 << 10;

impl Context {
    /// What bounds the events that wait; the largest event that there may be always fits.
    pub fn waiting_kib(upload_bytes: u64) -> Arc<Semaphore> {
        let largest = (2 * upload_bytes as usize).div_ceil(1 << 10);
        let most = largest.clamp(WAITING_KIB, Semaphore::MAX_PERMITS);
        Arc::new(Semaphore::new(most))
    }

    /// Room for an event to wait in, until this is dropped; `None` if too much waits already.
    pub fn room_for(&self, event: &Heard) -> Option<OwnedSemaphorePermit> {
        let kib = event.bytes.div_ceil(1 << 10).max(1) as u32;
        self.waiting_kib.clone().try_acquire_many_owned(kib).ok()
    }

    /// One of the sockets that an account may have open; free again when it is dropped.
    pub fn take_slot(self: &Arc<Self>, account: AccountId) -> Result<SocketSlot, Error> {
        let before = self.core.directory().came(account);
        self.core.tell_peers(account);
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
        self.context.core.tell_peers(self.account);
    }
}
