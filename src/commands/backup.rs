//! `chat backup`, `chat restore`, `chat check`: copies of the database, and whether one is sound.

use std::path::Path;

use serde_json::json;

use super::{Failure, progress};
use crate::core::{admin, backup};
use crate::flags::{CopyFile, DbFile};

/// What makes copies of a PostgreSQL database, and puts them back.
const DUMP: &str = "pg_dump --format=custom copies it, also while servers run, and chat export writes what it holds";
const UNDUMP: &str = "pg_restore --clean puts back what pg_dump has written, while no server runs";
const LOOK: &str =
    "PostgreSQL looks after its files, pg_amcheck checks them, and chat doctor looks at the server";

pub async fn make(flags: &CopyFile) -> Result<(), Failure> {
    let db = super::file(&flags.file.db, DUMP)?;
    super::must_exist(db)?;
    let partial = backup::partial(&flags.copy);
    progress::show("copying", Some((&partial, db)), || {
        backup::make(db, &flags.copy)
    })?;
    if let Err(failure) = remember(flags, db).await {
        // The copy is there and sound, so this is no failure.
        tracing::warn!(%failure, "the backup could not be noted in the audit log");
    }
    if flags.file.json {
        println!("{}", json!({ "backup": flags.copy }));
    } else {
        println!("{} is a copy of {}", flags.copy.display(), db.display());
    }
    Ok(())
}

/// Notes the backup in the audit log, because the administrator's page shows when the last one was made. A file of an earlier
/// version is not touched.
async fn remember(flags: &CopyFile, db: &Path) -> Result<(), Failure> {
    if backup::is_older(db)? {
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
    let db = super::file(&flags.file.db, UNDUMP)?;
    super::must_exist(&flags.copy)?;
    let partial = backup::restoring(db);
    let kept = progress::show("restoring", Some((&partial, &flags.copy)), || {
        backup::restore(&flags.copy, db)
    })?;
    if flags.file.json {
        println!("{}", json!({ "restored": db, "kept": kept }));
        return Ok(());
    }
    println!("{} is what {} was", db.display(), flags.copy.display());
    if let Some(kept) = kept {
        println!("what it replaced is kept as {}", kept.display());
    }
    Ok(())
}

pub fn check(file: &DbFile) -> Result<(), Failure> {
    let db = super::file(&file.db, LOOK)?;
    super::must_exist(db)?;
    let checking = || backup::check(db);
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
            println!("{} is sound", db.display());
        }
        return Ok(());
    }
    Err(Failure::Damaged(wounds.join("\n")))
}
