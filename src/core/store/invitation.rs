//! Invitations, as rows. Their tokens are kept as hashes.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{
    AccountId, ConversationId, Id, Invitation, InvitationId, Listed, Page, Time,
};

/// Is this the token's hash (`$1`), and can the invitation be used now (`$2`)?
const USABLE: &str =
    "hash = $1 AND used < uses AND expires_at > $2 AND revoked_at IS NULL AND NOT EXISTS
     (SELECT 1 FROM accounts a WHERE a.id = invitations.account
      AND (a.suspended_at IS NOT NULL OR a.removed_at IS NOT NULL))";

/// Without the conversations.
fn invitation(row: &Row<'_>) -> Result<Invitation> {
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
            "SELECT * FROM invitations WHERE id = $1 AND revoked_at IS NULL",
            [id.number()],
            invitation,
        )?;
        found
            .map(|found| self.with_conversations(found))
            .transpose()
    }

    /// Those that are not revoked, all or of one account, the newest first: also those that are used up, until they would
    /// have expired.
    pub(in crate::core) fn invitations(
        &self,
        of: Option<AccountId>,
        page: Page,
    ) -> Result<Listed<Invitation>> {
        let items = match of {
            Some(of) => self.all(
                "SELECT * FROM invitations WHERE account = $1 AND revoked_at IS NULL
                 ORDER BY id DESC LIMIT $2 OFFSET $3",
                (of.number(), page.limit, page.offset()),
                invitation,
            )?,
            None => self.all(
                "SELECT * FROM invitations WHERE revoked_at IS NULL
                 ORDER BY id DESC LIMIT $1 OFFSET $2",
                (page.limit, page.offset()),
                invitation,
            )?,
        };
        let items = items.into_iter().map(|one| self.with_conversations(one));
        let total = match of {
            Some(of) => self.count(
                "SELECT count(*) FROM invitations WHERE account = $1 AND revoked_at IS NULL",
                [of.number()],
            )?,
            None => self.count(
                "SELECT count(*) FROM invitations WHERE revoked_at IS NULL",
                (),
            )?,
        };
        Ok(Listed {
            items: items.collect::<Result<_>>()?,
            total,
        })
    }

    /// How many an account has made, or the command line, that have not expired: with revoked ones, or without.
    pub(in crate::core) fn count_invitations(
        &self,
        by: Option<AccountId>,
        revoked_too: bool,
    ) -> Result<i64> {
        let live = if revoked_too {
            ""
        } else {
            "AND revoked_at IS NULL"
        };
        match by {
            Some(by) => self.count(
                &format!(
                    "SELECT count(*) FROM invitations WHERE account = $1 AND expires_at > $2 {live}"
                ),
                (by.number(), self.now.0),
            ),
            None => self.count(
                &format!(
                    "SELECT count(*) FROM invitations WHERE account IS NULL AND expires_at > $1 {live}"
                ),
                [self.now.0],
            ),
        }
    }

    /// Groups and rooms that are called so, in capitals or not: a few of them.
    pub(in crate::core) fn conversations_named(&self, name: &str) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT id FROM conversations WHERE kind IN ('group', 'room') AND lower(name) = lower($1)
             ORDER BY id LIMIT 10",
            [name],
            |row| Ok(Id::stored(row.get("id")?)),
        )
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

    /// Can the invitation with this token's hash be used now? Not if whoever made it is suspended or gone.
    pub(in crate::core) fn invites(&self, hash: &[u8]) -> Result<bool> {
        let found = self.count(
            &format!("SELECT count(*) FROM invitations WHERE {USABLE}"),
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
            &format!("UPDATE invitations SET used = used + 1 WHERE {USABLE} RETURNING id"),
            (hash, self.now.0),
            |row| Ok(Id::stored(row.get("id")?)),
        )
    }

    /// Nobody can use it any more. The row stays until it would have expired, so that it counts.
    pub(in crate::core) fn revoke_invitation(&self, id: InvitationId) -> Result<()> {
        self.write(
            "UPDATE invitations SET revoked_at = $1 WHERE id = $2",
            (self.now.0, id.number()),
        )
    }

    /// Deletes some of the invitations that have expired: nobody can use them any more. Answers how many.
    pub(in crate::core) fn delete_expired_invitations(&self, most: u32) -> Result<usize> {
        let expired =
            "SELECT id FROM invitations WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2";
        self.change(
            &format!("DELETE FROM invited_to WHERE invitation IN ({expired})"),
            (self.now.0, most),
        )?;
        self.change(
            &format!("DELETE FROM invitations WHERE id IN ({expired})"),
            (self.now.0, most),
        )
    }
}
