//! When is the database tidied up? At the start, and then once a minute of the wall clock, by which things expire.

use std::time::Duration;

use crate::core::Core;
use crate::core::model::Time;

/// How often the database is tidied up.
const EVERY: Duration = Duration::from_secs(60);
/// How often the wall clock is read: somebody may set it.
const LOOK: Duration = Duration::from_secs(1);

/// Tidies up for as long as the server runs.
pub async fn run(core: Core) {
    let mut look = tokio::time::interval(LOOK);
    let mut last: Option<Time> = None;
    loop {
        look.tick().await;
        let now = Time::now();
        let since = last.map(|last| now.0.abs_diff(last.0));
        if since.is_some_and(|since| u128::from(since) < EVERY.as_millis()) {
            continue;
        }
        last = Some(now);
        if let Err(error) = core.tidy_up().await {
            tracing::warn!(cause = ?error, "the database could not be tidied up");
        }
    }
}
