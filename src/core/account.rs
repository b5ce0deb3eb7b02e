//! Signing up, proving an address, choosing a new password; and whom an address or a name belongs to.

use super::code::{self, Purpose};
use super::error::{Error, Fault, Result};
use super::invitation::{self, Newcomer};
use super::model::{Account, AccountId, FileId, Listed, Page, Person, Picture, StateChange};
pub use super::store::Profile;
use super::store::{NewAccount, Tx, View};
use super::{device, first_room, text};

/// Somebody who signs up: name and address. The password is hashed before the verb runs.
#[derive(Debug)]
pub struct SignUp {
    /// Which dialect asked.
    pub home: &'static str,
    pub name: String,
    /// Is the name a username, which only one account may have?
    pub username: bool,
    pub email: String,
}

impl SignUp {
    /// The same, trimmed of white space, and what is wrong with it and with the password.
    pub fn checked(
        mut self,
        name_field: &str,
        password: &str,
    ) -> std::result::Result<Self, Vec<Fault>> {
        self.name = self.name.trim().to_owned();
        self.email = self.email.trim().to_owned();
        let mut faults = Vec::new();
        let wrong = [
            (name_field, text::wrong_with_name(&self.name)),
            ("email", text::wrong_with_email(&self.email)),
            ("password", text::wrong_with_password(password)),
        ];
        for (field, wrong) in wrong {
            faults.extend(wrong.map(|wrong| Fault::new(field, wrong)));
        }
        if faults.is_empty() {
            Ok(self)
        } else {
            Err(faults)
        }
    }
}

/// What somebody brings who signs up.
#[derive(Debug, Default)]
pub struct Brought {
    /// The token of an invitation.
    pub invitation: Option<String>,
    /// The token that a right code gave, which proves the address.
    pub proof: Option<String>,
}

/// May this person sign up, as it stands now? Asked before the slow hash; [`sign_up`] asks again.
///
/// # Errors
/// `Forbidden`, for an address that the token does not prove, and as [`invitation::may_sign_up`].
pub fn may_sign_up(view: &View<'_>, new: &SignUp, brought: &Brought) -> Result<()> {
    if let Some(token) = &brought.proof {
        code::proven(view, Purpose::SignUp, &new.email, None, Some(token))?;
    }
    invitation::may_sign_up(view, newcomer(new, brought))
}

fn newcomer<'a>(new: &'a SignUp, brought: &'a Brought) -> Newcomer<'a> {
    Newcomer {
        email: Some(&new.email),
        proven: brought.proof.is_some(),
        invitation: brought.invitation.as_deref(),
    }
}

/// Makes the account of somebody who asks for one, if they may have it. If they have proven the address, and somebody else
/// has signed up with it without that, the account is theirs now.
///
/// # Errors
/// As [`may_sign_up`], first of all; `Taken` if the address or the username is somebody's.
pub fn sign_up(
    tx: &Tx<'_>,
    new: &SignUp,
    password_hash: String,
    brought: &Brought,
) -> Result<AccountId> {
    may_sign_up(tx, new, brought)?;
    invitation::let_in(tx, newcomer(new, brought), || {
        if brought.proof.is_none() {
            return insert(tx, new, password_hash);
        }
        code::spend(tx, Purpose::SignUp, &new.email)?;
        match unproven(tx, &new.email)? {
            Some(known) => {
                tx.name_account(known, &new.name, new.username.then_some(&*new.name))?;
                take_over(tx, known, Some(&password_hash))?;
                tx.announce(StateChange::ProfileChanged(known));
                Ok(known)
            }
            None => {
                let id = insert(tx, new, password_hash.clone())?;
                tx.prove_account(id, Some(&password_hash))?;
                Ok(id)
            }
        }
    })
}

/// The account whose owner has not proven that this address is theirs.
///
/// # Errors
/// `Taken` if an owner has.
fn unproven(tx: &Tx<'_>, email: &str) -> Result<Option<AccountId>> {
    match tx.account_by_email(email)? {
        Some(known) if known.proven_at.is_some() => Err(Error::Taken("Email")),
        known => Ok(known.map(|known| known.id)),
    }
}

/// Makes the account, whoever may sign up.
///
/// # Errors
/// `Taken` if the address or the username is somebody's.
pub fn make(tx: &Tx<'_>, new: &SignUp, password_hash: String) -> Result<AccountId> {
    let id = insert(tx, new, password_hash)?;
    first_room::welcome(tx, id)?;
    Ok(id)
}

fn insert(tx: &Tx<'_>, new: &SignUp, password_hash: String) -> Result<AccountId> {
    let id = tx.insert_account(&NewAccount {
        home: new.home,
        username: new.username.then(|| new.name.clone()),
        name: new.name.clone(),
        email: Some(new.email.clone()),
        password: Some(password_hash),
        external: None,
    })?;
    tx.announce(StateChange::AccountChanged(id));
    Ok(id)
}

/// Makes the account of an address that its owner has proven, from this client or with this token. If somebody else has
/// signed up with that address without proving it, the account is the owner's now: the old password and devices are
/// void.
///
/// # Errors
/// `Forbidden` if nothing was proven, and as [`invitation::may_sign_up`]; `Taken` if the address is an owner's already.
pub fn register(
    tx: &Tx<'_>,
    email: &str,
    profile: &Profile,
    password_hash: &str,
    client: Option<&str>,
    token: Option<&str>,
    invitation: Option<&str>,
) -> Result<AccountId> {
    code::proven(tx, Purpose::SignUp, email, client, token)?;
    code::spend(tx, Purpose::SignUp, email)?;
    let newcomer = Newcomer {
        email: Some(email),
        proven: true,
        invitation,
    };
    invitation::let_in(tx, newcomer, || {
        let id = match unproven(tx, email)? {
            Some(known) => known,
            None => tx.insert_account(&NewAccount {
                home: profile.home,
                name: profile.name.clone(),
                username: None,
                email: Some(email.to_owned()),
                password: None,
                external: None,
            })?,
        };
        take_over(tx, id, Some(password_hash))?;
        tx.update_profile(id, profile)?;
        tx.announce(StateChange::ProfileChanged(id));
        Ok(id)
    })
}

/// Sets a new password for somebody who has proven the address; all devices end.
///
/// # Errors
/// `Forbidden` if nothing was proven.
pub fn reset_password(
    tx: &Tx<'_>,
    email: &str,
    password_hash: &str,
    client: Option<&str>,
    token: Option<&str>,
) -> Result<()> {
    code::proven(tx, Purpose::Reset, email, client, token)?;
    code::spend(tx, Purpose::Reset, email)?;
    give_password(tx, email, password_hash)
}

/// Sets a new password for the holder of a mailed link's token; all devices end.
///
/// # Errors
/// `Invalid` for a token that is wrong, used or expired.
pub fn reset_by_link(tx: &Tx<'_>, token: &str, password_hash: &str) -> Result<()> {
    let email = code::redeem(tx, Purpose::Link, token)?;
    give_password(tx, &email, password_hash)
}

fn give_password(tx: &Tx<'_>, email: &str, password_hash: &str) -> Result<()> {
    let account = tx.account_by_email(email)?.ok_or(Error::NotFound("User"))?;
    take_over(tx, account.id, Some(password_hash))
}

/// Hands the account to whoever has proven its address: a new password, and all devices end.
pub(in crate::core) fn take_over(
    tx: &Tx<'_>,
    id: AccountId,
    password_hash: Option<&str>,
) -> Result<()> {
    tx.prove_account(id, password_hash)?;
    device::end_all(tx, id)?;
    tx.announce(StateChange::AccountChanged(id));
    Ok(())
}

/// Sets somebody's profile picture. The one before is deleted if it is shared nowhere.
///
/// # Errors
/// `NotFound`.
pub fn show_picture(tx: &Tx<'_>, id: AccountId, file: FileId) -> Result<()> {
    let before = get(tx, id)?.picture;
    tx.update_picture(id, &Picture::Kept(file))?;
    let_go(tx, before)?;
    tx.announce(StateChange::ProfileChanged(id));
    Ok(())
}

/// Takes somebody's profile picture away.
///
/// # Errors
/// `NotFound`.
pub(in crate::core) fn show_no_picture(tx: &Tx<'_>, id: AccountId) -> Result<()> {
    let before = get(tx, id)?.picture;
    tx.blank_picture(id)?;
    let_go(tx, before)?;
    tx.announce(StateChange::ProfileChanged(id));
    Ok(())
}

fn let_go(tx: &Tx<'_>, before: Option<Picture>) -> Result<()> {
    match before {
        Some(Picture::Kept(file)) => tx.let_go_of_picture(file),
        Some(Picture::Elsewhere(_)) | None => Ok(()),
    }
}

/// Everybody, a page at a time.
pub fn people(view: &View<'_>, page: Page) -> Result<Listed<Person>> {
    view.people(page)
}

/// Is there an account with this address, and has its owner proven it?
pub fn known_address(view: &View<'_>, email: &str) -> Result<Option<Account>> {
    view.account_by_email(email)
}

/// Gives somebody the administrator's rights.
pub fn make_admin(tx: &Tx<'_>, id: AccountId) -> Result<()> {
    tx.update_admin(id, true)?;
    tx.announce(StateChange::AccountChanged(id));
    first_room::welcome(tx, id)
}

/// Whom this address belongs to, and the hash of the password that proves it.
pub fn with_email(view: &View<'_>, email: &str) -> Result<Option<(Account, Option<String>)>> {
    let Some(account) = view.account_by_email(email.trim())? else {
        return Ok(None);
    };
    let hash = view.password_hash(account.id)?;
    Ok(Some((account, hash)))
}

/// The account that an operator typed: a name, an e-mail address or a decimal id; a prefix `id:`, `email:` or `name:` says
/// which.
///
/// # Errors
/// `NotFound`, and `Malformed` if it could be several accounts: an operator must not hit the wrong one.
pub fn found(view: &View<'_>, typed: &str) -> Result<Account> {
    let by_id = |typed: &str| -> Result<Option<Account>> {
        let id = typed.parse().ok().and_then(AccountId::new);
        Ok(id.map(|id| view.account(id)).transpose()?.flatten())
    };
    let (sort, rest) = typed.split_once(':').unwrap_or_default();
    let fitting = match sort {
        "id" => by_id(rest)?.into_iter().collect(),
        "email" => view.account_by_email(rest)?.into_iter().collect(),
        "name" => view.accounts_named(rest)?,
        _ => {
            let mut fitting = view.accounts_named(typed)?;
            fitting.extend(by_id(typed)?);
            fitting.extend(view.account_by_email(typed)?);
            fitting
        }
    };
    let mut different = Vec::<Account>::new();
    for account in fitting {
        if !different.iter().any(|known| known.id == account.id) {
            different.push(account);
        }
    }
    match different.len() {
        0 | 1 => different.pop().ok_or(Error::NotFound("User")),
        _ => Err(Error::Malformed(several(typed, &different))),
    }
}

/// `2 could be ann (ann@example.test, id 2) or 2 (two@example.test, id 7): say id:2, or id:7`
fn several(typed: &str, fitting: &[Account]) -> String {
    let described = fitting.iter().map(|account| {
        let email = account.email.as_deref().unwrap_or("no address");
        format!("{} ({email}, id {})", account.name, account.id.number())
    });
    let said = fitting
        .iter()
        .map(|account| format!("id:{}", account.id.number()));
    format!(
        "{typed} could be {}: say {}",
        described.collect::<Vec<_>>().join(" or "),
        said.collect::<Vec<_>>().join(" or "),
    )
}

/// Stores a password that was just right with the bcrypt cost of today: with different costs, the time of a login would
/// tell who has an account. The password is the same, so nobody is logged out.
pub fn hash_anew(tx: &Tx<'_>, id: AccountId, old: &str, new: &str) -> Result<()> {
    if tx.replace_hash(id, old, new)? {
        tx.announce(StateChange::AccountChanged(id));
    }
    Ok(())
}

/// The account with this id.
///
/// # Errors
/// `NotFound`.
pub fn get(view: &View<'_>, id: AccountId) -> Result<Account> {
    view.account(id)?.ok_or(Error::NotFound("User"))
}
