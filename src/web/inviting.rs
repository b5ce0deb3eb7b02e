//! Invites people, and shows what became of that: the same for administrators, and for everybody where all may invite.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, json_reply, ok};
use super::call::Call;
use super::fields::Fields;
use super::qr;
use super::routes::Route;
use crate::core::error::Result;
use crate::core::invitation::{self, NewInvitation};
use crate::core::limits;
use crate::core::model::{Invitation, Page, Time};
use crate::routes;

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/api/invitations" => list, Free;
        POST "/api/invitations" => make, Free;
        DELETE "/api/invitations/{invitationId}" => revoke, Free;
    }
}

/// GET /api/invitations: one's own that have not expired, the newest first
async fn list(call: Call) -> Answer {
    let me = call.me()?;
    let page = Page {
        page: 1,
        limit: limits::PAGE,
        descending: true,
    };
    let own = call
        .read(move |view| invitation::own(view, &me, page))
        .await?;
    let shapes = own.items.iter().map(|one| shape(&call, one));
    ok(json!({ "success": true, "invitations": shapes.collect::<Value>() }))
}

/// POST /api/invitations: `{ uses?, expiresAt?, conversationIds? }`
async fn make(mut call: Call) -> Answer {
    let me = call.me()?;
    let new = asked(call.fields().await?)?;
    let made = call
        .write(move |tx| invitation::make_own(tx, &me, &new))
        .await?;
    Ok(json_reply(
        StatusCode::CREATED,
        &json!({ "success": true, "invitation": with_token(&call, &made) }),
    ))
}

/// DELETE /api/invitations/{invitationId}: nobody signs up with it any more
async fn revoke(call: Call) -> Answer {
    let (me, id) = (call.me()?, call.id(0, "invitationId")?);
    call.write(move |tx| invitation::revoke_own(tx, &me, id))
        .await?;
    ok(json!({ "success": true, "message": "The invitation is revoked" }))
}

/// What somebody asks for who invites: `{ uses?, expiresAt?, conversationIds? }`.
///
/// # Errors
/// `Invalid`.
pub fn asked(mut fields: Fields<'_>) -> Result<NewInvitation> {
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
    fields.done(Some(NewInvitation {
        uses,
        expires_at,
        conversations,
    }))
}

/// A new invitation with its `token`, the `link` to the chat page with it, and that as a `qr` code, an SVG document. Only
/// the answer that makes it has these.
pub fn with_token(call: &Call, (made, token): &(Invitation, String)) -> Value {
    let link = invitation::link(&call.web().public_url, token);
    let mut shape = shape(call, made);
    shape["token"] = json!(token);
    shape["qr"] = json!(qr::svg(&link));
    shape["link"] = json!(link);
    shape
}

/// `{ id, uses, used, createdAt, expiresAt, by: { id, name } | null, conversations: [{ id, name }] }`; `by` is null for one
/// that was made on the command line.
pub fn shape(call: &Call, invitation: &Invitation) -> Value {
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
