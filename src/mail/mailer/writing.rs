//! Who gets a digest of unread messages? Goes through the conversations that are due, a few members at a time, and writes a
//! mail to each member who is to get one.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{INTERVAL, Links};
use crate::core::digest::{self, Digest, Waiting};
use crate::core::error::{Error, Result};
use crate::core::{Core, outbox};
use crate::mail::templates;

/// How many conversations are read at a time; if there are more, the next batch follows at once.
const BATCH: u32 = 20;
/// How often mail is deleted that has been kept long enough.
const TIDYING: Duration = Duration::from_secs(3_600);

pub async fn write(core: &Core, links: &Links) {
    let mut round = interval(INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tidy_at = Instant::now();
    loop {
        round.tick().await;
        core.keeping().await;
        if let Err(error) = write_due(core, links).await {
            tracing::warn!(%error, "mail about unread messages could not be written yet");
        }
        if tidy_at <= Instant::now() {
            match core.write(outbox::forget_old).await {
                Ok(true) => {}
                Ok(false) => tidy_at = Instant::now() + TIDYING,
                Err(error) => tracing::warn!(%error, "old mail could not be deleted"),
            }
        }
    }
}

async fn write_due(core: &Core, links: &Links) -> Result<()> {
    loop {
        let due = core.read(|view| digest::waiting(view, BATCH)).await?;
        for waiting in &due {
            look_through(core, links, *waiting).await?;
        }
        if due.len() < BATCH as usize {
            return Ok(());
        }
    }
}

async fn look_through(core: &Core, links: &Links, waiting: Waiting) -> Result<()> {
    let (mut after, mut later, mut seen) = (None, false, None);
    loop {
        let found = core
            .read(move |view| digest::look(view, waiting, after))
            .await?;
        // From the first page of members: a message after that may be missing in their digests, so it is looked at again.
        seen = seen.or(found.seen);
        later |= found.later;
        // At the same time, so that they share a commit.
        let posting = found.digests.into_iter().map(|one| post(core, links, one));
        for posted in join_all(posting).await {
            match posted {
                Ok(_) => {}
                Err(Error::UsedUp { .. }) => later = true,
                Err(error) => return Err(error),
            }
        }
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    core.write(move |tx| digest::looked(tx, waiting, seen, later))
        .await
}

async fn post(core: &Core, links: &Links, one: Digest) -> Result<bool> {
    let content = templates::digest(&one, &links.off(one.reader));
    core.write(move |tx| digest::post(tx, &one, &content)).await
}
