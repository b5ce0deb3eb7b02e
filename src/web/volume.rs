//! How many bytes may somebody send? So many in a span of time for each account, whichever way they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::core::error::{Error, Result};
use crate::core::model::AccountId;

/// So many bytes in a span of time, `500MiB/1d`; `None` is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume(pub Option<(u64, Duration)>);

/// What the smallest file counts as, in bytes: it is a file and a row, and somebody's request.
const LEAST: u64 = 64 << 10;
/// Accounts whose bytes are remembered; past that those who have sent nothing for longest begin anew.
const ACCOUNTS: u64 = 200_000;

/// What all accounts have sent.
pub struct VolumeLimiter(Option<VolumeWindows>);

struct VolumeWindows {
    limit: u64,
    span: Duration,
    sent: Cache<AccountId, Arc<VolumeWindow>>,
}

struct VolumeWindow {
    since: Instant,
    bytes: AtomicU64,
}

/// What one file may have of its uploader's volume.
pub struct Allowance {
    /// `None`: as much as it likes.
    window: Option<(Arc<VolumeWindow>, u64, Duration)>,
    taken: u64,
}

impl VolumeLimiter {
    pub fn new(volume: Volume) -> Self {
        Self(volume.0.map(|(limit, span)| {
            let sent = Cache::builder()
                .time_to_live(span)
                .max_capacity(ACCOUNTS)
                .build();
            VolumeWindows { limit, span, sent }
        }))
    }

    /// What a file of this account may have.
    pub fn of(&self, account: AccountId) -> Allowance {
        let window = self.0.as_ref().map(|windows| {
            let fresh = || {
                Arc::new(VolumeWindow {
                    since: Instant::now(),
                    bytes: AtomicU64::new(0),
                })
            };
            let window = windows.sent.get_with(account, fresh);
            (window, windows.limit, windows.span)
        });
        Allowance { window, taken: 0 }
    }
}

impl Allowance {
    /// The file has so many bytes by now. What came counts, also if the file is given up: it was stored.
    ///
    /// # Errors
    /// `TooOften` past the account's volume.
    pub fn take(&mut self, size: u64) -> Result<()> {
        let Some((window, limit, span)) = &self.window else {
            return Ok(());
        };
        let more = size.max(LEAST).saturating_sub(self.taken);
        let before = window.bytes.fetch_add(more, Ordering::Relaxed);
        self.taken += more;
        if before.saturating_add(more) <= *limit {
            return Ok(());
        }
        Err(Error::TooOften {
            retry_after: span.saturating_sub(window.since.elapsed()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_count_as_more_and_large_ones_as_they_are() {
        let volumes = VolumeLimiter::new(Volume(Some((3 * LEAST, Duration::from_secs(60)))));
        let ann = AccountId::new(1).expect("an id");
        let mut large = volumes.of(ann);
        large.take(1).expect("the first bytes of a file");
        large.take(2 * LEAST).expect("and all the others");
        volumes.of(ann).take(1).expect("a small one");
        assert!(matches!(
            volumes.of(ann).take(1),
            Err(Error::TooOften { .. })
        ));
        volumes
            .of(AccountId::new(2).expect("an id"))
            .take(1)
            .expect("somebody else's");
    }
}
