//! Whom messages mention, as rows.

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::limits;
use crate::core::model::{AccountId, ConversationId, Id};

/// Accounts of one name that are looked at: a name can be had by any number of people.
const NAMESAKES: u32 = 100;

impl View<'_> {
    /// Members of a conversation whose name or username has this key.
    pub(in crate::core) fn members_called(
        &self,
        id: ConversationId,
        key: &str,
    ) -> Result<Vec<AccountId>> {
        self.all(
            "SELECT m.account FROM (
                 SELECT id FROM (SELECT id FROM accounts WHERE name_key = $1 ORDER BY id LIMIT $2) namesakes
                 UNION SELECT id FROM accounts WHERE username_key = $1
             ) named JOIN members m ON m.conversation = $3 AND m.account = named.id",
            (key, NAMESAKES, id.number()),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// Whom a message mentions.
    pub(super) fn mentioned(&self, id: ConversationId, seq: i64) -> Result<Vec<AccountId>> {
        self.all(
            "SELECT account FROM mentions WHERE conversation = $1 AND seq = $2 ORDER BY account",
            (id.number(), seq),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// How many messages after a sequence number mention this person, counted up to [`limits::MENTIONS_COUNTED`].
    pub(in crate::core) fn mentions_after(
        &self,
        id: ConversationId,
        who: AccountId,
        seq: i64,
    ) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM (
                 SELECT 1 FROM mentions WHERE account = $1 AND conversation = $2 AND seq > $3 LIMIT $4
             ) unread",
            (who.number(), id.number(), seq, limits::MENTIONS_COUNTED),
        )
    }

    /// The same without those by people whom this person has blocked.
    pub(in crate::core) fn mentions_by_others_after(
        &self,
        id: ConversationId,
        who: AccountId,
        seq: i64,
    ) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM (
                 SELECT conversation, seq FROM mentions WHERE account = $1 AND conversation = $2 AND seq > $3 LIMIT $4
             ) unread JOIN messages m ON m.conversation = unread.conversation AND m.seq = unread.seq
             WHERE NOT EXISTS (SELECT 1 FROM blocks WHERE account = $1 AND blocked = m.author)",
            (who.number(), id.number(), seq, limits::MENTIONS_COUNTED),
        )
    }
}

impl Tx<'_> {
    pub(super) fn mention(&self, id: ConversationId, seq: i64, people: &[AccountId]) -> Result<()> {
        for who in people {
            self.add(
                "INSERT INTO mentions (conversation, seq, account) VALUES ($1, $2, $3)",
                (id.number(), seq, who.number()),
            )?;
        }
        Ok(())
    }

    pub(super) fn forget_mentions(&self, id: ConversationId, seq: i64) -> Result<()> {
        self.write(
            "DELETE FROM mentions WHERE conversation = $1 AND seq = $2",
            (id.number(), seq),
        )
    }
}
