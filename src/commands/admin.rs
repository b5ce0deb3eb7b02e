//! `chat admin …`: makes administrators; whoever can write the file may do it.

use serde_json::json;

use super::user::{new_person, tell};
use super::{Failure, close, visit, visit_to_hash};
use crate::core::Core;
use crate::core::admin::{self, Change, NewPerson};
use crate::core::model::Account;
use crate::core::{account, error};
use crate::flags::{AdminAdd, AdminCommand, AdminLink};

/// The URL of a server with default flags.
pub const UNTOLD: &str = "http://127.0.0.1:3000";

pub async fn run(command: AdminCommand) -> Result<(), Failure> {
    match command {
        AdminCommand::Add(add) => make(add).await,
        AdminCommand::Link(flags) => link(flags).await,
    }
}

async fn make(add: AdminAdd) -> Result<(), Failure> {
    let core = visit_to_hash(&add.file.db, &add.password)?;
    let made = promote_or_make(&core, &add).await;
    close(core).await;
    tell(add.file.json, &made?, "is an administrator");
    Ok(())
}

async fn promote_or_make(core: &Core, add: &AdminAdd) -> Result<Account, Failure> {
    if let Some(known) = promote(core, &add.email).await? {
        return Ok(known);
    }
    let name = add.name.as_deref();
    let name = name.unwrap_or_else(|| name_in(&add.email)).to_owned();
    let new = new_person(core, name, add.email.clone(), &add.password).await?;
    let new = NewPerson {
        admin: true,
        // A name that was derived from the address may be taken; that is no reason to fail.
        username: add.name.is_some(),
        ..new
    };
    Ok(core.write(move |tx| admin::add(tx, None, new)).await?)
}

/// Makes the account with this address an administrator, if there is one and somebody has proven that the address is theirs.
pub async fn promote(core: &Core, email: &str) -> error::Result<Option<Account>> {
    let email = email.to_owned();
    core.write(move |tx| {
        let known = account::known_address(tx, &email)?;
        let Some(known) = known.filter(|known| !known.is_unproven()) else {
            return Ok(None);
        };
        let change = Change {
            admin: Some(true),
            ..Change::default()
        };
        admin::change(tx, None, known.id, change).map(Some)
    })
    .await
}

/// The part of an address before the @.
pub fn name_in(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}

async fn link(flags: AdminLink) -> Result<(), Failure> {
    let core = visit(&flags.file.db)?;
    let made = core.write(|tx| Ok((admin::link(tx)?, admin::served_at(tx)?)));
    let made = made.await;
    close(core).await;
    let (token, served_at) = made?;
    let url = flags.public_url.or(served_at);
    let link = set_up_link(url.as_deref().unwrap_or(UNTOLD), &token);
    if flags.file.json {
        println!("{}", json!({ "link": link }));
    } else {
        println!("{link}");
        println!("Good for 30 minutes, once.");
    }
    Ok(())
}

/// The link whose holder becomes an administrator.
pub fn set_up_link(url: &str, token: &str) -> String {
    format!("{}/admin#setup={token}", url.trim_end_matches('/'))
}
