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
    /// Counts so many more at once, or none of them; if there is no limit, nothing is counted. `quota` is what to say to whoever
    /// is past it.
    ///
    /// # Errors
    /// `UsedUp` beyond the limit: so many in such a span of time.
    pub fn count(
        &self,
        who: AccountId,
        now: Time,
        more: u32,
        limit: Option<(u32, Duration)>,
        quota: &'static str,
    ) -> Result<()> {
        let Some((most, span)) = limit else {
            return Ok(());
        };
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
            return Err(Error::UsedUp {
                quota,
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
        let (pace, limit) = (Pace::default(), Some((2, Duration::from_secs(60))));
        let (ann, bob) = (Id::stored(1), Id::stored(2));
        let made = |who, at| pace.count(who, Time(at), 1, limit, "Often");
        assert!(made(ann, 60_000).is_ok() && made(ann, 61_000).is_ok());
        let refused = made(ann, 100_000).expect_err("it is the third");
        assert!(
            matches!(refused, Error::UsedUp { retry_after, .. } if retry_after.as_secs() == 20)
        );
        assert!(made(bob, 100_000).is_ok());
        assert!(made(ann, 120_000).is_ok());
        let many = |who, count| pace.count(who, Time(120_000), count, limit, "Often");
        assert!(many(ann, 2).is_err() && many(ann, 1).is_ok());
        assert!(many(bob, 3).is_err() && many(bob, 2).is_ok());
    }
}
