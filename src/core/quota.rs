//! How much mail an address may get and an account may cause. Counted in the database, so that a restart resets nothing.

use super::error::{Error, Result};
use super::model::{AccountId, Time};
use super::store::{Tx, View};
use super::{identity, limits};

/// A counter.
#[derive(Debug, Clone, Copy)]
pub enum Quota<'a> {
    /// Codes and links that were requested, per address.
    Codes(&'a str),
    /// Codes and links for other addresses, per account that asks for them.
    AskedBy(AccountId),
    /// Codes for addresses that have no account, from everybody together.
    Strangers,
    /// Digests, per recipient's address.
    Digests(&'a str),
    /// Digests, per account whose messages caused them.
    CausedBy(AccountId),
}

impl Quota<'_> {
    fn most(self) -> u32 {
        match self {
            Self::Codes(_) => limits::CODES_PER_ADDRESS,
            Self::AskedBy(_) => limits::CODES_PER_ACCOUNT,
            Self::Strangers => limits::CODES_TO_STRANGERS,
            Self::Digests(_) => limits::DIGESTS_PER_ADDRESS,
            Self::CausedBy(_) => limits::DIGESTS_PER_SENDER,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Codes(_) => "Many codes and links were asked for this address lately",
            Self::AskedBy(_) => "You have asked for many codes lately",
            Self::Strangers => "Many codes were sent to addresses without an account lately",
            Self::Digests(_) => "Much mail was sent to this address lately",
            Self::CausedBy(_) => "Much mail was caused by this account lately",
        }
    }

    fn who(self) -> String {
        match self {
            Self::Codes(address) => format!("code:{}", identity::email_key(address)),
            Self::AskedBy(account) => format!("asks:{}", account.number()),
            Self::Strangers => "strangers".to_owned(),
            Self::Digests(address) => format!("digest:{}", identity::email_key(address)),
            Self::CausedBy(account) => format!("by:{}", account.number()),
        }
    }
}

/// Counts one more.
///
/// # Errors
/// `UsedUp` beyond the hour's number, unless rate limits are off.
pub(in crate::core) fn count(tx: &Tx<'_>, quota: Quota<'_>) -> Result<()> {
    if !tx.limits.mail_counted {
        return Ok(());
    }
    if let Some(since) = used_up(tx, quota)? {
        let left = since.plus(limits::MAIL_SPAN).since(tx.now);
        return Err(Error::UsedUp {
            quota: quota.words(),
            retry_after: left,
        });
    }
    tx.count_mail(&quota.who(), tx.now.minus(limits::MAIL_SPAN))
}

/// Is one more allowed?
pub(in crate::core) fn is_left(view: &View<'_>, quota: Quota<'_>) -> Result<bool> {
    Ok(!view.limits.mail_counted || used_up(view, quota)?.is_none())
}

/// When the counter's hour began, if it is full.
fn used_up(view: &View<'_>, quota: Quota<'_>) -> Result<Option<Time>> {
    let counted = view.counted_mail(&quota.who(), view.now.minus(limits::MAIL_SPAN))?;
    let most = i64::from(quota.most());
    Ok(counted.and_then(|(since, count)| (count >= most).then_some(since)))
}
