//! The writer's counters: how much is written and how long it takes. Read by anybody while the writer counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use super::model::{Announcement, Event};

/// Buckets per doubling: a duration is known to an eighth.
const STEPS: u64 = 8;
/// Up to 2^26 microseconds, which is more than a minute.
const BUCKETS: usize = 8 * 25;

/// What the writer counts.
pub struct Meter {
    /// Time from queueing a verb to its commit.
    took: [AtomicU64; BUCKETS],
    took_micros: AtomicU64,
    /// Verbs that wait for the writer.
    pub waiting: AtomicUsize,
    /// Commits that were handed to the fan-out, or are about to be.
    pub handed: AtomicU64,
    /// Messages and files that were removed because they were old.
    pub removed_messages: AtomicU64,
    pub removed_files: AtomicU64,
    /// Messages, by the dialect that they were posted in.
    posted: Mutex<BTreeMap<&'static str, u64>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            took: [const { AtomicU64::new(0) }; BUCKETS],
            took_micros: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            handed: AtomicU64::new(0),
            removed_messages: AtomicU64::new(0),
            removed_files: AtomicU64::new(0),
            posted: Mutex::default(),
        }
    }
}

/// Counts per bucket so far.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    counts: Vec<u64>,
    pub total: Duration,
}

impl Meter {
    pub(in crate::core) fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.took[bucket(micros)].fetch_add(1, Relaxed);
        self.took_micros.fetch_add(micros, Relaxed);
    }

    pub(in crate::core) fn happened(&self, announced: &[Announcement]) {
        let mut posted = self.posted.lock();
        for announcement in announced {
            // One without a dialect was posted at another server, which counts it.
            if let Announcement::Event(Event::MessagePosted(message)) = announcement
                && !message.dialect.is_empty()
            {
                *posted.entry(message.dialect).or_default() += 1;
            }
        }
    }

    /// Messages since the server started, by the dialect that they were posted in.
    pub fn posted(&self) -> BTreeMap<&'static str, u64> {
        self.posted.lock().clone()
    }

    /// All verbs since the server started.
    pub fn durations(&self) -> Durations {
        Durations {
            counts: self.took.iter().map(|count| count.load(Relaxed)).collect(),
            total: Duration::from_micros(self.took_micros.load(Relaxed)),
        }
    }
}

impl Durations {
    /// The difference to an earlier reading.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().chain(std::iter::repeat(&0));
        let counts = self.counts.iter().zip(before);
        Self {
            counts: counts
                .map(|(now, then)| now.saturating_sub(*then))
                .collect(),
            total: self.total.saturating_sub(earlier.total),
        }
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// This percentile of the durations; `None` if there are none.
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(Duration::from_micros(upper(at)))
    }
}

fn bucket(micros: u64) -> usize {
    let Some(doublings) = micros.checked_ilog2().filter(|log| *log >= 3) else {
        return micros as usize;
    };
    let doublings = u64::from(doublings);
    let step = (micros >> (doublings - 3)) & (STEPS - 1);
    (((doublings - 2) * STEPS + step) as usize).min(BUCKETS - 1)
}

/// The longest duration of a bucket, in microseconds.
fn upper(bucket: usize) -> u64 {
    let (doublings, step) = (bucket as u64 / STEPS, bucket as u64 % STEPS);
    match doublings {
        0 => step,
        _ => ((STEPS + step + 1) << (doublings - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_to_an_eighth() {
        for micros in (0..4_000).chain([1 << 20, 33_554_431]) {
            let told = upper(bucket(micros));
            assert!(
                told >= micros && told <= micros + micros / 8 + 1,
                "{micros}: {told}"
            );
        }
    }

    #[test]
    fn percentiles_are_of_what_came_since() {
        let meter = Meter::default();
        meter.took(Duration::from_secs(1));
        let earlier = meter.durations();
        for millis in 1..=100 {
            meter.took(Duration::from_millis(millis));
        }
        let since = meter.durations().since(&earlier);
        assert_eq!(since.count(), 100);
        let half = since
            .percentile(50)
            .expect("there is something")
            .as_millis();
        assert!((50..=56).contains(&half), "{half}");
        assert_eq!(Durations::default().percentile(50), None);
    }
}
