//! Backups that a server makes by itself: when the next one is due, what it is called, and which ones go.
//!
//! Each has a number and a time in its name. The newest is the one with the highest number, whatever the clock said; the
//! time is only for when the next one is due.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use super::backup;
use super::time::Time;

const PREFIX: &str = "chat-backup-";
const ENDING: &str = ".db";
/// Numbers have at least so many digits, and at most so many that counting on never overflows.
const DIGITS: usize = 6;
const MOST_DIGITS: usize = 15;
/// What else must be free on the disk, beside the bytes of the copy.
const SPARE: u64 = 16 << 20;

/// The folder in which one server keeps its backups.
pub struct BackupFolder {
    directory: PathBuf,
    every: Duration,
    keep: usize,
    /// When the newest one was made at the start; `None`: none was, or the clock was ahead then.
    pub last: Option<Time>,
    _lock: File,
}

/// How backups have gone so far.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub every: Duration,
    pub last: Option<Time>,
    /// The last failure, and why.
    pub failed: Option<(Time, String)>,
    /// The last try was that failure.
    pub is_failing: bool,
    pub failures: u64,
}

/// A finished backup.
struct Kept {
    number: u64,
    at: Time,
    path: PathBuf,
}

impl BackupFolder {
    /// Takes a folder for the backups of one server, which must be there. `every` is more than no time at all, and `keep`
    /// at least 1.
    ///
    /// # Errors
    /// What is wrong with it, and what to do: it is missing, cannot be written, or another server has it.
    pub fn open(directory: &Path, every: Duration, keep: usize) -> anyhow::Result<Self> {
        let name = directory.display();
        if !directory.is_dir() {
            bail!("--backup-dir {name} is no directory: make it with mkdir -p {name}");
        }
        let lock = File::open(directory);
        let lock = lock.with_context(|| format!("--backup-dir {name} cannot be read"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("--backup-dir {name} is another server's: give each a directory of its own")
            }
            // Some network file systems have no locks.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "the directory for backups cannot be locked");
            }
        }
        tempfile::tempfile_in(directory)
            .with_context(|| format!("--backup-dir {name} cannot be written"))?;
        let mut folder = Self {
            directory: directory.to_path_buf(),
            every,
            keep,
            last: None,
            _lock: lock,
        };
        let (kept, now) = (folder.kept(), Time::now());
        let kept = kept.with_context(|| format!("--backup-dir {name} cannot be read"))?;
        let past = kept.iter().map(|one| one.at).filter(|at| *at <= now);
        folder.last = past.max();
        Ok(folder)
    }

    /// When the newest backup in a folder was made, which may be a running server's.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn newest(directory: &Path) -> io::Result<Option<Time>> {
        Ok(kept_in(directory)?.last().map(|newest| newest.at))
    }

    pub fn every(&self) -> Duration {
        self.every
    }

    /// Is it time for the next one? A last one from the future says only that the clock was set back.
    pub fn is_due(&self, last: Option<Time>, now: Time) -> bool {
        last.is_none_or(|last| last > now || now.since(last) >= self.every)
    }

    /// Makes a backup, reads it back from the disk, and removes the oldest ones beyond those to keep; answers its file name.
    /// Blocks for as long as it takes.
    ///
    /// # Errors
    /// Why there is no new backup. Then none was removed.
    pub fn make(&self, db: &Path, now: Time) -> anyhow::Result<String> {
        self.clear_unfinished()?;
        let needed = backup::bytes_of(db) + SPARE;
        let room = backup::room(&self.directory);
        if let Some(room) = room.filter(|room| *room < needed) {
            bail!(
                "{} MiB are free in {}, and {} MiB are needed",
                room >> 20,
                self.directory.display(),
                needed >> 20
            );
        }
        let last = self.kept()?.last().map_or(0, |newest| newest.number);
        let name = name(last + 1, now);
        backup::make_verified(db, &self.directory.join(&name))?;
        if let Err(error) = self.rotate() {
            tracing::warn!(%error, "a backup was made, and an old one could not be removed");
        }
        Ok(name)
    }

    /// Removes all but the newest ones. Called only when the very newest has just been found sound.
    fn rotate(&self) -> io::Result<()> {
        let kept = self.kept()?;
        let over = kept.len().saturating_sub(self.keep.max(1));
        kept.iter()
            .take(over)
            .try_for_each(|old| fs::remove_file(&old.path))
    }

    /// Removes what a crash has left unfinished.
    fn clear_unfinished(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(&self.directory).map_err(|e| self.unreadable(e))? {
            let entry = entry.map_err(|e| self.unreadable(e))?;
            let file_name = entry.file_name();
            let ours = file_name.to_str().and_then(|name| {
                let (finished, rest) = name.split_once(".partial")?;
                let is_ours = read(finished).is_some();
                (is_ours && (rest.is_empty() || rest.starts_with('-'))).then_some(())
            });
            if ours.is_some() && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn unreadable(&self, error: io::Error) -> anyhow::Error {
        anyhow!("{} cannot be read: {error}", self.directory.display())
    }

    fn kept(&self) -> io::Result<Vec<Kept>> {
        kept_in(&self.directory)
    }
}

/// The finished backups in a folder, by number. Whatever is named otherwise is not ours.
fn kept_in(directory: &Path) -> io::Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some((number, at)) = file_name.to_str().and_then(read) else {
            continue;
        };
        if entry.file_type()?.is_file() {
            let path = entry.path();
            kept.push(Kept { number, at, path });
        }
    }
    kept.sort_by_key(|one| one.number);
    Ok(kept)
}

/// `chat-backup-000042-20260131T040000Z.db`
fn name(number: u64, at: Time) -> String {
    let iso = at.iso();
    let seconds: String = iso
        .chars()
        .take(19)
        .filter(|c| !"-:".contains(*c))
        .collect();
    format!("{PREFIX}{number:0DIGITS$}-{seconds}Z{ENDING}")
}

/// The number and the time in the name of a finished backup; `None` for every other name.
fn read(text: &str) -> Option<(u64, Time)> {
    let inner = text.strip_prefix(PREFIX)?.strip_suffix(ENDING)?;
    let (number, at) = inner.split_once('-')?;
    let is_number = number.len() <= MOST_DIGITS && number.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = is_number.then(|| number.parse().ok()).flatten()?;
    let at = Time::from_iso(at)?;
    (name(number, at) == text).then_some((number, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_no_others() {
        let at = Time::from_iso("2026-01-31T04:00:00Z").expect("a time");
        let written = name(42, at);
        assert_eq!(written, "chat-backup-000042-20260131T040000Z.db");
        assert_eq!(read(&written), Some((42, at)));
        for other in [
            "chat-backup-42-20260131T040000Z.db",
            "chat-backup-000042-20260131T040000Z.db.partial",
            "chat-backup-000042-2026-01-31T04:00:00Z.db",
            "chat-backup-000042-soon.db",
            "chat-backup-.db",
            "chat-backup-9999999999999999-20260131T040000Z.db",
            "chat.db",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_clock_that_jumps_is_borne() {
        let folder = tempfile::tempdir().expect("a folder");
        let day = Duration::from_secs(86_400);
        let at = |iso: &str| Time::from_iso(iso).expect("a time");
        let put = |number, iso| {
            let path = folder.path().join(name(number, at(iso)));
            fs::write(path, "").expect("a file");
        };
        put(1, "2001-01-01T00:00:00Z");
        put(2, "2999-01-01T00:00:00Z");
        put(3, "2001-01-01T12:00:00Z");
        let backups = BackupFolder::open(folder.path(), day, 2).expect("it is there");
        // The one from the future does not count.
        assert_eq!(backups.last, Some(at("2001-01-01T12:00:00Z")));
        for (now, due) in [
            ("2001-01-01T12:00:01Z", false),
            ("2001-01-02T11:59:59Z", false),
            ("2001-01-02T12:00:00Z", true),
            ("2000-01-01T00:00:00Z", true),
        ] {
            assert_eq!(backups.is_due(backups.last, at(now)), due, "{now}");
        }
        // The newest are those that were made last.
        backups.rotate().expect("it can be written");
        let numbers: Vec<_> = backups
            .kept()
            .expect("a folder")
            .iter()
            .map(|one| one.number)
            .collect();
        assert_eq!(numbers, [2, 3]);
    }
}
