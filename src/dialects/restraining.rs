//! Bans and silences where ids are UUIDs and answers have no envelope: in campus and mentor, at `{id}` of their conversations.

use serde_json::{Value, json};

use crate::core::id::Spelling;
use crate::core::model::{Restraint, RestraintKind};
use crate::dialects::{beyond, owning};
use crate::web::answer::{Answer, ok};
use crate::web::call::{Call, pagination};

/// GET …/:id/restraints: who is banned or silenced
pub async fn list(call: Call) -> Answer {
    let (page, listed) = owning::restraints(&call, "id").await?;
    let spell = call.core().spelling();
    let restraints = listed.items.iter().map(|one| shape(spell, one));
    ok(json!({
        "restraints": restraints.collect::<Value>(),
        "pagination": pagination(page, listed.total),
    }))
}

fn shape(spell: &Spelling, one: &Restraint) -> Value {
    beyond::restraint(one, |id| spell.uuid(id))
}

/// PUT …/:id/bans/:userId `{ seconds? }`
pub async fn ban(call: Call) -> Answer {
    restrain(call, RestraintKind::Ban).await
}

/// PUT …/:id/silences/:userId `{ seconds? }`
pub async fn silence(call: Call) -> Answer {
    restrain(call, RestraintKind::Silence).await
}

async fn restrain(mut call: Call, kind: RestraintKind) -> Answer {
    let made = owning::restrain(&mut call, "id", kind).await?;
    ok(shape(call.core().spelling(), &made))
}

/// DELETE …/:id/bans/:userId
pub async fn lift_ban(call: Call) -> Answer {
    owning::lift(&call, "id", RestraintKind::Ban).await?;
    ok(json!({ "message": "Ban lifted" }))
}

/// DELETE …/:id/silences/:userId
pub async fn lift_silence(call: Call) -> Answer {
    owning::lift(&call, "id", RestraintKind::Silence).await?;
    ok(json!({ "message": "Silence lifted" }))
}
