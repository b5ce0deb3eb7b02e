//! How much has somebody had lately? Fixed windows: one begins with the first that is counted, and ends after its span.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::core::model::AccountId;

/// Windows that are remembered: a flood from very many addresses ends those that have been idle longest, and does not fill the
/// memory.
const KEPT: u64 = 200_000;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Account(AccountId),
    Address(IpAddr),
    /// An address on one route.
    AddressAtRoute(IpAddr, &'static str),
}

/// The windows of one limit.
pub struct Windows {
    pub span: Duration,
    kept: Cache<Key, Arc<Window>>,
}

/// Somebody's window.
pub struct Window {
    since: Instant,
    span: Duration,
    count: AtomicU64,
}

impl Windows {
    pub fn new(span: Duration) -> Self {
        let kept = Cache::builder().time_to_live(span).max_capacity(KEPT);
        Self {
            span,
            kept: kept.build(),
        }
    }

    /// The window of now; it begins if there is none.
    pub fn of(&self, key: Key) -> Arc<Window> {
        let begin = || {
            Arc::new(Window {
                since: Instant::now(),
                span: self.span,
                count: AtomicU64::new(0),
            })
        };
        self.kept.get_with(key, begin)
    }
}

impl Window {
    /// So much more; answers how much it was before.
    pub fn add(&self, more: u64) -> u64 {
        self.count.fetch_add(more, Ordering::Relaxed)
    }

    /// How long until it ends.
    pub fn left(&self) -> Duration {
        self.span.saturating_sub(self.since.elapsed())
    }
}
