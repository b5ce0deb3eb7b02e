//! By what are the names and addresses of version 1 compared? Its step to version 2, as far as SQL cannot take it.

use std::collections::HashSet;

use rusqlite::Transaction;

use crate::core::identity;

/// Gives every username and address its key. Version 1 let be two what is one now: of such, who has proven the address
/// has the key, or who came first. The other one keeps what is shown; nobody finds it by it, and an administrator does by
/// its id.
pub(super) fn fill(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut found = tx.prepare(
        "SELECT id, username, email FROM accounts WHERE username IS NOT NULL OR email IS NOT NULL
         ORDER BY proven_at IS NULL, id",
    )?;
    let mut rows = found.query(())?;
    let mut update =
        tx.prepare("UPDATE accounts SET username_key = $1, email_key = $2 WHERE id = $3")?;
    let (mut usernames, mut emails) = (HashSet::new(), HashSet::new());
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
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
        update.execute((username, email.filter(|_| !two_emails), id))?;
    }
    Ok(())
}
