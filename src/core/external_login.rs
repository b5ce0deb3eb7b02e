//! Who logs in by another system: people whom an OpenID Connect issuer knows, and users of the surrounding application.

use super::account::take_over;
use super::error::{Error, Result};
use super::limits;
use super::model::{AccountId, DeviceId, Picture, StateChange, Time};
use super::store::{NewAccount, Tx};
use super::{identity, text};

/// What somebody is called here whom another place calls so.
fn named(called: &str) -> String {
    identity::cleaned(called, limits::NAME_CHARS).unwrap_or_else(|| "Somebody".to_owned())
}

/// A picture's address, if it is one that a page can show.
fn picture(url: Option<&str>) -> Option<Picture> {
    let url = url.filter(|url| {
        let is_plain =
            url.len() <= limits::URL_BYTES && url.bytes().all(|byte| byte.is_ascii_graphic());
        is_plain && (url.starts_with("https://") || url.starts_with("http://"))
    });
    url.map(|url| Picture::Elsewhere(url.to_owned()))
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
    let email = identity.email.as_deref();
    let email = email.filter(|email| text::wrong_with_email(email).is_none());
    let same_address = email.map(|email| tx.account_by_email(email)).transpose()?;
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
            id
        }
    };
    tx.update_google(id, &identity.subject)?;
    tx.announce(StateChange::AccountChanged(id));
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
        None => tx.insert_account(&NewAccount {
            home: "app",
            name: name.clone().unwrap_or_else(|| named(&foreign.subject)),
            username: None,
            email: None,
            password: None,
            external: Some(foreign.subject.clone()),
        })?,
    };
    tx.update_known(id, name.as_deref(), email)?;
    if let Some(picture) = picture(foreign.picture.as_deref()) {
        tx.update_picture(id, &picture)?;
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
