//! Which messages were reported? As they were then, and what became of the reports.

use http::StatusCode;
use serde_json::{Value, json};

use super::{listed, listing, one};
use crate::core::model::{AccountId, Report};
use crate::core::report;
use crate::web::answer::Answer;
use crate::web::call::Call;

/// GET /api/admin/reports: the newest first; `state` is `open` or `closed`
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (_, page, open) = listing(&call, |query| {
        query.word("state", &[("open", true), ("closed", false)])
    })?;
    let reports = call
        .read(move |view| report::list(view, open, page))
        .await?;
    Ok(listed("reports", page, &reports, |one| shape(&call, one)))
}

/// GET /api/admin/reports/{reportId}
pub async fn show(call: Call) -> Answer {
    call.admin()?;
    let id = call.id(0, "reportId")?;
    let found = call.read(move |view| report::get(view, id)).await?;
    Ok(one(StatusCode::OK, "report", shape(&call, &found)))
}

/// POST /api/admin/reports/{reportId}/close: `{ note? }`
pub async fn close(mut call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "reportId")?);
    let mut fields = call.fields().await?;
    let note = fields.optional_text(&["note"]);
    let note = fields.done(Some(note.unwrap_or_default()))?;
    let closed = call
        .write(move |tx| report::close(tx, Some(me.id), id, &note))
        .await?;
    Ok(one(StatusCode::OK, "report", shape(&call, &closed)))
}

/// `{ id, createdAt, state, reporter: { id, name } | null, author: { id, name }, messageId, conversationId, text,
/// attachments: [name], reason, textNow: text | null, closedAt, closedBy: { id, name } | null, note }`; `reporter` is null if
/// the server reported an unwanted word, `textNow` if the message is deleted.
fn shape(call: &Call, report: &Report) -> Value {
    let (spell, people) = (call.core().spelling(), call.core().directory());
    let person =
        |id: AccountId| json!({ "id": spell.uuid(id), "name": people.name(id).as_deref() });
    let closed = report.closed.as_ref();
    json!({
        "id": spell.uuid(report.id),
        "createdAt": report.at.iso(),
        "state": if closed.is_some() { "closed" } else { "open" },
        "reporter": report.reporter.map(person),
        "author": person(report.author),
        "messageId": spell.uuid(report.message),
        "conversationId": spell.uuid(report.conversation),
        "text": report.text,
        "attachments": report.attachments,
        "reason": report.reason,
        "textNow": report.text_now,
        "closedAt": closed.map(|closed| closed.at.iso()),
        "closedBy": closed.and_then(|closed| closed.by).map(person),
        "note": closed.map(|closed| &closed.note),
    })
}
