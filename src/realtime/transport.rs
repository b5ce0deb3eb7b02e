//! What does realtime need of whatever carries a session? The server has two of them: a connection that is a websocket
//! from the beginning, and an Engine.IO session that began by polling and uses many connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::core::model::AccountId;

/// How long a client may take nothing while something waits for it, before it is disconnected. What waits costs memory,
/// and a client that does not read counts as present.
pub const STALL: Duration = Duration::from_secs(30);

/// What carries the packets of one session.
pub trait Transport: Send + Sync {
    /// How often the session has taken everything that was written for it.
    fn progress(&self) -> &Progress;

    /// A socket of the session has been let in, for this account.
    fn enter(&self, who: AccountId);

    /// Has a socket of the session been let in?
    fn is_known(&self) -> bool;

    /// A socket that was let in has disconnected.
    fn leave(&self);

    /// Has the transport been cut, or has the client closed it? A polling client is not seen to close it.
    fn is_gone(&self) -> bool;

    /// Ends the transport at once. What waits to be sent is not sent.
    fn cut(&self);
}

/// Counts how often a client has taken everything that was written for it.
#[derive(Debug, Default)]
pub struct Progress {
    count: AtomicU64,
    made: Notify,
}

impl Progress {
    /// A number that changes when everything written so far has been taken.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until the count is another one than `before`, for as long as `at_most`.
    pub async fn beyond(&self, before: u64, at_most: Duration) {
        // Made before the count is read: it notices what happens between the two.
        let made = self.made.notified();
        if self.count() == before {
            timeout(at_most, made).await.ok();
        }
    }

    /// Everything written so far has been taken.
    pub fn note(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.made.notify_waiters();
    }
}
