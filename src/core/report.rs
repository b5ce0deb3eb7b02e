//! Messages that people report to the administrators: each with its text as it was then, until an administrator has closed
//! the report, and for some time after. The server reports what has an unwanted word.

use super::admin::By;
use super::change::{self, Target};
use super::error::{Error, Result};
use super::model::{Listed, Me, Message, Page, Report, ReportId};
use super::store::{Tx, View};
use super::{limits, text};

/// Reports a message to the administrators. What this person has reported already stays as they did it.
///
/// # Errors
/// `NotFound` to a stranger and for a deleted message, `Invalid` for an overlong reason, `UsedUp` after
/// [`limits::REPORTS`].
pub fn make(tx: &Tx<'_>, me: &Me, target: Target, reason: &str) -> Result<()> {
    let message = change::one(tx, me, target)?;
    if let Some(wrong) = text::wrong_with_text(reason, limits::REASON_CHARS) {
        return Err(Error::invalid("reason", wrong));
    }
    if tx.has_reported(me.id, message.id)? {
        return Ok(());
    }
    let (most, span) = limits::REPORTS;
    let latest = tx.latest_reports(Some(me.id), tx.now.minus(span), most)?;
    if let Some(first) = latest.last().filter(|_| latest.len() >= most as usize) {
        let until = first.plus(span).0 - tx.now.0;
        let retry_after = std::time::Duration::from_millis(until.max(1).unsigned_abs());
        let quota = "You have reported many messages lately";
        return Err(Error::UsedUp { quota, retry_after });
    }
    let reason = text::without_hidden(reason.trim().to_owned());
    tx.insert_report(Some(me.id), &message, &reason)
}

/// The server reports a message with an unwanted word. If there are very many, not all of them.
pub(in crate::core) fn by_itself(tx: &Tx<'_>, message: &Message, word: &str) -> Result<()> {
    let (most, span) = limits::REPORTS_BY_ITSELF;
    let latest = tx.latest_reports(None, tx.now.minus(span), most)?;
    match latest.len() >= most as usize {
        true => Ok(()),
        false => tx.insert_report(None, message, word),
    }
}

/// Open reports or closed ones, the newest first.
pub fn list(view: &View<'_>, open: bool, page: Page) -> Result<Listed<Report>> {
    view.reports(open, page)
}

/// How many reports are open.
pub fn open(view: &View<'_>) -> Result<i64> {
    view.count_open_reports()
}

/// One report.
///
/// # Errors
/// `NotFound`.
pub fn get(view: &View<'_>, id: ReportId) -> Result<Report> {
    view.report(id)?.ok_or(Error::NotFound("Report"))
}

/// Closes a report, with a note of what was decided.
///
/// # Errors
/// `NotFound`, `Invalid` for an overlong note, `Conflict` if it is closed.
pub fn close(tx: &Tx<'_>, by: By, id: ReportId, note: &str) -> Result<Report> {
    if let Some(wrong) = text::wrong_with_text(note, limits::REASON_CHARS) {
        return Err(Error::invalid("note", wrong));
    }
    if get(tx, id)?.closed.is_some() {
        return Err(Error::Conflict("This report is closed"));
    }
    let note = text::without_hidden(note.trim().to_owned());
    tx.close_report(id, by, &note)?;
    let subject = format!("report {}", id.number());
    tx.record(by, "report.close", &subject, &note)?;
    get(tx, id)
}
