//! Who logs in? The e-mail address and the password, checked the same way in every dialect.

use http::header;
use serde_json::json;

use super::answer::{Answer, ok};
use super::call::{Call, bearer};
use crate::core::error::{Error, Result};
use crate::core::model::{Account, AccountId, Time};
use crate::core::{Core, account, device};

/// The address and password that somebody sent.
pub struct Credentials {
    email: String,
    password: String,
}

impl Credentials {
    /// `{ email, password }` from the body.
    ///
    /// # Errors
    /// `Invalid` if one is missing.
    pub async fn read(call: &mut Call) -> Result<Self> {
        let mut fields = call.fields().await?;
        let (email, password) = (fields.text(&["email"]), fields.text(&["password"]));
        for (field, given) in [("email", &email), ("password", &password)] {
            if given.is_empty() {
                fields.fault(field, "must not be empty");
            }
        }
        fields.done(Some(Self { email, password }))
    }
}

/// Makes a device for the caller, and the token that names it. An unknown address takes as long as a wrong password and gets
/// the same answer.
///
/// # Errors
/// `Unauthorized`, `Forbidden` for a suspended account with the right password, `Overloaded` if too many passwords wait.
pub async fn log_in(call: &Call, claimed: Credentials) -> Result<(Account, String)> {
    let wrong = Error::Unauthorized("Invalid credentials");
    let core = call.core();
    let found = call
        .read(move |view| account::with_email(view, &claimed.email))
        .await?;
    let (account, hash) = found.map_or((None, None), |(account, hash)| (Some(account), hash));
    let (passwords, commonest) = (core.passwords(), core.directory().commonest_cost());
    let fits = passwords.fits(claimed.password.clone(), hash.clone(), commonest);
    let fits = fits.await?;
    let account = account.filter(|_| fits).ok_or(wrong)?;

    let token = start(call, account.id).await?;
    if let Some(old) = hash.filter(|_| account.password_cost != Some(passwords.cost())) {
        tokio::spawn(hash_anew(core.clone(), account.id, claimed.password, old));
    }
    Ok((account, token))
}

/// Hashes a password at the present cost. It runs in the background; if it fails, the next login tries again.
async fn hash_anew(core: Core, id: AccountId, password: String, old: String) {
    let done = async {
        let new = core.passwords().hash(password).await?;
        core.write(move |tx| account::hash_anew(tx, id, &old, &new))
            .await
    };
    if let Err(error) = done.await {
        tracing::debug!(cause = ?error, "a password could not be hashed anew");
    }
}

/// Makes a device for an account whose owner has been authenticated, and the token that names it.
///
/// # Errors
/// `Forbidden` for a suspended account.
pub async fn start(call: &Call, id: AccountId) -> Result<String> {
    let core = call.core();
    let (now, ttl) = (Time::now(), core.tokens().ttl);
    let expires_at = now.plus(ttl);
    let user_agent = call
        .header(header::USER_AGENT)
        .unwrap_or_default()
        .to_owned();
    let address = call.visitor().address.to_string();
    let device = call
        .write(move |tx| device::log_in(tx, id, &user_agent, &address, expires_at))
        .await?;
    core.tokens().mint(id, device, now, expires_at)
}

/// `POST /api/auth/login`, which two documents share: the envelope of one, with the token also where the other has it.
pub async fn log_in_route(mut call: Call) -> Answer {
    let credentials = Credentials::read(&mut call).await?;
    let (account, token) = log_in(&call, credentials).await?;
    ok(json!({
        "success": true,
        "message": "Login successful",
        "token": token,
        "data": {
            "id": call.core().spelling().hex(account.id),
            "username": account.name,
            "email": account.email,
            "accessToken": token,
            "createdAt": account.created_at.iso(),
        },
    }))
}

/// `POST /api/auth/refresh`: a new token for the same device, whose login lasts as long as the new token. The old token stays
/// valid until it expires, and sockets stay open.
pub async fn refresh_route(call: Call) -> Answer {
    let me = call.me()?;
    let core = call.core();
    let tokens = core.tokens();
    let ours = bearer(call.headers()).and_then(|token| tokens.read(token).ok());
    let (account, sid) = ours.ok_or(Error::Forbidden(
        "Who made this token makes the next one too",
    ))?;
    let (lasts, most) = (tokens.ttl, tokens.most);
    let expires_at = call
        .write(move |tx| device::prolong(tx, &me, lasts, most))
        .await?;
    let token = tokens.mint(account, sid, Time::now(), expires_at)?;
    ok(json!({ "success": true, "token": token, "expiresAt": expires_at.iso() }))
}

/// `GET` and `POST /api/auth/logout`, which do the same.
pub async fn log_out_route(call: Call) -> Answer {
    let me = call.me()?;
    call.write(move |tx| device::log_out(tx, &me)).await?;
    ok(json!({ "success": true, "message": "User logged out successfully." }))
}
