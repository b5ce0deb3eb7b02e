//! System notifications: kept, pushed, listed, read.

use std::sync::Arc;

use super::error::{Error, Fault, Result};
use super::limits;
use super::model::{AccountId, Event, Listed, Me, Notice, NoticeId, Page, SubscriberId};
use super::store::{Tx, View};
use super::text;

/// Makes a notification for somebody. `by` is the administrator who sends it; `None` is the command line.
///
/// # Errors
/// `NotFound` if there is no such person, `Invalid` for an empty title or text.
pub fn make(
    tx: &Tx<'_>,
    by: Option<AccountId>,
    to: AccountId,
    title: &str,
    message: &str,
    kind: &str,
) -> Result<Arc<Notice>> {
    let faults: Vec<_> = [
        (
            "title",
            text::wrong_with_line(title, limits::NOTICE_TITLE_CHARS),
        ),
        (
            "message",
            match text::is_blank(message) {
                true => Some("must not be empty".into()),
                false => text::wrong_with_text(message, limits::NOTICE_TEXT_CHARS),
            },
        ),
        ("type", text::wrong_with_line(kind, limits::NAME_CHARS)),
    ]
    .into_iter()
    .filter_map(|(field, wrong)| Some(Fault::new(field, wrong?)))
    .collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if tx.account(to)?.is_none() {
        return Err(Error::NotFound("User"));
    }
    let message = text::without_hidden(message.to_owned());
    let notice = Arc::new(tx.insert_notice(to, title, &message, kind)?);
    tx.record(
        by,
        "notification.create",
        &format!("user {}", to.number()),
        title,
    )?;
    tx.announce(Event::NoticeMade(notice.clone()));
    Ok(notice)
}

/// Tells a subscriber that has just connected the notices that nobody had heard, also if there are none: from here on it
/// hears new ones when they are made.
pub fn catch_up(tx: &Tx<'_>, who: AccountId, subscriber: SubscriberId) -> Result<()> {
    let notices: Vec<_> = tx.hear_notices(who)?.into_iter().map(Arc::new).collect();
    tx.announce(Event::NoticesWaiting {
        subscriber,
        notices,
    });
    Ok(())
}

/// Notes that a client has heard it.
pub fn heard(tx: &Tx<'_>, id: NoticeId) -> Result<()> {
    tx.hear_notice(id)
}

/// This person's notifications, and how many are unread.
pub fn list(view: &View<'_>, me: &Me, page: Page) -> Result<(Listed<Notice>, i64)> {
    Ok((view.notices_of(me.id, page)?, view.unread_notices(me.id)?))
}

/// Marks one as read.
///
/// # Errors
/// `NotFound` if this person has no such notification.
pub fn mark_read(tx: &Tx<'_>, me: &Me, id: NoticeId) -> Result<Notice> {
    tx.read_notice(me.id, id)?
        .ok_or(Error::NotFound("Notification"))
}
