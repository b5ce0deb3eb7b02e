//! What may administrators do in every group and room, whether or not they belong to it? What its owners may do to people.

use http::StatusCode;
use serde_json::{Value, json};

use super::{PAGE, done, listed, one};
use crate::core::id::Spelling;
use crate::core::may::Wish;
use crate::core::model::{Restraint, RestraintKind};
use crate::core::{admin, restraint};
use crate::dialects::beyond;
use crate::web::answer::Answer;
use crate::web::call::{Call, page};

/// DELETE /api/admin/conversations/{conversationId}/members/{userId}
pub async fn remove_member(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "conversationId")?);
    let who = call.id(1, "userId")?;
    call.write(move |tx| admin::remove_member(tx, &me, id, who))
        .await?;
    Ok(done("The member is removed"))
}

/// GET /api/admin/conversations/{conversationId}/restraints: who is banned or silenced there
pub async fn list(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "conversationId")?);
    let mut query = call.query();
    let page = page(&mut query, PAGE);
    query.done(Some(()))?;
    let restraints = call
        .read(move |view| restraint::list(view, &me, Wish::Administer, id, page))
        .await?;
    let spell = call.core().spelling();
    Ok(listed("restraints", page, &restraints, |one| {
        shape(spell, one)
    }))
}

/// As in the dialects, and `byName`: whoever imposed it need not be a member, of whom one knows the name.
fn shape(spell: &Spelling, one: &Restraint) -> Value {
    let mut shape = beyond::restraint(one, |id| spell.uuid(id));
    shape["byName"] = json!(&*one.by.name);
    shape
}

/// PUT /api/admin/conversations/{conversationId}/bans/{userId}: `{ seconds? }`
pub async fn ban(call: Call) -> Answer {
    restrain(call, RestraintKind::Ban).await
}

/// PUT /api/admin/conversations/{conversationId}/silences/{userId}: `{ seconds? }`
pub async fn silence(call: Call) -> Answer {
    restrain(call, RestraintKind::Silence).await
}

async fn restrain(mut call: Call, kind: RestraintKind) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "conversationId")?);
    let who = call.id(1, "userId")?;
    let mut fields = call.fields().await?;
    let lasts = beyond::lasting(&mut fields);
    let lasts = fields.done(Some(lasts))?;
    let made = call
        .write(move |tx| restraint::impose(tx, &me, Wish::Administer, id, who, kind, lasts))
        .await?;
    Ok(one(
        StatusCode::OK,
        "restraint",
        shape(call.core().spelling(), &made),
    ))
}

/// DELETE /api/admin/conversations/{conversationId}/bans/{userId}
pub async fn lift_ban(call: Call) -> Answer {
    lift(call, RestraintKind::Ban, "The ban is lifted").await
}

/// DELETE /api/admin/conversations/{conversationId}/silences/{userId}
pub async fn lift_silence(call: Call) -> Answer {
    lift(call, RestraintKind::Silence, "The silence is lifted").await
}

async fn lift(call: Call, kind: RestraintKind, message: &str) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "conversationId")?);
    let who = call.id(1, "userId")?;
    call.write(move |tx| restraint::lift(tx, &me, Wish::Administer, id, who, kind))
        .await?;
    Ok(done(message))
}
