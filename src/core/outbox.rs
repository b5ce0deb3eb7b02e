//! Mail: queued with what causes it, in the same transaction; sent by the postman.

use std::time::Duration;

use super::error::Result;
use super::model::{Listed, Mail, MailId, Message, Page, Sort, Time};
use super::store::{Tx, View};

/// A mail, ready to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The first wait after a failed try; each further one is twice as long, up to an hour.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Queues a mail.
///
/// # Errors
/// Only the database's.
pub fn post(tx: &Tx<'_>, to: &str, letter: &Letter) -> Result<()> {
    tx.insert_mail(to, &letter.subject, &letter.text, &letter.html)
}

/// Queues a mail to every member of a closed conversation who has no live socket: one for a conversation, held for a
/// while, and dropped where they read in time.
pub(in crate::core) fn write_to_the_absent(tx: &Tx<'_>, message: &Message) -> Result<()> {
    if message.place.sort == Sort::Room {
        return Ok(());
    }
    let others = match message.place.other(message.author.id) {
        Some(other) => vec![other],
        None => tx
            .members_of(message.place.id)?
            .into_iter()
            .map(|person| person.id)
            .collect(),
    };
    for other in others {
        if other == message.author.id || tx.directory.is_here(other) {
            continue;
        }
        if let Some(email) = tx.account(other)?.and_then(|account| account.email) {
            let due_at = tx.now.plus(tx.limits.mail_delay);
            tx.insert_unread_mail(&email, other, message.place.id, due_at)?;
        }
    }
    Ok(())
}

/// What is to be sent now.
///
/// # Errors
/// Only the database's.
pub fn due(view: &View<'_>, now: Time, limit: u32) -> Result<Vec<Mail>> {
    view.mails_due(now, limit)
}

/// What is due and has no words yet: mail about what is unread.
///
/// # Errors
/// Only the database's.
pub fn to_write(view: &View<'_>, now: Time, limit: u32) -> Result<Vec<Mail>> {
    view.mails_to_write(now, limit)
}

/// What somebody has not read, for a mail about it.
#[derive(Debug)]
pub struct Unread {
    pub name: String,
    /// How many messages.
    pub count: i64,
    /// The latest of them, oldest first.
    pub latest: Vec<Message>,
}

/// How many of the unread messages a mail shows.
const SHOWN: u32 = 5;

/// What a mail about unread messages is about; `None` where there is nothing unread any more.
///
/// # Errors
/// Only the database's.
pub fn unread(view: &View<'_>, mail: &Mail) -> Result<Option<Unread>> {
    let Some((account, conversation)) = mail.about else {
        return Ok(None);
    };
    let count = view.unread(conversation, account)?;
    let Some(reader) = view.account(account)?.filter(|_| count > 0) else {
        return Ok(None);
    };
    let Some(place) = view.place_for(conversation, None)?.map(|(place, _)| place) else {
        return Ok(None);
    };
    let latest = view.messages_before(place, None, SHOWN.max(count.min(50) as u32))?;
    let mut latest: Vec<_> = latest
        .unwrap_or_default()
        .into_iter()
        .filter(|message| message.author.id != account)
        .take(SHOWN.min(count as u32) as usize)
        .collect();
    latest.reverse();
    Ok(Some(Unread {
        name: reader.name,
        count,
        latest,
    }))
}

/// Gives a mail its words.
///
/// # Errors
/// Only the database's.
pub fn write(tx: &Tx<'_>, id: MailId, letter: &Letter) -> Result<()> {
    tx.write_mail(id, &letter.subject, &letter.text, &letter.html)
}

/// Nobody needs it any more.
///
/// # Errors
/// Only the database's.
pub fn drop_mail(tx: &Tx<'_>, id: MailId) -> Result<()> {
    tx.delete_mail(id)
}

/// It was handed over; its text is forgotten.
///
/// # Errors
/// Only the database's.
pub fn sent(tx: &Tx<'_>, id: MailId) -> Result<()> {
    tx.mail_sent(id)
}

/// It was not; it is tried again later, and later still the next time.
///
/// # Errors
/// Only the database's.
pub fn failed(tx: &Tx<'_>, mail: &Mail, error: &str) -> Result<()> {
    let doubled = FIRST_WAIT.saturating_mul(1 << mail.tries.clamp(0, 16));
    tx.mail_failed(mail.id, error, tx.now.plus(doubled.min(LONGEST_WAIT)))
}

/// The outbox, newest first.
///
/// # Errors
/// Only the database's.
pub fn list(view: &View<'_>, to: Option<&str>, page: Page) -> Result<Listed<Mail>> {
    view.mails(to, page)
}
