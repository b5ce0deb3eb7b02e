//! What is left to delete of accounts that were removed, a little at a time: memberships, files, and messages if they are
//! to go. The database knows what is left, so a restart changes nothing.

use std::time::{Duration, Instant};

use super::error::{Error, Result};
use super::model::AccountId;
pub use super::store::Erasure;
use super::store::{Tx, View};
use super::{change, conversation};

/// What one step ends or deletes at most.
const MEMBERSHIPS: u32 = 64;
const FILES: u32 = 16;
const FILE_BYTES: u64 = 16 << 20;
/// A step that has deleted messages for so long deletes no more: a message that very many have not read takes long.
const LONG: Duration = Duration::from_millis(5);

/// Begins with an account that is being removed: what is little is gone at once.
pub(in crate::core) fn begin(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    tx.delete_blocks_by(account)?;
    match end_memberships_and_files(tx, account, false)? {
        true => tx.insert_erasure(account, false),
        false => Ok(()),
    }
}

/// All messages and files of the removed account go too.
pub(in crate::core) fn also_messages(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    tx.insert_erasure(account, true)
}

/// What the next step deletes; `None` if nothing is left. Finding messages may take long, so it is done before the step.
pub fn next(view: &View<'_>) -> Result<Option<Erasure>> {
    view.next_erasure()
}

/// Deletes a little.
pub fn step(tx: &Tx<'_>, work: Erasure) -> Result<()> {
    let account = work.account;
    if end_memberships_and_files(tx, account, work.everything)? {
        return Ok(());
    }
    let began = Instant::now();
    for found in work.messages {
        match change::erase(tx, found.id) {
            Ok(_) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        if began.elapsed() > tx.longest_step(LONG) {
            return tx.move_erasure(account, found.at);
        }
    }
    match work.next {
        Some(next) => tx.move_erasure(account, next),
        None => tx.delete_erasure(account),
    }
}

/// Ends some memberships and deletes some files; answers whether there may be more of them.
fn end_memberships_and_files(tx: &Tx<'_>, account: AccountId, everything: bool) -> Result<bool> {
    let left = tx.memberships_to_end(account, MEMBERSHIPS)?;
    for id in &left {
        conversation::leave_for(tx, *id, account)?;
    }
    let files = tx.files_to_erase(account, everything, FILES)?;
    let mut bytes = 0;
    for file in &files {
        if bytes >= FILE_BYTES {
            return Ok(true);
        }
        // It may be the picture of a conversation.
        tx.hide_picture(file.id)?;
        tx.delete_file(file.id)?;
        bytes += file.size;
    }
    Ok(left.len() == MEMBERSHIPS as usize || files.len() == FILES as usize)
}
