//! Invitations, as rows. Their tokens are kept as hashes.

use rusqlite::Row;

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{
    AccountId, ConversationId, Id, Invitation, InvitationId, Listed, Page, Time,
};

/// Without the conversations.
fn invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        id: Id::stored(row.get("id")?),
        by: row.get::<_, Option<i64>>("account")?.map(Id::stored),
        uses: row.get("uses")?,
        used: row.get("used")?,
        created_at: Time(row.get("created_at")?),
        expires_at: Time(row.get("expires_at")?),
        conversations: Vec::new(),
    })
}

impl View<'_> {
    pub(in crate::core) fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>> {
        let found = self.one(
            "SELECT * FROM invitations WHERE id = $1",
            [id.number()],
            invitation,
        )?;
        found
            .map(|found| self.with_conversations(found))
            .transpose()
    }

    /// Those that are kept, the newest first: also those that are used up, until they would have expired.
    pub(in crate::core) fn invitations(&self, page: Page) -> Result<Listed<Invitation>> {
        let items = self.all(
            "SELECT * FROM invitations ORDER BY id DESC LIMIT $1 OFFSET $2",
            (page.limit, page.offset()),
            invitation,
        )?;
        let items = items.into_iter().map(|one| self.with_conversations(one));
        Ok(Listed {
            items: items.collect::<Result<_>>()?,
            total: self.count_invitations()?,
        })
    }

    pub(in crate::core) fn count_invitations(&self) -> Result<i64> {
        self.count("SELECT count(*) FROM invitations", ())
    }

    fn with_conversations(&self, of: Invitation) -> Result<Invitation> {
        let conversations = self.all(
            "SELECT c.id, c.name FROM invited_to i JOIN conversations c ON c.id = i.conversation
             WHERE i.invitation = $1 ORDER BY c.id",
            [of.id.number()],
            |row| Ok((Id::stored(row.get("id")?), row.get("name")?)),
        )?;
        Ok(Invitation {
            conversations,
            ..of
        })
    }

    /// Can the invitation with this token's hash be used now?
    pub(in crate::core) fn invites(&self, hash: &[u8]) -> Result<bool> {
        let found = self.count(
            "SELECT count(*) FROM invitations WHERE hash = $1 AND used < uses AND expires_at > $2",
            (hash, self.now.0),
        )?;
        Ok(found > 0)
    }

    /// Where an invitation leads to.
    pub(in crate::core) fn invited_to(&self, id: InvitationId) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT conversation FROM invited_to WHERE invitation = $1 ORDER BY conversation",
            [id.number()],
            |row| Ok(Id::stored(row.get("conversation")?)),
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_invitation(
        &self,
        hash: &[u8],
        by: Option<AccountId>,
        uses: u32,
        expires_at: Time,
        conversations: &[ConversationId],
    ) -> Result<InvitationId> {
        let id: i64 = self.inserted(
            "INSERT INTO invitations (hash, account, uses, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            (
                hash,
                by.map(|by| by.number()),
                uses,
                self.now.0,
                expires_at.0,
            ),
            |row| row.get("id"),
        )?;
        for conversation in conversations {
            self.write(
                "INSERT INTO invited_to (invitation, conversation) VALUES ($1, $2)
                 ON CONFLICT (invitation, conversation) DO NOTHING",
                (id, conversation.number()),
            )?;
        }
        Ok(Id::stored(id))
    }

    /// Uses the invitation with this token's hash once more. `None` if it cannot be used now.
    pub(in crate::core) fn use_invitation(&self, hash: &[u8]) -> Result<Option<InvitationId>> {
        self.returning(
            "UPDATE invitations SET used = used + 1
             WHERE hash = $1 AND used < uses AND expires_at > $2 RETURNING id",
            (hash, self.now.0),
            |row| Ok(Id::stored(row.get("id")?)),
        )
    }

    pub(in crate::core) fn delete_invitation(&self, id: InvitationId) -> Result<()> {
        self.write(
            "DELETE FROM invited_to WHERE invitation = $1",
            [id.number()],
        )?;
        self.write("DELETE FROM invitations WHERE id = $1", [id.number()])
    }

    /// Deletes invitations that have expired: nobody can use them any more.
    pub(in crate::core) fn delete_expired_invitations(&self) -> Result<()> {
        self.write(
            "DELETE FROM invited_to WHERE invitation IN (SELECT id FROM invitations WHERE expires_at <= $1)",
            [self.now.0],
        )?;
        self.write(
            "DELETE FROM invitations WHERE expires_at <= $1",
            [self.now.0],
        )
    }
}
