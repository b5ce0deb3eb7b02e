//! How often an account does what is counted, such as making conversations: fixed windows, in memory, forgotten at a restart.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use super::error::{Error, Result};
use super::model::{AccountId, Time};

/// How often each account has done it in the running window. All accounts share one window, so nothing is left when it ends.
#[derive(Debug, Default)]
pub struct Pace(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    /// Its number, counted from 1970.
    number: i64,
    counts: HashMap<AccountId, u32>,
}

impl Pace {
    /// Counts one more, of at most so many in such a span of time.
    ///
    /// # Errors
    /// `TooOften` beyond that.
    pub fn count(&self, who: AccountId, now: Time, limit: (u32, Duration)) -> Result<()> {
        self.count_many(who, now, 1, limit)
    }

    /// Counts so many more at once, or none of them.
    ///
    /// # Errors
    /// `TooOften` beyond that.
    pub fn count_many(
        &self,
        who: AccountId,
        now: Time,
        more: u32,
        (most, span): (u32, Duration),
    ) -> Result<()> {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX).max(1);
        let mut window = self.0.lock();
        if window.number != now.0 / span {
            *window = Window {
                number: now.0 / span,
                counts: HashMap::new(),
            };
        }
        let made = window.counts.entry(who).or_default();
        if made.saturating_add(more) > most {
            let left = span - now.0.rem_euclid(span);
            return Err(Error::TooOften {
                retry_after: Duration::from_millis(left.unsigned_abs()),
            });
        }
        *made += more;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::model::Id;

    #[test]
    fn each_has_so_many_in_each_window() {
        let (pace, limit) = (Pace::default(), (2, Duration::from_secs(60)));
        let (ann, bob) = (Id::stored(1), Id::stored(2));
        let made = |who, at| pace.count(who, Time(at), limit);
        assert!(made(ann, 60_000).is_ok() && made(ann, 61_000).is_ok());
        let refused = made(ann, 100_000).expect_err("it is the third");
        assert!(matches!(refused, Error::TooOften { retry_after } if retry_after.as_secs() == 20));
        assert!(made(bob, 100_000).is_ok());
        assert!(made(ann, 120_000).is_ok());
        let many = |who, count| pace.count_many(who, Time(120_000), count, limit);
        assert!(many(ann, 2).is_err() && many(ann, 1).is_ok());
        assert!(many(bob, 3).is_err() && many(bob, 2).is_ok());
    }
}
