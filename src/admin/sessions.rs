//! Which mentoring sessions are there? Facts that another application records here.

use http::StatusCode;
use serde_json::{Value, json};

use super::{listed, listing, one};
use crate::core::directory::Directory;
use crate::core::id::Spelling;
use crate::core::model::{AccountId, Session, Time};
use crate::core::session;
use crate::web::answer::Answer;
use crate::web::call::Call;

/// GET /api/admin/sessions: the one recorded last first
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (_, page, ()) = listing(&call, |_| ())?;
    let sessions = call.read(move |view| session::list(view, page)).await?;
    let (spell, people) = (call.core().spelling(), call.core().directory());
    Ok(listed("sessions", page, &sessions, |session| {
        shape(spell, people, session)
    }))
}

/// GET /api/admin/sessions/{uuid}
pub async fn show(call: Call) -> Answer {
    call.admin()?;
    let uuid = call.param(0).to_owned();
    let session = call.read(move |view| session::get(view, &uuid)).await?;
    let (spell, people) = (call.core().spelling(), call.core().directory());
    let session = shape(spell, people, &session);
    Ok(one(StatusCode::OK, "session", session))
}

/// PUT /api/admin/sessions/{uuid}: `{ mentorId, menteeId, startAt, status }`, to record a session or change its status
pub async fn put(mut call: Call) -> Answer {
    let (me, uuid) = (call.admin()?, call.param(0).to_owned());
    let mut fields = call.fields().await?;
    let (mentor, mentee) = (fields.id(&["mentorId"]), fields.id(&["menteeId"]));
    let start_at = Time::from_iso(&fields.text(&["startAt"]));
    if start_at.is_none() {
        fields.fault("startAt", "must be a time like 2024-01-15T10:00:00Z");
    }
    let status = fields.optional_text(&["status"]);
    let status = status.unwrap_or_else(|| "scheduled".to_owned());
    let new = (|| {
        Some(Session {
            uuid,
            mentor: mentor?,
            mentee: mentee?,
            start_at: start_at?,
            status,
        })
    })();
    let new = fields.done(new)?;
    let put = call
        .write(move |tx| session::put(tx, Some(me.id), new))
        .await?;
    let (spell, people) = (call.core().spelling(), call.core().directory());
    let put = shape(spell, people, &put);
    Ok(one(StatusCode::OK, "session", put))
}

/// `{ id, mentorId, menteeId, mentor: { id, name }, mentee: { id, name }, startAt, status }`
fn shape(spell: &Spelling, people: &Directory, session: &Session) -> Value {
    let person =
        |id: AccountId| json!({ "id": spell.uuid(id), "name": people.name(id).as_deref() });
    json!({
        "id": session.uuid,
        "mentorId": spell.uuid(session.mentor),
        "menteeId": spell.uuid(session.mentee),
        "mentor": person(session.mentor),
        "mentee": person(session.mentee),
        "startAt": session.start_at.iso(),
        "status": session.status,
    })
}
