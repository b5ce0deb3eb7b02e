//! How much mail may one address get, and one account cause? Counted in the database, so that a restart forgives nothing.

use super::error::{Error, Result};
use super::model::{AccountId, Time};
use super::store::{Tx, View};
use super::{identity, limits};

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub enum Quota<'a> {
    /// Codes and links that were asked for, by the address.
    Codes(&'a str),
    /// Digests, by the address that gets them.
    Digests(&'a str),
    /// Digests, by the account whose words caused them.
    CausedBy(AccountId),
}

impl Quota<'_> {
    fn most(self) -> u32 {
        match self {
            Self::Codes(_) => limits::CODES_PER_ADDRESS,
            Self::Digests(_) => limits::DIGESTS_PER_ADDRESS,
            Self::CausedBy(_) => limits::DIGESTS_PER_SENDER,
        }
    }

    fn who(self) -> String {
        match self {
            Self::Codes(address) => format!("code:{}", identity::email_key(address)),
            Self::Digests(address) => format!("digest:{}", identity::email_key(address)),
            Self::CausedBy(account) => format!("by:{}", account.number()),
        }
    }
}

/// Counts one more.
///
/// # Errors
/// `TooOften` past so many in an hour, unless limits on how often are off.
pub(in crate::core) fn count(tx: &Tx<'_>, quota: Quota<'_>) -> Result<()> {
    if !tx.limits.mail_counted {
        return Ok(());
    }
    if let Some(since) = used_up(tx, quota, tx.now)? {
        let left = since.plus(limits::MAIL_SPAN).since(tx.now);
        return Err(Error::TooOften { retry_after: left });
    }
    tx.count_mail(&quota.who(), tx.now.minus(limits::MAIL_SPAN))
}

/// Is one more allowed?
///
/// # Errors
/// Only the database's.
pub(in crate::core) fn is_left(view: &View<'_>, quota: Quota<'_>, now: Time) -> Result<bool> {
    Ok(!view.limits.mail_counted || used_up(view, quota, now)?.is_none())
}

/// Since when so many were counted that there may be no more.
fn used_up(view: &View<'_>, quota: Quota<'_>, now: Time) -> Result<Option<Time>> {
    let counted = view.counted_mail(&quota.who(), now.minus(limits::MAIL_SPAN), now)?;
    let most = i64::from(quota.most());
    Ok(counted.and_then(|(since, count)| (count >= most).then_some(since)))
}
