//! Codes sent by mail: knowing one proves that the address is yours.
//!
//! A code is for one purpose and one address, works once, expires after a while or five wrong tries, and is stored as a
//! hash. Answers are the same whether or not the address has an account.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

use super::error::{Error, Result};
use super::outbox::{self, MailContent};
use super::quota::{self, Quota};
use super::store::{Proof, Tx, View, WRONG_TRIES_SPAN};
use super::time::Time;
use super::{hex, identity, random};

/// What a code is for; a code for another purpose is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Six digits, to sign up.
    SignUp,
    /// Six digits, to reset a password.
    Reset,
    /// A long token in a link, to reset a password.
    Link,
    /// A long token in a link, to make an administrator.
    SetUp,
    /// Six digits, to have another address.
    Address,
}

impl Purpose {
    pub(in crate::core) fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::SignUp => "signup",
            Self::Reset => "reset",
            Self::Link => "link",
            Self::SetUp => "setup",
        }
    }

    fn lasts(self) -> Duration {
        match self {
            Self::SignUp | Self::Reset | Self::Address => Duration::from_secs(10 * 60),
            Self::Link => Duration::from_secs(60 * 60),
            Self::SetUp => Duration::from_secs(30 * 60),
        }
    }

    /// Is it short enough for somebody to try?
    fn can_be_guessed(self) -> bool {
        match self {
            Self::SignUp | Self::Reset | Self::Address => true,
            Self::Link | Self::SetUp => false,
        }
    }

    /// How long the proof that it gives may be used.
    fn proves(self) -> Duration {
        match self {
            Self::SignUp => Duration::from_secs(60 * 60),
            Self::Reset | Self::Link | Self::SetUp | Self::Address => Duration::from_secs(10 * 60),
        }
    }
}

/// Wrong tries that void a code.
const TRIES: i64 = 5;
/// Wrong tries of codes for one address in a day, over all codes that it was sent: fifty in a million are too few to guess.
const TRIES_A_DAY: i64 = 50;
/// How long until another code may be sent to the same address.
const RESEND: Duration = Duration::from_secs(60);

/// Six random digits: five tries hardly ever guess them.
pub fn digits() -> String {
    // The remainder makes small numbers more likely by less than one in a trillion.
    format!("{:06}", u64::from_le_bytes(random()) % 1_000_000)
}

/// A random token, too long to guess.
pub fn token() -> String {
    hex(&random::<24>())
}

/// Makes this the code of the address; the caller sends it if the address has an account.
///
/// # Errors
/// `UsedUp` within a minute of the last one, past so many in an hour, and after too many wrong tries in a day, unless
/// limits on how often are off.
pub fn issue(tx: &Tx<'_>, purpose: Purpose, email: &str, code: &str) -> Result<()> {
    if purpose.can_be_guessed() {
        not_tried_too_often(tx, email)?;
    }
    if let Some(retry_after) = too_soon(tx, purpose, email)? {
        return Err(Error::UsedUp {
            quota: "A code was just asked for this address",
            retry_after,
        });
    }
    // Counted whether or not a mail is written: otherwise the refusal would tell who has an account.
    quota::count(tx, Quota::Codes(email))?;
    tx.put_code(
        purpose.name(),
        email,
        &hash(purpose, email, code),
        tx.now.plus(purpose.lasts()),
    )
}

/// Mails a code to an address that has no account, unless so many were sent to such addresses lately. The answer to whoever
/// asked must be the same, so that it does not tell who has an account.
pub fn mail_to_stranger(tx: &Tx<'_>, email: &str, mail: &MailContent) -> Result<()> {
    match quota::count(tx, Quota::Strangers) {
        Ok(()) => outbox::post(tx, email, mail),
        Err(Error::UsedUp { retry_after, .. }) => {
            tracing::warn!(
                seconds = retry_after.as_secs(),
                "no code was sent: there were too many to addresses without an account within an hour"
            );
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// How long it is until another code may be sent to the address; `None` if it may be now.
pub fn too_soon(tx: &Tx<'_>, purpose: Purpose, email: &str) -> Result<Option<Duration>> {
    let last = tx.code(purpose.name(), email)?;
    let last = last.filter(|_| tx.limits.resend);
    Ok(last.and_then(|last| {
        let since = tx.now.0.saturating_sub(last.created_at.0).max(0);
        let since = Duration::from_millis(since.unsigned_abs());
        RESEND.checked_sub(since).filter(|left| !left.is_zero())
    }))
}

/// Makes a link's token and answers it to the caller, who passes it on; an earlier one is void.
pub fn hand_out(tx: &Tx<'_>, purpose: Purpose, email: &str) -> Result<(String, Time)> {
    let (token, ends) = (token(), tx.now.plus(purpose.lasts()));
    tx.put_code(purpose.name(), email, &hash(purpose, email, &token), ends)?;
    Ok((token, ends))
}

/// Is this the code? A right one is used up and answers a token that proves the address; if the client's IP address is
/// known, that proves it too.
///
/// The outer error is the database's. The inner one is the refusal: a wrong try must be counted, so it must not undo
/// what the verb wrote.
///
/// # Errors
/// Inside, `Invalid` for a wrong, expired or void code, all alike; `UsedUp` after too many wrong ones in a day.
pub fn verify(
    tx: &Tx<'_>,
    purpose: Purpose,
    email: &str,
    code: &str,
    client: Option<&str>,
) -> Result<Result<String>> {
    let wrong = Err(wrong());
    let Some(sent) = tx.code(purpose.name(), email)? else {
        return Ok(wrong);
    };
    if let Err(too_often) = not_tried_too_often(tx, email) {
        return Ok(Err(too_often));
    }
    if sent.tries >= TRIES || sent.expires_at <= tx.now {
        return Ok(wrong);
    }
    if !bool::from(sent.hash.ct_eq(&hash(purpose, email, code))) {
        tx.count_wrong_try(purpose.name(), email)?;
        tx.count_wrong_try_of(email)?;
        return Ok(wrong);
    }
    tx.delete_code(purpose.name(), email)?;
    let token = token();
    let proof = Proof {
        // Empty: nobody's.
        address: client.unwrap_or_default().to_owned(),
        hash: hash(purpose, email, &token),
        expires_at: tx.now.plus(purpose.proves()),
    };
    tx.put_proof(purpose.name(), email, &proof)?;
    Ok(Ok(token))
}

/// The refusal of a wrong code.
pub(in crate::core) fn wrong() -> Error {
    Error::invalid("verificationCode", "is wrong or has expired")
}

/// Counts wrong tries for the address: an attacker who asks for a new code after every fifth try gets no more than these.
fn not_tried_too_often(tx: &Tx<'_>, email: &str) -> Result<()> {
    let Some((count, since)) = tx.wrong_tries_of(email)?.filter(|_| tx.limits.resend) else {
        return Ok(());
    };
    let ends = since.plus(WRONG_TRIES_SPAN);
    if count < TRIES_A_DAY || ends <= tx.now {
        return Ok(());
    }
    let left = ends.0.saturating_sub(tx.now.0).unsigned_abs();
    Err(Error::UsedUp {
        quota: "Many wrong codes were tried for this address",
        retry_after: Duration::from_millis(left),
    })
}

/// Has this client proven the address, or does it hold the token that says so?
///
/// # Errors
/// `Forbidden`.
pub fn proven(
    view: &View<'_>,
    purpose: Purpose,
    email: &str,
    client: Option<&str>,
    token: Option<&str>,
) -> Result<()> {
    let proof = view.proof(purpose.name(), email)?;
    let proof = proof.filter(|proof| proof.expires_at > view.now);
    let good = proof.is_some_and(|proof| match token {
        Some(token) => bool::from(proof.hash.ct_eq(&hash(purpose, email, token))),
        None => client.is_some_and(|client| proof.address == client),
    });
    if good {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "This e-mail address has not been verified",
        ))
    }
}

/// Uses a proof up.
pub(in crate::core) fn spend(tx: &Tx<'_>, purpose: Purpose, email: &str) -> Result<()> {
    tx.delete_proof(purpose.name(), email)
}

/// The address that a token in a link was sent to; the token is used up.
///
/// # Errors
/// `Invalid` for one that is wrong, used or expired.
pub fn redeem(tx: &Tx<'_>, purpose: Purpose, token: &str) -> Result<String> {
    let email = good(tx, purpose, token)?;
    tx.delete_code(purpose.name(), &email)?;
    Ok(email)
}

/// The address that a token in a link was sent to.
///
/// # Errors
/// As [`redeem`].
pub fn good(view: &View<'_>, purpose: Purpose, token: &str) -> Result<String> {
    // A token is too long to guess, so its hash needs no address in it.
    let sent = view.code_by_hash(purpose.name(), &hash(purpose, "", token))?;
    let sent = sent.filter(|sent| sent.expires_at > view.now);
    let wrong = || Error::invalid("token", "is wrong or has expired");
    sent.map(|sent| sent.email).ok_or_else(wrong)
}

fn hash(purpose: Purpose, email: &str, code: &str) -> Vec<u8> {
    let email = match purpose {
        Purpose::Link | Purpose::SetUp => "",
        Purpose::SignUp | Purpose::Reset | Purpose::Address => email,
    };
    let text = format!("{}\n{}\n{code}", purpose.name(), identity::email_key(email));
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
