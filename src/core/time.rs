//! Times: milliseconds since 1970 inside, ISO 8601 with milliseconds outside.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};

use super::short::Short;

const ISO: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub i64);

impl Time {
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(since.as_millis() as i64)
    }

    /// `2024-01-01T00:00:00.000Z`, as every document shows it.
    pub fn iso(self) -> Short {
        let moment =
            jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let mut text = Short::new();
        let printed = ISO.print_timestamp(&moment, StdFmtWrite(&mut text));
        printed.expect("a moment is shorter than a UUID");
        text
    }

    /// Reads ISO 8601 with an offset; `None` for anything else.
    pub fn from_iso(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_millisecond()))
    }

    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The time since an earlier moment; zero if that one is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).try_into().unwrap_or(0))
    }

    /// Is it so far in the future, as it is now, that the clock must be wrong?
    pub fn is_ahead(self, now: Self) -> bool {
        self.since(now) > Duration::from_secs(60)
    }

    /// Whole seconds since 1970, as JWT and HTTP count them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// Reads a span of time as in flags: `10s`, `15m`, `1h`, `7d`. `None` for anything else, also for zero.
pub fn span(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let exact = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()?;
    Duration::try_from(exact)
        .ok()
        .filter(|duration| !duration.is_zero())
}

/// A span of time as one says it to somebody who waits: `1 second`, `12 minutes`, `3 hours`; rounded up.
pub fn in_words(span: Duration) -> String {
    let seconds = span.as_millis().div_ceil(1000).max(1);
    let (count, unit) = match seconds {
        0..=90 => (seconds, "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        5_401..=129_600 => (seconds.div_ceil(3_600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up() {
        let said = [
            0,
            999,
            1_001,
            90_000,
            90_001,
            5_400_000,
            5_400_001,
            129_600_001,
        ]
        .map(|ms| in_words(Duration::from_millis(ms)));
        let words = [
            "1 second",
            "1 second",
            "2 seconds",
            "90 seconds",
            "2 minutes",
            "90 minutes",
            "2 hours",
            "2 days",
        ];
        assert_eq!(said, words);
    }

    #[test]
    fn iso_goes_there_and_back() {
        assert_eq!(&*Time(0).iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Time::from_iso("2024-01-01T00:00:00Z"),
            Some(Time(1_704_067_200_000))
        );
        let now = Time::now();
        assert_eq!(Time::from_iso(&now.iso()), Some(now));
        assert_eq!(Time::from_iso("yesterday"), None);
    }

    #[test]
    fn spans_are_read_as_flags_write_them() {
        assert_eq!(span("15m"), Some(Duration::from_secs(900)));
        assert_eq!(span("7d"), Some(Duration::from_secs(7 * 86_400)));
        for wrong in ["", "15", "0s", "-1m", "soon"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }
}
