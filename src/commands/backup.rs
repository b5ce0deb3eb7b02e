//! `chat backup`, `chat restore`, `chat check`: copies of the whole, and whether it is sound.

use serde_json::json;

use super::Failure;
use crate::core::backup;
use crate::flags::{Copy, DbFile};

pub fn make(flags: &Copy) -> Result<(), Failure> {
    super::must_exist(&flags.file.db)?;
    backup::make(&flags.file.db, &flags.copy)?;
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

pub fn restore(flags: &Copy) -> Result<(), Failure> {
    super::must_exist(&flags.copy)?;
    let kept = backup::restore(&flags.copy, &flags.file.db)?;
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
    let (wounds, holdings) = backup::check(&file.db)?;
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
