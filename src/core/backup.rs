//! Backups: made while a server runs, restored while none does.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use super::store::backup::{Holdings, Wounds};
use super::store::backup::{copy, examine, last_said, quick};
use super::store::identify::{beside, unusable};
use super::store::{identify, leap, schema};
use super::time::Time;
use super::{Locked, OpenError};

/// Writes a consistent copy of a database to a new file; complete, or not there at all.
///
/// # Errors
/// If the new file exists already, or either file cannot be used.
pub fn make(db: &Path, to: &Path) -> Result<(), OpenError> {
    write(db, to, |_| Ok(()))
}

/// As [`make`]; the copy is also read back from the disk and checked as by [`check`], and is not there if it is damaged.
///
/// # Errors
/// As [`make`], and if the copy is damaged.
pub fn make_verified(db: &Path, to: &Path) -> Result<(), OpenError> {
    write(db, to, |partial| {
        let flush = || -> io::Result<()> {
            let file = File::open(partial)?;
            file.sync_all()?;
            // Otherwise the check would read from memory what was written there.
            #[cfg(target_os = "linux")]
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).ok();
            Ok(())
        };
        flush().map_err(|e| unusable(partial, e))?;
        let (wounds, _) = examine(partial)?;
        match wounds.first() {
            None => Ok(()),
            Some(first) => Err(unusable(partial, format!("the copy is damaged: {first}"))),
        }
    })
}

fn write(
    db: &Path,
    to: &Path,
    check: impl FnOnce(&Path) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    if to.exists() {
        return Err(OpenError::Exists(to.to_path_buf()));
    }
    let partial = partial(to);
    fs::remove_file(&partial)
        .or_else(absent)
        .map_err(|e| unusable(&partial, e))?;
    copy(db, &partial)
        .and_then(|()| check(&partial))
        .and_then(|()| settle(&partial, to).map_err(|e| unusable(to, e)))
        .inspect_err(|_| {
            // SQLite leaves its journal behind if the disk is full.
            for left in [&partial, &beside(&partial, "-journal")] {
                fs::remove_file(left).ok();
            }
        })
}

/// Bytes that are free on the disk with this directory.
pub fn room(directory: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(directory).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// The directory of a file.
pub fn directory_of(file: &Path) -> &Path {
    let parent = file.parent();
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// The bytes of a database with its write-ahead log: a copy has no more.
pub fn bytes_of(db: &Path) -> u64 {
    size(db) + size(&log_of(db))
}

/// The write-ahead log of a database.
pub fn log_of(db: &Path) -> PathBuf {
    beside(db, "-wal")
}

/// Bytes of a file; 0 if it is not there.
pub fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// The name of a copy until it is complete.
pub fn partial(to: &Path) -> PathBuf {
    beside(to, ".partial")
}

/// The name of a restored database until it is complete.
pub fn restoring(db: &Path) -> PathBuf {
    beside(db, ".restoring")
}

/// Is it of an older version? Opening it for anything but a copy would migrate it.
///
/// # Errors
/// If it is no database of ours, or cannot be read.
pub fn is_older(db: &Path) -> Result<bool, OpenError> {
    identify::is_older(db)
}

/// Looks for damage; an empty list means that there is none.
///
/// # Errors
/// If it is no database of ours, or cannot be read.
pub fn check(db: &Path) -> Result<(Wounds, Holdings), OpenError> {
    examine(db)
}

/// Looks for damage as [`check`] does, in less time: indexes and what rows say of each other are not looked at.
///
/// # Errors
/// If it is no database of ours, or cannot be read.
pub fn quick_check(db: &Path) -> Result<Wounds, OpenError> {
    quick(db)
}

/// The time of the newest message in a file; `None` if there is none, or the file cannot be read.
pub fn last_moment(db: &Path) -> Option<Time> {
    last_said(db)
}

/// Replaces a database on which no server runs by a backup, and answers the path of the replaced one. Tokens and ids that
/// the replaced one gave out mean nothing in the new one.
///
/// # Errors
/// If the backup is damaged, or a server runs. Nothing has changed then.
pub fn restore(backup: &Path, db: &Path) -> Result<Option<PathBuf>, OpenError> {
    let (wounds, _) = examine(backup)?;
    if let Some(first) = wounds.first() {
        return Err(unusable(backup, format!("it is damaged: {first}")));
    }
    // Held until the new file is in its place.
    let replaced = db.exists().then(|| schema::lock(db)).transpose()?;
    let partial = restoring(db);
    fs::remove_file(&partial)
        .or_else(absent)
        .map_err(|e| unusable(&partial, e))?;
    copy(backup, &partial)?;
    put_in_place(&partial, db, replaced).inspect_err(|_| {
        fs::remove_file(&partial).ok();
    })
}

/// Replaces a database by a finished copy; answers the path of the replaced one.
fn put_in_place(
    partial: &Path,
    db: &Path,
    replaced: Option<Locked>,
) -> Result<Option<PathBuf>, OpenError> {
    if replaced.is_some() {
        // What is in the write-ahead log belongs to the old one.
        schema::fold_in(db)?;
    }
    let replaces = replaced.is_some().then_some(db);
    schema::open_alone(partial)
        .and_then(|conn| leap::put_back(conn, partial, replaces))
        .map_err(|e| unusable(partial, format!("{e:#}")))?;
    let kept = match replaced {
        Some(_) => {
            let kept = beside(db, &format!(".before-restore-{}", Time::now().0));
            fs::rename(db, &kept).map_err(|e| unusable(&kept, e))?;
            // So that its ids leap ahead if it is ever served again. A damaged file cannot be marked.
            leap::mark_copy(&kept).ok();
            Some(kept)
        }
        None => None,
    };
    settle(partial, db).map_err(|e| unusable(db, e))?;
    Ok(kept)
}

/// Flushes a finished file to the disk and gives it its final name.
///
/// # Errors
/// Of the file system.
pub fn settle(partial: &Path, name: &Path) -> io::Result<()> {
    fs::set_permissions(partial, Permissions::from_mode(0o600))?;
    File::open(partial)?.sync_all()?;
    fs::rename(partial, name)?;
    File::open(directory_of(name))?.sync_all()
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}
