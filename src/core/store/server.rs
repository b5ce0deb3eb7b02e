//! How is the server reached that runs on this file, or ran on it last? The one row about it.

use super::{Tx, View};
use crate::core::error::Result;

impl View<'_> {
    /// `None` where no server has run on this file yet.
    pub(in crate::core) fn server_url(&self) -> Result<Option<String>> {
        let url = self.one("SELECT url FROM server", (), |row| row.get::<_, String>(0))?;
        Ok(url.filter(|url| !url.is_empty()))
    }
}

impl Tx<'_> {
    /// Writes what nobody reads, over what was written before.
    pub(in crate::core) fn put_filling(&self, filling: &[u8]) -> Result<()> {
        self.change("UPDATE health SET filling = $1", [filling])?;
        Ok(())
    }

    pub(in crate::core) fn put_server_url(&self, url: &str) -> Result<()> {
        self.change("UPDATE server SET url = $1 WHERE url <> $1", [url])?;
        Ok(())
    }
}
