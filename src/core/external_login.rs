//! Logins by another system: an OpenID Connect issuer, or the surrounding application's tokens.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use super::account::take_over;
use super::error::{Error, Result};
use super::invitation::{self, Newcomer};
use super::limits;
use super::model::{AccountId, DeviceId, Person, Picture, StateChange, Time};
use super::store::{NewAccount, Tx};
use super::{first_room, identity, text};

/// A name from another system, made one that is allowed here.
fn named(called: &str) -> String {
    identity::cleaned(called, limits::NAME_CHARS).unwrap_or_else(|| "Somebody".to_owned())
}

/// A picture's URL, if a page can show it.
fn picture(url: Option<&str>) -> Option<Picture> {
    let url = url.filter(|url| {
        let is_plain =
            url.len() <= limits::URL_BYTES && url.bytes().all(|byte| byte.is_ascii_graphic());
        is_plain && (url.starts_with("https://") || url.starts_with("http://"))
    });
    url.map(|url| Picture::Elsewhere(url.to_owned()))
}

/// How long somebody may take to log in at an OpenID Connect issuer.
pub const LOGIN_LASTS: Duration = Duration::from_secs(600);
/// Begun logins that are kept. Past that the oldest are forgotten: anybody can begin one.
const BEGUN: i64 = 10_000;

/// Somebody is about to log in at the issuer: they come back with this `state`, and their browser with what it keeps. Whichever
/// server they come back to, it knows them by a hash of both, which nobody can come back with.
///
/// # Errors
/// If it cannot be written.
pub fn begin(tx: &Tx<'_>, browser: &str, state: &str) -> Result<()> {
    tx.delete_logins_over()?;
    let id = tx.insert_login(&begun(browser, state), tx.now.plus(LOGIN_LASTS))?;
    tx.delete_logins_upto(id - BEGUN)
}

/// They are back. It cannot happen again.
///
/// # Errors
/// `Unauthorized` for a login that this browser did not begin, that has ended, or that was begun too long ago.
pub fn end(tx: &Tx<'_>, browser: &str, state: &str) -> Result<()> {
    match tx.take_login(&begun(browser, state))? {
        true => Ok(()),
        false => Err(NOT_BEGUN),
    }
}

/// What is said to a browser that has not begun what it wants to end.
pub const NOT_BEGUN: Error =
    Error::Unauthorized("This login was not begun in this browser, or too long ago");

fn begun(browser: &str, state: &str) -> Vec<u8> {
    // A cookie has no line break in it, so the two cannot be taken apart in another way.
    let both = format!("login\n{browser}\n{state}");
    digest(&SHA256, both.as_bytes()).as_ref().to_vec()
}

/// Who somebody is at an OpenID Connect issuer.
#[derive(Debug)]
pub struct Identity {
    /// Issuer and subject.
    pub subject: String,
    /// An e-mail address that the issuer has verified.
    pub email: Option<String>,
    pub name: String,
    pub picture: Option<String>,
}

/// The account of an identity: the one linked to it, the one with its verified address, or a new one, which an invitation
/// may be needed for.
///
/// # Errors
/// As [`invitation::may_sign_up`] if there is no account yet.
pub fn identified(tx: &Tx<'_>, identity: &Identity, invitation: Option<&str>) -> Result<AccountId> {
    if let Some(known) = tx.account_by_google(&identity.subject)? {
        return Ok(known.id);
    }
    let email = identity.email.as_deref();
    let email = email.filter(|email| text::wrong_with_email(email).is_none());
    let same_address = email.map(|email| tx.account_by_email(email)).transpose()?;
    let id = match same_address.flatten() {
        // The address was proven here too: one more way to log in.
        Some(known) if known.proven_at.is_some() => known.id,
        // The account's address was never proven, and its owner is here now: they take the account over.
        Some(known) => {
            take_over(tx, known.id, None)?;
            known.id
        }
        None => {
            let newcomer = Newcomer {
                email,
                proven: email.is_some(),
                invitation,
            };
            invitation::let_in(tx, newcomer, || {
                let id = tx.insert_account(&NewAccount {
                    home: "google",
                    name: named(&identity.name),
                    username: None,
                    email: email.map(str::to_owned),
                    password: None,
                    external: None,
                })?;
                if email.is_some() {
                    tx.prove_account(id, None)?;
                }
                if let Some(picture) = picture(identity.picture.as_deref()) {
                    tx.update_picture(id, &picture)?;
                }
                Ok(id)
            })?
        }
    };
    tx.update_google(id, &identity.subject)?;
    tx.announce(StateChange::AccountChanged(id));
    Ok(id)
}

/// What a token of the surrounding application says.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The application's id of its user.
    pub subject: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub picture: Option<String>,
    pub expires_at: Time,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
}

/// Accepts a token of the surrounding application for the first time: its account is made or updated from the claims, and
/// the token becomes a device.
///
/// # Errors
/// `Unauthorized` for a token that was revoked here, `Forbidden` for a suspended account.
pub fn arrive(tx: &Tx<'_>, foreign: &Foreign) -> Result<(AccountId, DeviceId)> {
    if let Some((account, device)) = tx.device_of_token(&foreign.hash)? {
        // Two requests brought it at once; or it was revoked, which the directory says.
        return Ok((account, device));
    }
    let name = foreign.name.as_deref();
    let name = name.and_then(|name| identity::cleaned(name, limits::NAME_CHARS));
    let email = foreign
        .email
        .as_deref()
        .filter(|email| text::wrong_with_email(email).is_none());
    let id = match tx.account_by_external(&foreign.subject)? {
        Some(known) if known.suspended_at.is_some() => {
            return Err(Error::Forbidden("This account is suspended"));
        }
        Some(known) => known.id,
        None => {
            let id = tx.insert_account(&NewAccount {
                home: "app",
                name: name.clone().unwrap_or_else(|| named(&foreign.subject)),
                username: None,
                email: None,
                password: None,
                external: Some(foreign.subject.clone()),
            })?;
            first_room::welcome(tx, id)?;
            id
        }
    };
    let before = tx.person(id)?;
    tx.update_known(id, name.as_deref(), email)?;
    if let Some(picture) = picture(foreign.picture.as_deref()) {
        tx.update_picture(id, &picture)?;
    }
    let looks = |person: Option<Person>| person.map(|person| (person.name, person.picture));
    if looks(before) != looks(tx.person(id)?) {
        tx.announce(StateChange::ProfileChanged(id));
    }
    let hash = Some(&foreign.hash[..]);
    let (device, sid) = tx.insert_device(id, "", "", foreign.expires_at, hash)?;
    tx.announce(StateChange::AccountChanged(id));
    tx.announce(StateChange::DeviceMade {
        device,
        sid,
        account: id,
        expires_at: foreign.expires_at,
        token: Some(foreign.hash),
    });
    Ok((id, device))
}
