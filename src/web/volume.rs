//! How many bytes may an account upload? A volume in a span of time, over all routes and events that take files.

use std::sync::Arc;
use std::time::Duration;

use super::windows::{Key, Window, Windows};
use crate::core::error::{Error, Result};
use crate::core::model::AccountId;

/// A number of bytes in a span of time, as `500MiB/1d`; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume(pub Option<(u64, Duration)>);

/// Bytes that even the smallest file counts as, because each file costs a row and a request.
const LEAST: u64 = 64 << 10;

/// Counts the bytes that each account uploads.
pub struct VolumeLimiter(Option<(u64, Windows)>);

/// What one file takes of its uploader's volume.
pub struct Allowance {
    /// `None`: no limit.
    window: Option<(u64, Arc<Window>)>,
    taken: u64,
}

impl VolumeLimiter {
    pub fn new(volume: Volume) -> Self {
        Self(volume.0.map(|(limit, span)| (limit, Windows::new(span))))
    }

    /// The allowance of a new file of this account.
    pub fn of(&self, account: AccountId) -> Allowance {
        let window = self.0.as_ref();
        Allowance {
            window: window.map(|(limit, windows)| (*limit, windows.of(Key::Account(account)))),
            taken: 0,
        }
    }
}

impl Allowance {
    /// The file has `size` bytes so far. They stay counted if the upload breaks off, because they were stored.
    ///
    /// # Errors
    /// `UsedUp` past the account's volume.
    pub fn take(&mut self, size: u64) -> Result<()> {
        let Some((limit, window)) = &self.window else {
            return Ok(());
        };
        let more = size.max(LEAST).saturating_sub(self.taken);
        let before = window.add(more);
        self.taken += more;
        if before.saturating_add(more) <= *limit {
            return Ok(());
        }
        Err(Error::UsedUp {
            quota: "You have uploaded much lately",
            retry_after: window.left(),
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
        assert!(matches!(volumes.of(ann).take(1), Err(Error::UsedUp { .. })));
        volumes
            .of(AccountId::new(2).expect("an id"))
            .take(1)
            .expect("somebody else's");
    }
}
