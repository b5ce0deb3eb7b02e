//! What does whoever runs it need? The administrator's API; a dialect like the others, with its own door.

use http::StatusCode;
use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::Mail;
use crate::core::outbox;
use crate::routes;
use crate::web::answer::{Answer, json_reply};
use crate::web::call::{Call, page, pagination};
use crate::web::routes::Route;

/// How many a page has, unless asked otherwise.
const PAGE: u32 = 20;

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/api/admin/outbox" => list_outbox, Free;
    }
}

/// GET /api/admin/outbox: mail, newest first; `to` asks for one recipient's
async fn list_outbox(call: Call) -> Answer {
    call.admin()?;
    let mut query = call.query();
    let (to, page) = (query.optional_text(&["to"]), page(&mut query, PAGE));
    let to = query.done(Some(to))?;
    let mails = call
        .read(move |view| outbox::list(view, to.as_deref(), page))
        .await?;
    let spell = call.core().spelling();
    let body = json!({
        "success": true,
        "outbox": mails.items.iter().map(|mail| shape(spell, mail)).collect::<Value>(),
        "pagination": pagination(page, mails.total),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

/// `{ id, to, subject, text, html, createdAt, sentAt, error }`
fn shape(spell: &Spelling, mail: &Mail) -> Value {
    json!({
        "id": spell.uuid(mail.id),
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "createdAt": mail.created_at.iso(),
        "sentAt": mail.sent_at.map(|at| at.iso()),
        "error": mail.error,
    })
}
