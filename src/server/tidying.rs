//! When is the database tidied up, and freed of what is older than it is kept? At the start, and then once in a while of the
//! wall clock, by which things expire.

use std::time::Duration;

use crate::core::Core;
use crate::core::error::Result;
use crate::core::model::Time;

/// How often what has expired is deleted.
const TIDY: Duration = Duration::from_secs(60);
/// How often what is old is looked for.
const RETAIN: Duration = Duration::from_secs(15 * 60);
/// How often the wall clock is read: somebody may set it.
const LOOK: Duration = Duration::from_secs(1);

/// Deletes what has expired, for as long as the server runs.
pub async fn tidy_up(core: Core) {
    let mut clock = Clock::new(TIDY);
    loop {
        clock.strikes().await;
        core.keeping().await;
        note(core.tidy_up().await);
    }
}

/// Removes what is older than it is kept, for as long as the server runs; at once if a rule has changed.
pub async fn retain(core: Core) {
    let mut clock = Clock::new(RETAIN);
    loop {
        core.keeping().await;
        tokio::select! {
            () = clock.strikes() => note(core.retain().await),
            () = core.rules_changed().notified() => {
                note(core.remove_old_messages(false).await);
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

fn note(done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!(cause = ?error, "the database could not be tidied up");
    }
}

struct Clock {
    every: Duration,
    look: tokio::time::Interval,
    last: Option<Time>,
}

impl Clock {
    fn new(every: Duration) -> Self {
        Self {
            every,
            look: tokio::time::interval(LOOK),
            last: None,
        }
    }

    /// Waits until it is time again.
    async fn strikes(&mut self) {
        loop {
            self.look.tick().await;
            let now = Time::now();
            let since = self.last.map(|last| now.0.abs_diff(last.0));
            if since.is_none_or(|since| u128::from(since) >= self.every.as_millis()) {
                self.last = Some(now);
                return;
            }
        }
    }
}
