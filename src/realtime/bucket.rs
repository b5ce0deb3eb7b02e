//! Does a socket send too many events? A token bucket: each event takes one token, and time brings them back.

use std::time::{Duration, Instant};

use crate::core::error::{Error, Result};
use crate::web::rates::Rate;

/// A burst may have this many times the events of a second.
const BURST: u32 = 5;

/// The tokens of one socket; never empty if the rate is off.
pub struct Bucket {
    /// Tokens that come back in a second, and the most that there may be.
    rate: Option<(f64, f64)>,
    tokens: f64,
    /// When `tokens` was right.
    at: Instant,
}

impl Bucket {
    pub fn new(rate: Rate) -> Self {
        let rate = rate.0.map(|(count, span)| {
            (
                f64::from(count) / span.as_secs_f64(),
                f64::from(count.saturating_mul(BURST)),
            )
        });
        Self {
            rate,
            tokens: rate.map_or(0.0, |(_, burst)| burst),
            at: Instant::now(),
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// `TooOften` if there is none.
    pub fn take(&mut self) -> Result<()> {
        let Some((per_second, burst)) = self.rate else {
            return Ok(());
        };
        let now = Instant::now();
        let since = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + since * per_second).min(burst);
        if self.tokens < 1.0 {
            let wait = Duration::from_secs_f64((1.0 - self.tokens) / per_second);
            return Err(Error::TooOften { retry_after: wait });
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_a_hundred_passes_and_no_more() {
        let mut bucket = Bucket::new("20/1s".parse().expect("a rate"));
        assert!((0..100).all(|_| bucket.take().is_ok()));
        assert!(bucket.take().is_err());
        let mut open = Bucket::new("off".parse().expect("a rate"));
        assert!((0..1_000).all(|_| open.take().is_ok()));
    }
}
