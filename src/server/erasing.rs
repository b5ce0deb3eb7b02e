//! When is deleted what is left of removed accounts? As soon as one is removed here, and else within a minute.

use std::time::Duration;

use crate::core::Core;

/// How often the database is asked: the command line removes accounts too.
const EVERY: Duration = Duration::from_secs(60);
/// The same on a database where other servers remove accounts too, and tell nobody of it.
const SHARED: Duration = Duration::from_secs(1);

/// Deletes for as long as the server runs.
pub async fn run(core: Core) {
    loop {
        core.keeping().await;
        if let Err(error) = core.erase().await {
            tracing::warn!(cause = ?error, "what is left of a removed account could not be deleted");
        }
        let told = core.erasures().notified();
        let every = if core.has_peers() { SHARED } else { EVERY };
        tokio::time::timeout(every, told).await.ok();
    }
}
