//! Mentoring sessions, as rows.

use super::conversation::place;
use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{ConversationId, Id, Listed, Page, Place, Session, Time};

fn session(row: &Row<'_>) -> Result<Session> {
    Ok(Session {
        uuid: row.get("uuid")?,
        mentor: Id::stored(row.get("mentor")?),
        mentee: Id::stored(row.get("mentee")?),
        start_at: Time(row.get("start_at")?),
        status: row.get("status")?,
    })
}

impl View<'_> {
    pub(in crate::core) fn session(&self, uuid: &str) -> Result<Option<Session>> {
        self.one("SELECT * FROM sessions WHERE uuid = $1", [uuid], session)
    }

    pub(in crate::core) fn session_of(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<Session>> {
        self.one(
            "SELECT * FROM sessions WHERE id = (SELECT session FROM conversations WHERE id = $1)",
            [conversation.number()],
            session,
        )
    }

    /// The conversation that belongs to a session.
    pub(in crate::core) fn session_place(&self, uuid: &str) -> Result<Option<Place>> {
        self.one(
            "SELECT id, kind, low, high FROM conversations
             WHERE session = (SELECT id FROM sessions WHERE uuid = $1)",
            [uuid],
            place,
        )
    }

    pub(in crate::core) fn sessions(&self, page: Page) -> Result<Listed<Session>> {
        let items = self.all(
            "SELECT * FROM sessions ORDER BY id DESC LIMIT $1 OFFSET $2",
            (page.limit, page.offset()),
            session,
        )?;
        let total = self.count("SELECT count(*) FROM sessions", ())?;
        Ok(Listed { items, total })
    }
}

impl Tx<'_> {
    /// Stores a session, or its new start and status. Its mentor and mentee never change.
    pub(in crate::core) fn put_session(&self, new: &Session) -> Result<()> {
        self.write(
            "INSERT INTO sessions (uuid, mentor, mentee, start_at, status) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (uuid) DO UPDATE SET start_at = excluded.start_at, status = excluded.status",
            (&new.uuid, new.mentor.number(), new.mentee.number(), new.start_at.0, &new.status),
        )
    }

    pub(in crate::core) fn tie_to_session(
        &self,
        conversation: ConversationId,
        uuid: &str,
    ) -> Result<()> {
        self.write(
            "UPDATE conversations SET session = (SELECT id FROM sessions WHERE uuid = $1) WHERE id = $2",
            (uuid, conversation.number()),
        )
    }
}
