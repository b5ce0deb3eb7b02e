//! What do other processes hear of a commit? A row of `news` has all that it announced.
//!
//! On a file the command line writes rows, and the running server reads them before its own next commit. On PostgreSQL every
//! server writes and reads them, by number. The rows are JSON, the one place where the core writes any: they are read by
//! servers of other versions, which skip what they do not know, and by people who look for what happened.

use std::time::Instant;

use serde_json::value::RawValue;

use super::sql::Row;
use super::writer::LOOK;
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::model::{Announcement, Event, StateChange, Time};
use crate::core::random;

/// Which commit a row is of: nobody else's has the same.
pub(super) type Nonce = [u8; 16];

/// Rows that are read at a time.
pub(super) const ROWS: u32 = 256;

/// The next so many news after a number.
pub(super) const NEWS: &str =
    "SELECT number, told FROM news WHERE number > $1 ORDER BY number LIMIT $2";

/// Are others to hear of it? Not of what concerns one socket of this server.
fn leaves(announcement: &Announcement) -> bool {
    match announcement {
        Announcement::Event(event) => match event {
            Event::NoticesWaiting { .. } => false,
            Event::MessagePosted(_)
            | Event::MessageUpdated(_)
            | Event::MessageDeleted(_)
            | Event::FileShared { .. }
            | Event::MessagesRead { .. }
            | Event::Typing { .. }
            | Event::NoticeMade(_)
            | Event::SettingsChanged { .. }
            | Event::BlockChanged { .. }
            | Event::ConversationChanged(_)
            | Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            | Event::RestraintChanged { .. }
            | Event::PresenceChanged(_)
            | Event::PersonChanged(_) => true,
        },
        Announcement::StateChange(change) => match change {
            StateChange::Subscribed { .. } | StateChange::Unsubscribed { .. } => false,
            StateChange::AccountChanged(_)
            | StateChange::UnwantedChanged
            | StateChange::ProfileChanged(_)
            | StateChange::DeviceMade { .. }
            | StateChange::DeviceProlonged { .. }
            | StateChange::DeviceEnded { .. }
            | StateChange::Attended { .. }
            | StateChange::ServerGone { .. }
            | StateChange::Asked { .. }
            | StateChange::Replied { .. } => true,
        },
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

/// What a row says. Each announcement is read by itself: one of a newer version that this one does not know is left out.
pub(super) fn read(told: &str) -> Result<Vec<Announcement>> {
    let all: Vec<&RawValue> = serde_json::from_str(told)
        .map_err(|e| Error::Internal(format!("news cannot be read: {e}")))?;
    let known = all.into_iter().filter_map(|one| {
        let read = serde_json::from_str(one.get());
        read.inspect_err(|error| tracing::debug!(%error, "news that this version does not know"))
            .ok()
    });
    Ok(known.map(elsewhere).collect())
}

/// As it is told at this server.
fn elsewhere(mut announcement: Announcement) -> Announcement {
    if let Announcement::Event(Event::Typing { subscriber, .. }) = &mut announcement {
        *subscriber = subscriber.elsewhere();
    }
    announcement
}

/// A row's number, and what it says if it can be read.
pub(super) type News = (i64, Result<Vec<Announcement>>);

/// A row of [`NEWS`].
pub(super) fn piece(row: &Row<'_>) -> Result<News> {
    Ok((row.get("number")?, read(row.text("told")?)))
}

impl View<'_> {
    /// The next news after this number.
    pub(super) fn news_after(&self, last: i64) -> Result<Vec<News>> {
        self.all(NEWS, (last, ROWS), piece)
    }

    /// Is this row there, of that commit?
    pub(super) fn has_news(&self, number: i64, nonce: &Nonce) -> Result<bool> {
        let count = self.count(
            "SELECT count(*) FROM news WHERE number = $1 AND nonce = $2",
            (number, nonce),
        )?;
        Ok(count > 0)
    }

    /// On a file: what a server that has just read everything need not hear; `None` on PostgreSQL.
    pub(in crate::core) fn mailbox(&self) -> Result<Option<Mailbox>> {
        if self.conn.sqlite().is_none() {
            return Ok(None);
        }
        let last = self.count("SELECT coalesce(max(number), 0) FROM news", ())?;
        Ok(Some(Mailbox {
            last,
            version: None,
            looked: Instant::now(),
        }))
    }
}

impl Tx<'_> {
    /// Deletes news that everybody has heard.
    pub(in crate::core) fn delete_news_before(&self, before: Time) -> Result<()> {
        self.write("DELETE FROM news WHERE at < $1", [before.0])
    }

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
pub(in crate::core) struct Mailbox {
    last: i64,
    /// SQLite's number for the changes that others have made; `None` before the first look.
    version: Option<i64>,
    looked: Instant,
}

impl Mailbox {
    /// Is it time to look although nothing is to be written?
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOK
    }

    /// Hands over what was left since the last look, commit by commit.
    pub fn look(&mut self, view: &View<'_>, tell: impl FnMut(Vec<Announcement>)) {
        self.looked = Instant::now();
        if let Err(error) = self.read(view, tell) {
            // It is there at the next look.
            tracing::warn!(%error, "news from another process could not be read");
        }
    }

    fn read(&mut self, view: &View<'_>, mut tell: impl FnMut(Vec<Announcement>)) -> Result<()> {
        let version = Some(view.count("PRAGMA data_version", ())?);
        if self.version == version {
            return Ok(());
        }
        // What was left before the server began is in its memory already.
        let mut is_full = self.version.is_none();
        loop {
            let rows = view.news_after(self.last)?;
            if rows.is_empty() {
                break;
            }
            is_full = true;
            for (number, announced) in rows {
                self.last = number;
                match announced {
                    Ok(announced) => tell(announced),
                    Err(error) => tracing::error!(%error, number, "news are lost"),
                }
            }
        }
        if is_full {
            forget(view, self.last);
        }
        self.version = version;
        Ok(())
    }
}

/// Deletes news that need not be read any more: otherwise they would stay in the file for ever.
fn forget(view: &View<'_>, upto: i64) {
    if let Err(error) = view.conn.run("DELETE FROM news WHERE number <= $1", [upto]) {
        // They are deleted with the next ones, or at the next start.
        tracing::debug!(%error, "news that were heard are kept");
    }
}
