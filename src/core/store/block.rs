//! Who has blocked whom, as rows. Memory knows it too, for what is told after a commit.

use super::account::person;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, Blocked, Id, Time};

impl View<'_> {
    pub(in crate::core) fn blocks(&self, who: AccountId, other: AccountId) -> Result<bool> {
        let found = self.one(
            "SELECT 1 FROM blocks WHERE account = $1 AND blocked = $2",
            (who.number(), other.number()),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    pub(in crate::core) fn count_blocked_by(&self, who: AccountId) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM blocks WHERE account = $1",
            [who.number()],
        )
    }

    /// The latest first.
    pub(in crate::core) fn blocked_by(&self, who: AccountId) -> Result<Vec<Blocked>> {
        self.all(
            "SELECT a.*, b.at FROM blocks b JOIN accounts a ON a.id = b.blocked
             WHERE b.account = $1 ORDER BY b.at DESC, b.blocked DESC",
            [who.number()],
            |row| {
                Ok(Blocked {
                    person: person(row)?,
                    at: Time(row.get("at")?),
                })
            },
        )
    }

    /// Everybody who blocks, with whom.
    pub(super) fn all_blocks(&self) -> Result<Vec<(AccountId, AccountId)>> {
        self.all("SELECT account, blocked FROM blocks", (), |row| {
            let (account, blocked) = (row.get("account")?, row.get("blocked")?);
            Ok((Id::stored(account), Id::stored(blocked)))
        })
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_block(
        &self,
        who: AccountId,
        other: AccountId,
        at: Time,
    ) -> Result<()> {
        self.write(
            "INSERT INTO blocks (account, blocked, at) VALUES ($1, $2, $3)",
            (who.number(), other.number(), at.0),
        )
    }

    pub(in crate::core) fn delete_block(&self, who: AccountId, other: AccountId) -> Result<()> {
        self.write(
            "DELETE FROM blocks WHERE account = $1 AND blocked = $2",
            (who.number(), other.number()),
        )
    }

    /// This account blocks nobody any more.
    pub(in crate::core) fn delete_blocks_by(&self, who: AccountId) -> Result<()> {
        self.write("DELETE FROM blocks WHERE account = $1", [who.number()])
    }
}
