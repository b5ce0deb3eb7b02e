//! Who is written to? What is due is looked through, conversation by conversation and a few members at a time, and each
//! of them who is to be told gets a digest.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{INTERVAL, Links};
use crate::core::digest::{self, Digest, Waiting};
use crate::core::error::{Error, Result};
use crate::core::model::Time;
use crate::core::{Core, outbox};
use crate::mail::templates;

/// Conversations of one round; the next one follows at once where there are more.
const BATCH: u32 = 20;
/// How often it is looked for mail that has been kept long enough.
const TIDYING: Duration = Duration::from_secs(3_600);

pub async fn write(core: &Core, links: &Links) {
    let mut round = interval(INTERVAL);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tidy_at = Instant::now();
    loop {
        round.tick().await;
        if let Err(error) = write_due(core, links).await {
            tracing::warn!(%error, "mail about unread messages was not written, and is written later");
        }
        if tidy_at <= Instant::now() {
            match core.write(outbox::forget_old).await {
                Ok(true) => {}
                Ok(false) => tidy_at = Instant::now() + TIDYING,
                Err(error) => tracing::warn!(%error, "old mail was not forgotten"),
            }
        }
    }
}

async fn write_due(core: &Core, links: &Links) -> Result<()> {
    loop {
        let due = core
            .read(|view| digest::waiting(view, Time::now(), BATCH))
            .await?;
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
            .read(move |view| digest::look(view, waiting, after, Time::now()))
            .await?;
        // What is said from now on may come too late for those who were looked at first.
        seen = seen.or(found.seen);
        later |= found.later;
        // Together, so that they share a commit.
        let posting = found.digests.into_iter().map(|one| post(core, links, one));
        for posted in join_all(posting).await {
            match posted {
                Ok(_) => {}
                Err(Error::TooOften { .. }) => later = true,
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
