//! Mentoring sessions: recorded by another application, with a conversation here.

use super::conversation::{self, add};
use super::error::{Error, Fault, Result};
use super::limits;
use super::model::{AccountId, Arrival, Kind, Listed, Me, Page, Place, Session};
use super::store::{NewConversation, Tx, View};
use super::text;

/// Records or updates a session. `by` is the administrator who does; `None` is the command line.
///
/// # Errors
/// `Invalid` for what is no UUID, an empty status, or one person in both roles; `NotFound` if there is no such person.
pub fn put(tx: &Tx<'_>, by: Option<AccountId>, mut session: Session) -> Result<Session> {
    session.uuid = session.uuid.to_ascii_lowercase();
    let faults: Vec<_> = [
        (
            "uuid",
            (!is_uuid(&session.uuid)).then(|| "must be a UUID".to_owned()),
        ),
        (
            "status",
            text::wrong_with_line(&session.status, limits::NAME_CHARS),
        ),
        (
            "menteeId",
            (session.mentor == session.mentee).then(|| "must be somebody else".to_owned()),
        ),
    ]
    .into_iter()
    .filter_map(|(field, wrong)| Some(Fault::new(field, wrong?)))
    .collect();
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    for person in [session.mentor, session.mentee] {
        if tx.account(person)?.is_none() {
            return Err(Error::NotFound("User"));
        }
    }
    if let Some(known) = tx.session(&session.uuid)?
        && (known.mentor, known.mentee) != (session.mentor, session.mentee)
    {
        return Err(Error::Conflict(
            "This session is recorded with other people",
        ));
    }
    tx.put_session(&session)?;
    tx.record(by, "session.put", &session.uuid, &session.status)?;
    Ok(session)
}

/// The sessions, newest first.
pub fn list(view: &View<'_>, page: Page) -> Result<Listed<Session>> {
    view.sessions(page)
}

/// One of them.
///
/// # Errors
/// `Invalid` for what is no UUID, `NotFound`.
pub fn get(view: &View<'_>, uuid: &str) -> Result<Session> {
    let uuid = uuid.to_ascii_lowercase();
    if !is_uuid(&uuid) {
        return Err(Error::invalid("uuid", "must be a UUID"));
    }
    view.session(&uuid)?.ok_or(Error::NotFound("Session"))
}

/// The conversation of a session, made if there is none; and whether it was made.
///
/// # Errors
/// `NotFound` if there is no such session or this person is not in it.
pub fn talk(tx: &Tx<'_>, me: &Me, uuid: &str) -> Result<(Place, bool)> {
    let uuid = uuid.to_ascii_lowercase();
    let session = tx
        .session(&uuid)?
        .filter(|session| [session.mentor, session.mentee].contains(&me.id));
    let session = session.ok_or(Error::NotFound("Session"))?;
    if let Some(place) = tx.session_place(&uuid)? {
        return Ok((place, false));
    }
    let pair = conversation::pair(session.mentor, session.mentee);
    let id = conversation::make(
        tx,
        &NewConversation {
            kind: Kind::Session,
            name: "",
            description: "",
            creator: me.id,
            pair: Some(pair),
        },
    )?;
    tx.tie_to_session(id, &uuid)?;
    add(tx, id, session.mentor, Arrival::Expected)?;
    add(tx, id, session.mentee, Arrival::Expected)?;
    Ok((
        Place {
            id,
            kind: Kind::Session,
            pair: Some(pair),
        },
        true,
    ))
}

/// Is this a UUID in its written form?
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
