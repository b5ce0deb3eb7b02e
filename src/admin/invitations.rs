//! Who is invited? Links by which people make themselves an account.

use http::StatusCode;
use serde_json::{Value, json};

use super::{done, listed, listing, one};
use crate::core::invitation::{self, NewInvitation};
use crate::core::limits;
use crate::core::model::{Invitation, Time};
use crate::web::answer::Answer;
use crate::web::call::Call;

/// GET /api/admin/invitations: those that have not expired, the newest first
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (_, page, ()) = listing(&call, |_| ())?;
    let known = call.read(move |view| invitation::list(view, page)).await?;
    Ok(listed("invitations", page, &known, |one| shape(&call, one)))
}

/// POST /api/admin/invitations: `{ uses?, expiresAt?, conversationIds? }`; only this answer has the `token` and the `link`
pub async fn make(mut call: Call) -> Answer {
    let me = call.admin()?;
    let mut fields = call.fields().await?;
    let uses = fields.number("uses", 1, 1, limits::INVITATION_USES);
    let given = fields.optional_text(&["expiresAt"]);
    let expires_at = given.as_deref().and_then(Time::from_iso);
    if given.is_some() && expires_at.is_none() {
        fields.fault("expiresAt", "must be a time like 2024-01-15T10:00:00Z");
    }
    let conversations = match fields.has(&["conversationIds"]) {
        true => fields.ids(&["conversationIds"]),
        false => Vec::new(),
    };
    let new = fields.done(Some(NewInvitation {
        uses,
        expires_at,
        conversations,
    }))?;
    let (made, token) = call
        .write(move |tx| invitation::make(tx, Some(me.id), &new))
        .await?;
    let mut shape = shape(&call, &made);
    shape["link"] = json!(invitation::link(&call.web().public_url, &token));
    shape["token"] = json!(token);
    Ok(one(StatusCode::CREATED, "invitation", shape))
}

/// DELETE /api/admin/invitations/{invitationId}: nobody signs up with it any more
pub async fn revoke(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "invitationId")?);
    call.write(move |tx| invitation::revoke(tx, Some(me.id), id))
        .await?;
    Ok(done("The invitation is revoked"))
}

/// `{ id, uses, used, createdAt, expiresAt, by: { id, name } | null, conversations: [{ id, name }] }`; `by` is null for one
/// that was made on the command line.
fn shape(call: &Call, invitation: &Invitation) -> Value {
    let (spell, people) = (call.core().spelling(), call.core().directory());
    let by = invitation
        .by
        .map(|by| json!({ "id": spell.uuid(by), "name": people.name(by).as_deref() }));
    let conversations = invitation.conversations.iter();
    let conversations =
        conversations.map(|(id, name)| json!({ "id": spell.uuid(*id), "name": name }));
    json!({
        "id": spell.uuid(invitation.id),
        "uses": invitation.uses,
        "used": invitation.used,
        "createdAt": invitation.created_at.iso(),
        "expiresAt": invitation.expires_at.iso(),
        "by": by,
        "conversations": conversations.collect::<Value>(),
    })
}
