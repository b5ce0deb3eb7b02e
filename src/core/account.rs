//! Signing up, logging in, logging out.

use super::error::{Error, Fault, Result};
use super::limits;
use super::model::{Account, AccountId, DeviceId, Event, Me, Time};
use super::store::{NewAccount, Tx, View};
use super::text;

/// Somebody who signs up with a name, an address and a password that is hashed already.
#[derive(Debug)]
pub struct SignUp {
    /// Which dialect asked.
    pub home: &'static str,
    pub name: String,
    /// Is the name unique to its owner too?
    pub username: bool,
    pub email: String,
}

impl SignUp {
    /// The same with white space trimmed, and what is wrong with it and the password.
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

/// Makes the account.
///
/// # Errors
/// `Conflict` where the address or the username is taken.
pub fn sign_up(tx: &Tx<'_>, new: SignUp, password_hash: String) -> Result<AccountId> {
    let id = tx.insert_account(&NewAccount {
        home: new.home,
        username: new.username.then(|| new.name.clone()),
        name: new.name,
        email: Some(new.email),
        password: Some(password_hash),
    })?;
    tx.announce(Event::AccountChanged(id));
    Ok(id)
}

/// Gives somebody the administrator's rights.
///
/// # Errors
/// Only the database's.
pub fn make_admin(tx: &Tx<'_>, id: AccountId) -> Result<()> {
    tx.update_admin(id, true)?;
    tx.announce(Event::AccountChanged(id));
    Ok(())
}

/// Whom this address belongs to, and the hash of the password that proves it.
///
/// # Errors
/// Only the database's.
pub fn with_email(view: &View<'_>, email: &str) -> Result<Option<(Account, Option<String>)>> {
    let Some(account) = view.account_by_email(email.trim())? else {
        return Ok(None);
    };
    let hash = view.password_hash(account.id)?;
    Ok(Some((account, hash)))
}

/// The account that a person typed: a name, an e-mail address, or a decimal id.
///
/// # Errors
/// `NotFound`, and `Conflict` where a name fits several.
pub fn found(view: &View<'_>, typed: &str) -> Result<Account> {
    let by_id = typed.parse().ok().and_then(AccountId::new);
    if let Some(account) = by_id.map(|id| view.account(id)).transpose()?.flatten() {
        return Ok(account);
    }
    if let Some(account) = view.account_by_email(typed)? {
        return Ok(account);
    }
    let mut named = view.accounts_named(typed)?;
    match (named.pop(), named.pop()) {
        (None, _) => Err(Error::NotFound("User")),
        (Some(account), None) => Ok(account),
        (Some(_), Some(_)) => Err(Error::Conflict(
            "Several users have this name: give the e-mail address",
        )),
    }
}

/// The account with this id.
///
/// # Errors
/// `NotFound`.
pub fn get(view: &View<'_>, id: AccountId) -> Result<Account> {
    view.account(id)?.ok_or(Error::NotFound("User"))
}

/// Makes a device for somebody whose password was right.
///
/// # Errors
/// `Forbidden` for a suspended account.
pub fn log_in(
    tx: &Tx<'_>,
    account: AccountId,
    user_agent: &str,
    address: &str,
    expires_at: Time,
) -> Result<DeviceId> {
    let found = tx
        .account(account)?
        .ok_or(Error::Unauthorized("Invalid credentials"))?;
    if found.suspended_at.is_some() {
        return Err(Error::Forbidden("This account is suspended"));
    }
    let user_agent = text::cut(user_agent, limits::FILE_NAME_CHARS);
    let device = tx.insert_device(account, &user_agent, address, expires_at)?;
    tx.announce(Event::DeviceMade {
        device,
        account,
        expires_at,
    });
    Ok(device)
}

/// Ends the device that asks.
///
/// # Errors
/// Only the database's.
pub fn log_out(tx: &Tx<'_>, me: &Me) -> Result<()> {
    if tx.delete_device(me.device)? {
        tx.announce(Event::DeviceEnded {
            device: me.device,
            account: me.id,
        });
    }
    Ok(())
}
