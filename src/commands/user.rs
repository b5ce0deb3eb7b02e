//! `chat user …`: manages accounts; a running server learns of changes within a second.

use std::io::{IsTerminal, Read};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::{Failure, close, table, visit, visit_to_hash};
use crate::core::admin::{self, Change, NewPerson, PeopleOrder, PersonSeen};
use crate::core::error::Result as Verdict;
use crate::core::model::{Account, Page};
use crate::core::{Core, Tx, account, text};
use crate::flags::{self, PasswordSource, UserAdd, UserCommand, UserList, UserOnly, UserPassword};

/// How many accounts a list shows.
const SHOWN: u32 = 1_000;

pub async fn run(command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add(add) => make(add).await,
        UserCommand::List(list) => show(list).await,
        UserCommand::Password(password) => give_password(password).await,
        UserCommand::Suspend(only) => suspend(only, true).await,
        UserCommand::Resume(only) => suspend(only, false).await,
        UserCommand::Remove(only) => {
            act(only, "removed", |tx, account| {
                admin::remove(tx, None, account.id)
            })
            .await
        }
    }
}

async fn make(add: UserAdd) -> Result<(), Failure> {
    let core = visit_to_hash(&add.file.db, &add.password)?;
    let new = new_person(&core, add.name, add.email, &add.password).await;
    let made = match new {
        Ok(new) => {
            let admin = add.admin;
            let written = core.write(move |tx| admin::add(tx, None, NewPerson { admin, ..new }));
            written.await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    close(core).await;
    tell(add.file.json, &made?, "made");
    Ok(())
}

/// A new person with the password from this source, hashed.
pub async fn new_person(
    core: &Core,
    name: String,
    email: String,
    source: &PasswordSource,
) -> Result<NewPerson, Failure> {
    let hash = core.passwords().hash(password(source)?).await?;
    Ok(NewPerson {
        name,
        username: true,
        email,
        password_hash: Some(hash),
        admin: false,
    })
}

/// The password, checked: from the file, from standard input, or typed twice at the terminal.
pub fn password(source: &PasswordSource) -> Result<String, Failure> {
    let given = match &source.password_file {
        Some(path) => flags::secret("--password-file", path)?,
        None if std::io::stdin().is_terminal() => {
            let once =
                rpassword::prompt_password("Password: ").context("the terminal cannot be read")?;
            let twice =
                rpassword::prompt_password("Again: ").context("the terminal cannot be read")?;
            if once != twice {
                return Err(anyhow!("the two passwords are not the same").into());
            }
            once
        }
        None => {
            let mut input = String::new();
            std::io::stdin()
                .read_to_string(&mut input)
                .context("standard input cannot be read")?;
            input.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    match text::wrong_with_password(&given) {
        Some(wrong) => Err(anyhow!(
            "the password {wrong}; give it on standard input or with --password-file"
        )
        .into()),
        None => Ok(given),
    }
}

async fn show(list: UserList) -> Result<(), Failure> {
    let core = visit(&list.file.db)?;
    let page = Page {
        page: 1,
        limit: SHOWN,
        descending: true,
    };
    let people = core
        .read(move |view| admin::people(view, list.search.as_deref(), PeopleOrder::Newest, page))
        .await;
    close(core).await;
    let people = people?;
    if list.file.json {
        println!("{}", people.items.iter().map(shape).collect::<Value>());
        return Ok(());
    }
    let rows: Vec<_> = people.items.iter().map(row).collect();
    table::print(["id", "name", "email", "is", "made", "last seen"], &rows);
    if people.total > i64::from(SHOWN) {
        println!("and {} more", people.total - i64::from(SHOWN));
    }
    Ok(())
}

fn row(seen: &PersonSeen) -> [String; 6] {
    let account = &seen.account;
    let is = match (account.suspended_at, account.admin) {
        (Some(_), _) => "suspended",
        (None, true) => "administrator",
        (None, false) => "",
    };
    let day = |time: crate::core::model::Time| time.iso().chars().take(10).collect();
    [
        account.id.number().to_string(),
        account.name.clone(),
        account.email.clone().unwrap_or_default(),
        is.to_owned(),
        day(account.created_at),
        seen.seen_at.map_or(String::new(), day),
    ]
}

fn shape(seen: &PersonSeen) -> Value {
    let mut shape = brief(&seen.account);
    shape["createdAt"] = json!(seen.account.created_at.iso());
    shape["lastSeenAt"] = json!(seen.seen_at.map(|at| at.iso()));
    shape["devices"] = seen.devices.into();
    shape
}

fn brief(account: &Account) -> Value {
    json!({
        "id": account.id.number(),
        "name": account.name,
        "email": account.email,
        "admin": account.admin,
        "suspended": account.suspended_at.is_some(),
    })
}

async fn give_password(flags: UserPassword) -> Result<(), Failure> {
    let core = visit_to_hash(&flags.file.db, &flags.password)?;
    let changed = async {
        let hash = core.passwords().hash(password(&flags.password)?).await?;
        let change = Change {
            password_hash: Some(hash),
            ..Change::default()
        };
        let written = core.write(move |tx| {
            let id = account::found(tx, &flags.user)?.id;
            admin::change(tx, None, id, change)
        });
        Ok::<_, Failure>(written.await?)
    };
    let changed = changed.await;
    close(core).await;
    tell(flags.file.json, &changed?, "has a new password");
    Ok(())
}

async fn suspend(only: UserOnly, suspended: bool) -> Result<(), Failure> {
    let did = if suspended {
        "suspended"
    } else {
        "let in again"
    };
    act(only, did, move |tx, account| {
        let change = Change {
            suspended: Some(suspended),
            ..Change::default()
        };
        admin::change(tx, None, account.id, change).map(drop)
    })
    .await
}

async fn act(
    only: UserOnly,
    did: &str,
    verb: impl FnOnce(&Tx<'_>, &Account) -> Verdict<()> + Send + 'static,
) -> Result<(), Failure> {
    let core = visit(&only.file.db)?;
    let user = only.user;
    let acted = core
        .write(move |tx| {
            let account = account::found(tx, &user)?;
            verb(tx, &account)?;
            let after = account::get(tx, account.id);
            Ok(after.unwrap_or(account))
        })
        .await;
    close(core).await;
    tell(only.file.json, &acted?, did);
    Ok(())
}

/// Prints what was done.
pub fn tell(json: bool, account: &Account, did: &str) {
    if json {
        println!("{}", brief(account));
    } else {
        let email = account.email.as_deref().unwrap_or("no address");
        let id = account.id.number();
        println!("{} ({email}, id {id}) {did}", account.name);
    }
}
