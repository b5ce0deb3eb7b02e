//! Who changed what? The audit log of administrators and of the command line.

use serde_json::{Value, json};

use super::{listed, listing};
use crate::core::admin;
use crate::core::id::Spelling;
use crate::core::model::Audited;
use crate::web::answer::Answer;
use crate::web::call::Call;

/// GET /api/admin/audit
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (q, page, ()) = listing(&call, |_| ())?;
    let lines = call
        .read(move |view| admin::audit(view, q.as_deref(), page))
        .await?;
    let spell = call.core().spelling();
    Ok(listed("audit", page, &lines, |line| shape(spell, line)))
}

/// `{ id, at, actor, action, subject, detail }`; `actor` is null for the command line.
fn shape(spell: &Spelling, line: &Audited) -> Value {
    let actor = line.actor.as_ref();
    json!({
        "id": line.id,
        "at": line.at.iso(),
        "actor": actor.map(|(id, name)| json!({ "id": spell.uuid(*id), "name": name })),
        "action": line.action,
        "subject": line.subject,
        "detail": line.detail,
    })
}
