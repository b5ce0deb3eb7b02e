//! Does this socket say too much? A bucket of events that fills up again with time.

use std::time::{Duration, Instant};

use crate::core::error::{Error, Result};
use crate::web::rates::Rate;

/// A burst of events may be so many times what a second allows.
const BURST: u32 = 5;

/// So many events a second on average, and a burst of [`BURST`] times as many.
pub struct Bucket {
    rate: Option<(f64, f64)>,
    full: f64,
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
            full: rate.map_or(0.0, |(_, burst)| burst),
            at: Instant::now(),
        }
    }

    /// # Errors
    /// `TooOften` where it is empty.
    pub fn take(&mut self) -> Result<()> {
        let Some((per_second, burst)) = self.rate else {
            return Ok(());
        };
        let now = Instant::now();
        let since = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.full = (self.full + since * per_second).min(burst);
        if self.full < 1.0 {
            let wait = Duration::from_secs_f64((1.0 - self.full) / per_second);
            return Err(Error::TooOften { retry_after: wait });
        }
        self.full -= 1.0;
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
