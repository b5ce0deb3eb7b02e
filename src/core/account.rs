//! Signing up, logging in, logging out.

use super::code::{self, Purpose};
use super::error::{Error, Fault, Result};
use super::limits;
use super::model::{
    Account, AccountId, Device, DeviceId, Event, FileId, Listed, Me, Page, Person, Picture, Time,
};
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
/// `Taken` where the address or the username is somebody's.
pub fn sign_up(tx: &Tx<'_>, new: SignUp, password_hash: String) -> Result<AccountId> {
    let id = tx.insert_account(&NewAccount {
        home: new.home,
        username: new.username.then(|| new.name.clone()),
        name: new.name,
        email: Some(new.email),
        password: Some(password_hash),
        external: None,
    })?;
    tx.announce(Event::AccountChanged(id));
    Ok(id)
}

/// What campus asks of a person, checked by its dialect.
#[derive(Debug)]
pub struct Profile {
    pub name: String,
    pub gender: Option<String>,
    /// `YYYY-MM-DD`
    pub born_on: Option<String>,
    pub role: Option<String>,
}

/// Makes the account of an address that its owner has proven, from this client or with this token. Where somebody has
/// typed that address before without proving it, the account is the owner's now: the password and the devices of
/// whoever that was are void.
///
/// # Errors
/// `Forbidden` where nothing was proven, `Taken` where the address is an owner's already.
pub fn register(
    tx: &Tx<'_>,
    email: &str,
    profile: &Profile,
    password_hash: &str,
    client: &str,
    token: Option<&str>,
) -> Result<AccountId> {
    code::proven(tx, Purpose::SignUp, email, client, token)?;
    code::spend(tx, Purpose::SignUp, email)?;
    let id = match tx.account_by_email(email)? {
        Some(known) if known.proven_at.is_some() => return Err(Error::Taken("Email")),
        Some(known) => known.id,
        None => tx.insert_account(&NewAccount {
            home: "campus",
            name: profile.name.clone(),
            username: None,
            email: Some(email.to_owned()),
            password: None,
            external: None,
        })?,
    };
    take_over(tx, id, Some(password_hash))?;
    tx.update_profile(id, profile)?;
    Ok(id)
}

/// Gives somebody who has proven an address a new password; all devices end.
///
/// # Errors
/// `Forbidden` where nothing was proven.
pub fn reset_password(
    tx: &Tx<'_>,
    email: &str,
    password_hash: &str,
    client: &str,
    token: Option<&str>,
) -> Result<()> {
    code::proven(tx, Purpose::Reset, email, client, token)?;
    code::spend(tx, Purpose::Reset, email)?;
    give_password(tx, email, password_hash)
}

/// Gives whoever holds the token of a mailed link a new password; all devices end.
///
/// # Errors
/// `Invalid` for a token that is wrong, used or expired.
pub fn reset_by_link(tx: &Tx<'_>, token: &str, password_hash: &str) -> Result<()> {
    let email = code::redeem(tx, token)?;
    give_password(tx, &email, password_hash)
}

fn give_password(tx: &Tx<'_>, email: &str, password_hash: &str) -> Result<()> {
    let account = tx.account_by_email(email)?.ok_or(Error::NotFound("User"))?;
    take_over(tx, account.id, Some(password_hash))
}

/// Whoever has proven the address owns the account from now on.
fn take_over(tx: &Tx<'_>, id: AccountId, password_hash: Option<&str>) -> Result<()> {
    tx.prove_account(id, password_hash)?;
    end_all_devices(tx, id)?;
    tx.announce(Event::AccountChanged(id));
    Ok(())
}

/// Who somebody is at an OpenID Connect issuer.
#[derive(Debug)]
pub struct Identity {
    /// Issuer and subject.
    pub subject: String,
    /// An address that the issuer says is verified.
    pub email: Option<String>,
    pub name: String,
    pub picture: Option<String>,
}

/// The account of an identity: the one linked to it, the one with its verified address, or a new one.
///
/// # Errors
/// Only the database's.
pub fn identified(tx: &Tx<'_>, identity: &Identity) -> Result<AccountId> {
    if let Some(known) = tx.account_by_google(&identity.subject)? {
        return Ok(known.id);
    }
    let same_address = identity
        .email
        .as_deref()
        .map(|email| tx.account_by_email(email))
        .transpose()?;
    let id = match same_address.flatten() {
        // Their address, and they had proven it: one more way in.
        Some(known) if known.proven_at.is_some() => known.id,
        // Somebody typed it without proving it; now its owner is here.
        Some(known) => {
            take_over(tx, known.id, None)?;
            known.id
        }
        None => {
            let id = tx.insert_account(&NewAccount {
                home: "google",
                name: text::cut(&identity.name, limits::NAME_CHARS),
                username: None,
                email: identity.email.clone(),
                password: None,
                external: None,
            })?;
            if identity.email.is_some() {
                tx.prove_account(id, None)?;
            }
            if let Some(url) = &identity.picture {
                tx.update_picture(id, &Picture::Elsewhere(url.clone()))?;
            }
            id
        }
    };
    tx.update_google(id, &identity.subject)?;
    tx.announce(Event::AccountChanged(id));
    Ok(id)
}

/// What a token of the surrounding application says.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// What the application calls its user.
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub picture: Option<String>,
    pub expires_at: Time,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
}

/// Takes in a token of the surrounding application that was not here before: its account is made, or brought up to what
/// the token says, and the token becomes a device.
///
/// # Errors
/// `Unauthorized` for a token that was revoked here, `Forbidden` for a suspended account.
pub fn arrive(tx: &Tx<'_>, foreign: &Foreign) -> Result<(AccountId, DeviceId)> {
    if let Some((account, device)) = tx.device_of_token(&foreign.hash)? {
        // It came twice at once; or it was revoked, which the directory will say.
        return Ok((account, device));
    }
    let name = foreign
        .name
        .as_deref()
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let name = name.map(|name| text::cut(name, limits::NAME_CHARS));
    let email = foreign
        .email
        .as_deref()
        .filter(|email| text::wrong_with_email(email).is_none());
    let id = match tx.account_by_external(&foreign.subject)? {
        Some(known) if known.suspended_at.is_some() => {
            return Err(Error::Forbidden("This account is suspended"));
        }
        Some(known) => known.id,
        None => tx.insert_account(&NewAccount {
            home: "app",
            name: name.clone().unwrap_or_else(|| foreign.subject.clone()),
            username: None,
            email: None,
            password: None,
            external: Some(foreign.subject.clone()),
        })?,
    };
    tx.update_known(id, name.as_deref(), email)?;
    if let Some(url) = &foreign.picture {
        tx.update_picture(id, &Picture::Elsewhere(url.clone()))?;
    }
    let hash = Some(&foreign.hash[..]);
    let device = tx.insert_device(id, "", "", foreign.expires_at, hash)?;
    tx.announce(Event::AccountChanged(id));
    tx.announce(Event::DeviceMade {
        device,
        account: id,
        expires_at: foreign.expires_at,
        token: Some(foreign.hash),
    });
    Ok((id, device))
}

/// Shows this picture for somebody.
///
/// # Errors
/// Only the database's.
pub fn show_picture(tx: &Tx<'_>, id: AccountId, file: FileId) -> Result<()> {
    tx.update_picture(id, &Picture::Kept(file))
}

/// Everybody, a page at a time.
///
/// # Errors
/// Only the database's.
pub fn people(view: &View<'_>, page: Page) -> Result<Listed<Person>> {
    view.people(page)
}

/// Is there an account with this address, and has its owner proven it?
///
/// # Errors
/// Only the database's.
pub fn known_address(view: &View<'_>, email: &str) -> Result<Option<Account>> {
    view.account_by_email(email)
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
    let device = tx.insert_device(account, &user_agent, address, expires_at, None)?;
    tx.announce(Event::DeviceMade {
        device,
        account,
        expires_at,
        token: None,
    });
    Ok(device)
}

/// Ends the device that asks.
///
/// # Errors
/// Only the database's.
pub fn log_out(tx: &Tx<'_>, me: &Me) -> Result<()> {
    end_device(tx, me.id, me.device)
}

/// The devices of this person that are alive.
///
/// # Errors
/// Only the database's.
pub fn devices(view: &View<'_>, me: &Me) -> Result<Vec<Device>> {
    view.devices_of(me.id, Time::now())
}

/// Ends one of one's own devices.
///
/// # Errors
/// `NotFound` for what is none, or somebody else's.
pub fn remove_device(tx: &Tx<'_>, me: &Me, device: DeviceId) -> Result<()> {
    if !tx
        .devices_of(me.id, tx.now)?
        .iter()
        .any(|own| own.id == device)
    {
        return Err(Error::NotFound("Session"));
    }
    end_device(tx, me.id, device)
}

/// Ends all of somebody's devices.
///
/// # Errors
/// Only the database's.
pub fn end_all_devices(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    for device in tx.devices_of(account, tx.now)? {
        end_device(tx, account, device.id)?;
    }
    Ok(())
}

fn end_device(tx: &Tx<'_>, account: AccountId, device: DeviceId) -> Result<()> {
    if tx.end_device(device)? {
        tx.announce(Event::DeviceEnded { device, account });
    }
    Ok(())
}

/// It was there just now; noted once in a while.
///
/// # Errors
/// Only the database's.
pub fn seen(tx: &Tx<'_>, device: DeviceId) -> Result<()> {
    tx.see_device(device)
}
