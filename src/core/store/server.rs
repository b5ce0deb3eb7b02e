//! The URL of the server that runs on this file, or ran on it last; its first room; and the row that health checks write.

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, ConversationId, Id};

impl View<'_> {
    /// `None` if no server has run on this file yet.
    pub(in crate::core) fn server_url(&self) -> Result<Option<String>> {
        let url = self.one("SELECT url FROM server", (), |row| row.get::<_, String>(0))?;
        Ok(url.filter(|url| !url.is_empty()))
    }
}

impl View<'_> {
    /// `None` if none was made.
    pub(in crate::core) fn first_room(&self) -> Result<Option<ConversationId>> {
        let room = self.one("SELECT first_room FROM server", (), |row| {
            row.get::<_, Option<i64>>(0)
        })?;
        Ok(room.flatten().map(Id::stored))
    }

    /// The oldest account that administers the server now.
    pub(in crate::core) fn first_administrator(&self) -> Result<Option<AccountId>> {
        self.one(
            "SELECT id FROM accounts WHERE admin = 1 AND removed_at IS NULL AND suspended_at IS NULL
             ORDER BY id LIMIT 1",
            (),
            |row| Ok(Id::stored(row.get("id")?)),
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn put_first_room(&self, id: ConversationId) -> Result<()> {
        self.write("UPDATE server SET first_room = $1", [id.number()])
    }

    /// Overwrites a row that nobody reads: it shows that the database can be written.
    pub(in crate::core) fn put_filling(&self, filling: &[u8]) -> Result<()> {
        self.write("UPDATE health SET filling = $1", [filling])
    }

    pub(in crate::core) fn put_server_url(&self, url: &str) -> Result<()> {
        self.write("UPDATE server SET url = $1 WHERE url <> $1", [url])
    }
}
