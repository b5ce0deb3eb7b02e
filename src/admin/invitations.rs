//! Who is invited? Links by which people make themselves an account.

use http::StatusCode;

use super::{done, listed, listing, one};
use crate::core::invitation;
use crate::web::answer::Answer;
use crate::web::call::Call;
use crate::web::inviting::{asked, shape, with_token};

/// GET /api/admin/invitations: those that have not expired, the newest first
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (_, page, ()) = listing(&call, |_| ())?;
    let known = call.read(move |view| invitation::list(view, page)).await?;
    Ok(listed("invitations", page, &known, |one| shape(&call, one)))
}

/// POST /api/admin/invitations: `{ uses?, expiresAt?, conversationIds? }`; only this answer has the token
pub async fn make(mut call: Call) -> Answer {
    let me = call.admin()?;
    let new = asked(call.fields().await?)?;
    let made = call
        .write(move |tx| invitation::make(tx, Some(me.id), &new))
        .await?;
    let shape = with_token(&call, &made);
    Ok(one(StatusCode::CREATED, "invitation", shape))
}

/// DELETE /api/admin/invitations/{invitationId}: nobody signs up with it any more
pub async fn revoke(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "invitationId")?);
    call.write(move |tx| invitation::revoke(tx, Some(me.id), id))
        .await?;
    Ok(done("The invitation is revoked"))
}
