//! Mail: queued with what causes it, in the same transaction; sent by the mailer, codes and links first.

use std::time::Duration;

use super::error::Result;
use super::limits;
use super::model::{Listed, Mail, MailId, MailKind, Page};
pub use super::store::MailContent;
use super::store::{Tx, View};

/// The first wait after a failed try; each further one is twice as long, up to an hour.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// How many administrators are told of something at most.
const ADMINISTRATORS: u32 = 50;
/// Mails that are forgotten in one step.
const STEP: u32 = 500;

/// Queues a code or a link, for which somebody waits.
pub fn post(tx: &Tx<'_>, to: &str, content: &MailContent) -> Result<()> {
    tx.insert_mail(to, content)
}

/// Queues a mail to each administrator.
pub fn post_to_administrators(tx: &Tx<'_>, content: &MailContent) -> Result<()> {
    let to = tx.addresses_of_administrators(ADMINISTRATORS)?;
    to.iter().try_for_each(|to| tx.insert_mail(to, content))
}

/// The mails of one kind that are due now.
pub fn due(view: &View<'_>, kind: MailKind, limit: u32) -> Result<Vec<Mail>> {
    view.mails_due(kind, limit)
}

/// The mail server took it; its text is deleted.
pub fn sent(tx: &Tx<'_>, id: MailId) -> Result<()> {
    tx.mail_sent(id)
}

/// It was not sent: it is retried later, after twice the wait each time, and given up after days.
pub fn failed(tx: &Tx<'_>, mail: &Mail, error: &str) -> Result<()> {
    if tx.now.since(mail.created_at) > limits::MAIL_TRIED {
        return tx.mail_refused(mail.id, error);
    }
    let doubled = FIRST_WAIT.saturating_mul(1 << mail.tries.clamp(0, 16));
    tx.mail_failed(mail.id, error, tx.now.plus(doubled.min(LONGEST_WAIT)))
}

/// The mail server refused it for good: it is not retried unless an administrator asks for it.
pub fn refused(tx: &Tx<'_>, mail: &Mail, error: &str) -> Result<()> {
    tx.mail_refused(mail.id, error)
}

/// Deletes some mail that has been kept long enough, sent or not; answers whether there may be more.
pub fn forget_old(tx: &Tx<'_>) -> Result<bool> {
    let forgotten = tx.delete_old_mail(tx.now.minus(limits::MAIL_KEPT), STEP)?;
    Ok(forgotten == STEP as usize)
}

/// The outbox, newest first.
pub fn list(view: &View<'_>, to: Option<&str>, page: Page) -> Result<Listed<Mail>> {
    // Mail to an account goes to the address as its owner wrote it, however the request spells it.
    let known = to.map(|to| view.account_by_email(to)).transpose()?;
    let known = known.flatten().and_then(|account| account.email);
    view.mails(known.as_deref().or(to), page)
}
