//! Copies of the whole: made while the server serves, and put back when it does not.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::OpenError;
pub use super::store::backup::{Holdings, Wounds};
use super::store::backup::{copy, examine};
use super::store::{leap, schema};
use super::time::Time;

/// Writes a consistent copy of a database to a new file; complete, or not there at all.
///
/// # Errors
/// Where there is a file already, or either cannot be used.
pub fn make(db: &Path, to: &Path) -> Result<(), OpenError> {
    if to.exists() {
        return Err(unusable(
            to,
            "it is there already, and a backup replaces nothing",
        ));
    }
    let partial = partial(to);
    fs::remove_file(&partial)
        .or_else(absent)
        .map_err(|e| unusable(&partial, e))?;
    copy(db, &partial)?;
    settle(&partial, to).map_err(|e| unusable(to, e))
}

/// What a copy is called until it is whole.
pub fn partial(to: &Path) -> PathBuf {
    beside(to, "partial")
}

/// What a database that is put back is called until it is whole.
pub fn restoring(db: &Path) -> PathBuf {
    beside(db, "restoring")
}

/// Is it of an older version? Whatever opens it for more than a copy brings it up to date.
///
/// # Errors
/// Where it is no database of ours, or cannot be read.
pub fn is_older(db: &Path) -> Result<bool, OpenError> {
    schema::is_older(db)
}

/// Looks for damage; none where the list is empty.
///
/// # Errors
/// Where it is no database of ours, or cannot be read.
pub fn check(db: &Path) -> Result<(Wounds, Holdings), OpenError> {
    examine(db)
}

/// Puts a backup in the place of a database that no server runs on. Answers where the replaced one is now. Whatever the
/// replaced one gave out, tokens and ids, means nothing in the new one.
///
/// # Errors
/// Where the backup is not sound, or a server runs: nothing was changed then.
pub fn restore(backup: &Path, db: &Path) -> Result<Option<PathBuf>, OpenError> {
    let (wounds, _) = examine(backup)?;
    if let Some(first) = wounds.first() {
        return Err(unusable(backup, format!("it is damaged: {first}")));
    }
    let partial = restoring(db);
    fs::remove_file(&partial)
        .or_else(absent)
        .map_err(|e| unusable(&partial, e))?;
    copy(backup, &partial)?;
    // Held until the new file is in place.
    let replaced = db.exists().then(|| schema::lock(db)).transpose()?;
    if replaced.is_some() {
        // What is in the write-ahead log belongs to the old one.
        schema::fold_in(db)?;
    }
    leap::put_back(&partial, replaced.is_some().then_some(db))
        .map_err(|e| unusable(&partial, format!("{e:#}")))?;
    let kept = match replaced {
        Some(_) => {
            let kept = beside(db, &format!("before-restore-{}", Time::now().0));
            fs::rename(db, &kept).map_err(|e| unusable(&kept, e))?;
            // Should it ever be served again. A damaged one cannot be marked.
            leap::mark_copy(&kept).ok();
            Some(kept)
        }
        None => None,
    };
    settle(&partial, db).map_err(|e| unusable(db, e))?;
    Ok(kept)
}

/// Presses a finished file onto the disk and gives it its name.
fn settle(partial: &Path, name: &Path) -> io::Result<()> {
    fs::set_permissions(partial, Permissions::from_mode(0o600))?;
    File::open(partial)?.sync_all()?;
    fs::rename(partial, name)?;
    let directory = name
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn unusable(path: &Path, cause: impl ToString) -> OpenError {
    OpenError::Unusable {
        path: path.to_path_buf(),
        cause: cause.to_string(),
    }
}
