//! What mail is in the outbox? Every mail, also for some time after it was sent.

use serde_json::{Value, json};

use super::{done, listed, listing};
use crate::core::id::Spelling;
use crate::core::model::Mail;
use crate::core::{admin, outbox};
use crate::web::answer::Answer;
use crate::web::call::Call;

/// GET /api/admin/outbox: mail, newest first; `to` asks for one recipient's
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (_, page, to) = listing(&call, |query| query.optional_text(&["to"]))?;
    let mails = call
        .read(move |view| outbox::list(view, to.as_deref(), page))
        .await?;
    let spell = call.core().spelling();
    Ok(listed("outbox", page, &mails, |mail| shape(spell, mail)))
}

/// `{ id, kind, to, subject, text, html, createdAt, dueAt, sentAt, refusedAt, tries, error }`
fn shape(spell: &Spelling, mail: &Mail) -> Value {
    json!({
        "id": spell.uuid(mail.id),
        "kind": mail.kind.name(),
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "createdAt": mail.created_at.iso(),
        "dueAt": mail.due_at.iso(),
        "sentAt": mail.sent_at.map(|at| at.iso()),
        "refusedAt": mail.refused_at.map(|at| at.iso()),
        "tries": mail.tries,
        "error": mail.error,
    })
}

/// POST /api/admin/outbox/{mailId}/retry: tries to send it again now
pub async fn retry(call: Call) -> Answer {
    let (me, mail) = (call.admin()?, call.id(0, "mailId")?);
    call.write(move |tx| admin::retry_mail(tx, Some(me.id), mail))
        .await?;
    Ok(done("It is sent again"))
}
