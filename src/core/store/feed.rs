//! What do other processes hear of a commit? A row of `news` has all that it announced.
//!
//! On a file the command line writes rows, and the running server reads them before its own next commit. On PostgreSQL every
//! server writes and reads them, by number. The rows are JSON, the one place where the core writes any: they are read by
//! servers of other versions, which skip what they do not know, and by people who look for what happened.

use std::borrow::Cow;
use std::time::Instant;

use serde_json::value::RawValue;

use super::writer::LOOK;
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::model::{Announcement, Event, StateChange, SubscriberId};
use crate::core::random;

/// Which commit a row is of: nobody else's has the same.
pub(super) type Nonce = [u8; 16];

/// Rows that are read at a time.
const ROWS: u32 = 256;

/// The subscribers of another server have numbers that none of this one has.
const ELSEWHERE: u64 = 1 << 63;

/// What others are to hear of it: not what concerns one socket of this server.
fn leaves(announcement: &Announcement) -> bool {
    match announcement {
        Announcement::Event(Event::NoticesWaiting { .. })
        | Announcement::StateChange(
            StateChange::Subscribed { .. } | StateChange::Unsubscribed { .. },
        ) => false,
        Announcement::Event(_) | Announcement::StateChange(_) => true,
    }
}

/// What was announced, as a row has it; `None` if nobody else need hear of it.
pub(super) fn told(announced: &[Announcement]) -> Result<Option<String>> {
    let leaving: Vec<_> = announced.iter().filter(|one| leaves(one)).collect();
    if leaving.is_empty() {
        return Ok(None);
    }
    let told = serde_json::to_string(&leaving);
    told.map(Some)
        .map_err(|e| Error::Internal(format!("news cannot be written: {e}")))
}

/// What a row says. What this version does not know is left out.
fn read(told: &str) -> Result<Vec<Announcement>> {
    let all: Vec<Cow<'_, RawValue>> = serde_json::from_str(told)
        .map_err(|e| Error::Internal(format!("news cannot be read: {e}")))?;
    let known = all.into_iter().filter_map(|one| {
        let read = serde_json::from_str(one.get());
        read.inspect_err(|error| tracing::debug!(%error, "news that this version does not know"))
            .ok()
    });
    Ok(known.map(elsewhere).collect())
}

fn elsewhere(mut announcement: Announcement) -> Announcement {
    if let Announcement::Event(Event::Typing { subscriber, .. }) = &mut announcement {
        *subscriber = SubscriberId(subscriber.0 | ELSEWHERE);
    }
    announcement
}

impl View<'_> {
    /// The next news after this number, each with its own.
    pub(super) fn news_after(&self, last: i64) -> Result<Vec<(i64, Vec<Announcement>)>> {
        self.all(
            "SELECT number, told FROM news WHERE number > $1 ORDER BY number LIMIT $2",
            (last, ROWS),
            |row| Ok((row.get("number")?, read(row.text("told")?)?)),
        )
    }

    /// Is this row there, of that commit?
    pub(super) fn has_news(&self, number: i64, nonce: &Nonce) -> Result<bool> {
        let count = self.count(
            "SELECT count(*) FROM news WHERE number = $1 AND nonce = $2",
            (number, nonce),
        )?;
        Ok(count > 0)
    }

    fn last_news(&self) -> Result<i64> {
        self.count("SELECT coalesce(max(number), 0) FROM news", ())
    }
}

impl Tx<'_> {
    /// Leaves what was announced for the server on this file. If that changed nothing that others hear of, nothing.
    pub(super) fn leave_news(&self, announced: &[Announcement]) -> Result<()> {
        let Some(told) = told(announced)? else {
            return Ok(());
        };
        self.conn.send(
            "INSERT INTO news (nonce, told, at) VALUES ($1, $2, $3)",
            (random::<16>(), told, self.now.0),
        )
    }
}

/// Finds what the command line has left for the server on this file.
pub(super) struct Mailbox {
    last: i64,
    /// SQLite's number for the changes that others have made.
    version: i64,
    looked: Instant,
}

impl Mailbox {
    /// What was left before is in memory already.
    pub fn open(view: &View<'_>) -> Self {
        let last = view.last_news().unwrap_or(0);
        forget(view, last);
        Self {
            last,
            version: 0,
            looked: Instant::now(),
        }
    }

    /// Is it time to look although nothing is to be written?
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOK
    }

    /// What was left since the last look.
    pub fn look(&mut self, view: &View<'_>) -> Vec<Announcement> {
        self.looked = Instant::now();
        let version = view
            .count("PRAGMA data_version", ())
            .unwrap_or(self.version);
        if std::mem::replace(&mut self.version, version) == version {
            return Vec::new();
        }
        self.read(view).unwrap_or_else(|error| {
            tracing::warn!(%error, "news from another process could not be read");
            Vec::new()
        })
    }

    fn read(&mut self, view: &View<'_>) -> Result<Vec<Announcement>> {
        let mut all = Vec::new();
        loop {
            let rows = view.news_after(self.last)?;
            let Some((last, _)) = rows.last() else {
                break;
            };
            self.last = *last;
            all.extend(rows.into_iter().flat_map(|(_, announced)| announced));
        }
        if !all.is_empty() {
            forget(view, self.last);
        }
        Ok(all)
    }
}

/// Deletes news that were read: otherwise they would stay in the file for ever.
fn forget(view: &View<'_>, upto: i64) {
    if let Err(error) = view.conn.run("DELETE FROM news WHERE number <= $1", [upto]) {
        // They are deleted with the next ones, or at the next start.
        tracing::debug!(%error, "news that were heard are kept");
    }
}
