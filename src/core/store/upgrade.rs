//! The parts of the step from version 1 to version 2 that SQL cannot do.

use std::collections::{BTreeSet, HashSet};

use rusqlite::Transaction;

use super::attached::NAMED;
use crate::core::id::Spelling;
use crate::core::{file_path, identity};

/// Gives every name, username and address its key. In version 1 two accounts could have names or addresses that are equal now:
/// the one with a proven address gets the key, or else the older one. The other keeps its name and address to show, but
/// has no key: it cannot log in by them, and an administrator finds it by its id.
pub(super) fn fill_keys(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut found = tx.prepare(
        "SELECT id, name, username, email FROM accounts WHERE removed_at IS NULL ORDER BY proven_at IS NULL, id",
    )?;
    let mut rows = found.query(())?;
    let mut update = tx.prepare(
        "UPDATE accounts SET username_key = $1, email_key = $2, name_key = $3 WHERE id = $4",
    )?;
    let (mut usernames, mut emails) = (HashSet::new(), HashSet::new());
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let name: String = row.get("name")?;
        let username: Option<String> = row.get("username")?;
        let email: Option<String> = row.get("email")?;
        let username = username.map(|name| identity::name_key(&name));
        let email = email.map(|email| identity::email_key(&email));
        let (two_names, two_emails) = (
            username
                .as_ref()
                .is_some_and(|key| !usernames.insert(key.clone())),
            email
                .as_ref()
                .is_some_and(|key| !emails.insert(key.clone())),
        );
        if two_names || two_emails {
            tracing::warn!(
                id,
                two_names,
                two_emails,
                "an account's name or address is another one's, spelled differently"
            );
        }
        let username = username.filter(|_| !two_names);
        let email = email.filter(|_| !two_emails);
        update.execute((username, email, identity::name_key(&name), id))?;
    }
    Ok(())
}

/// Notes which files the messages of version 1 link to. It accepted any path and any file. A path that is no file's is
/// replaced by one that leads nowhere. A file that the author had no access to is not noted: the message opens it to
/// nobody.
pub(super) fn fill_attached(tx: &Transaction<'_>, spelling: &Spelling) -> rusqlite::Result<()> {
    let mut all = tx.prepare(
        "SELECT a.message, a.position, a.url, m.conversation, m.author
         FROM attachments a JOIN messages m ON m.id = a.message
         WHERE a.url LIKE '/%' ORDER BY a.message, a.position",
    )?;
    let mut theirs = tx.prepare(
        "SELECT EXISTS (SELECT 1 FROM files WHERE id = $1 AND ready = 1 AND (public = 1 OR uploader = $2 OR conversation = $3))",
    )?;
    let mut note =
        tx.prepare("UPDATE attachments SET file = $1 WHERE message = $2 AND position = $3")?;
    let mut lead_nowhere =
        tx.prepare("UPDATE attachments SET url = $1 WHERE message = $2 AND position = $3")?;
    let mut named = tx.prepare(NAMED)?;
    let (mut rows, mut before) = (all.query(())?, BTreeSet::new());
    while let Some(row) = rows.next()? {
        let (message, position): (i64, i64) = (row.get(0)?, row.get(1)?);
        let url: String = row.get(2)?;
        let (conversation, author): (i64, i64) = (row.get(3)?, row.get(4)?);
        let Some(file) = file_path::at(spelling, &url) else {
            lead_nowhere.execute((file_path::NOWHERE, message, position))?;
            continue;
        };
        let file = file.id.number();
        if !theirs.query_row((file, author, conversation), |row| row.get::<_, bool>(0))? {
            continue;
        }
        note.execute((file, message, position))?;
        // However often a message links to a file, it counts once.
        before.retain(|(other, _)| *other == message);
        if before.insert((message, file)) {
            named.execute((file, conversation))?;
        }
    }
    Ok(())
}
