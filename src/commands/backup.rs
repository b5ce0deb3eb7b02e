//! `chat backup`, `chat restore`, `chat check`: copies of the database, and whether one is sound.

use serde_json::json;

use super::{Failure, progress};
use crate::core::{admin, backup};
use crate::flags::{CopyFile, DbFile};

pub async fn make(flags: &CopyFile) -> Result<(), Failure> {
    super::must_exist(&flags.file.db)?;
    let partial = backup::partial(&flags.copy);
    progress::show("copying", Some((&partial, &flags.file.db)), || {
        backup::make(&flags.file.db, &flags.copy)
    })?;
    if let Err(failure) = remember(flags).await {
        // The copy is there and sound, so this is no failure.
        tracing::warn!(%failure, "the backup could not be noted in the audit log");
    }
    if flags.file.json {
        println!("{}", json!({ "backup": flags.copy }));
    } else {
        println!(
            "{} is a copy of {}",
            flags.copy.display(),
            flags.file.db.display()
        );
    }
    Ok(())
}

/// Notes the backup in the audit log, because the administrator's page shows when the last one was made. A file of an earlier
/// version is not touched.
async fn remember(flags: &CopyFile) -> Result<(), Failure> {
    if backup::is_older(&flags.file.db)? {
        return Ok(());
    }
    let core = super::visit(&flags.file.db)?;
    let copy = flags.copy.display().to_string();
    let noted = core
        .write(move |tx| admin::note(tx, None, "backup.make", &copy))
        .await;
    super::close(core).await;
    Ok(noted?)
}

pub fn restore(flags: &CopyFile) -> Result<(), Failure> {
    super::must_exist(&flags.copy)?;
    let partial = backup::restoring(&flags.file.db);
    let kept = progress::show("restoring", Some((&partial, &flags.copy)), || {
        backup::restore(&flags.copy, &flags.file.db)
    })?;
    if flags.file.json {
        println!("{}", json!({ "restored": flags.file.db, "kept": kept }));
        return Ok(());
    }
    println!(
        "{} is what {} was",
        flags.file.db.display(),
        flags.copy.display()
    );
    if let Some(kept) = kept {
        println!("what it replaced is kept as {}", kept.display());
    }
    Ok(())
}

pub fn check(file: &DbFile) -> Result<(), Failure> {
    super::must_exist(&file.db)?;
    let checking = || backup::check(&file.db);
    let (wounds, holdings) = progress::show("checking", None, checking)?;
    if file.json {
        let holds = json!({
            "accounts": holdings.accounts,
            "conversations": holdings.conversations,
            "messages": holdings.messages,
            "files": holdings.files,
        });
        println!(
            "{}",
            json!({ "sound": wounds.is_empty(), "errors": wounds, "holds": holds })
        );
    } else {
        println!(
            "{} accounts, {} conversations, {} messages, {} files",
            holdings.accounts, holdings.conversations, holdings.messages, holdings.files
        );
    }
    if wounds.is_empty() {
        if !file.json {
            println!("{} is sound", file.db.display());
        }
        return Ok(());
    }
    Err(Failure::Damaged(wounds.join("\n")))
}
