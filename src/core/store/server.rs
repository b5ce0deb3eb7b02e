//! The URL of the server that runs on this file, or ran on it last; and the row that health checks write.

use super::{Tx, View};
use crate::core::error::Result;

impl View<'_> {
    /// `None` if no server has run on this file yet.
    pub(in crate::core) fn server_url(&self) -> Result<Option<String>> {
        let url = self.one("SELECT url FROM server", (), |row| row.get::<_, String>(0))?;
        Ok(url.filter(|url| !url.is_empty()))
    }
}

impl Tx<'_> {
    /// Overwrites a row that nobody reads: it shows that the database can be written.
    pub(in crate::core) fn put_filling(&self, filling: &[u8]) -> Result<()> {
        self.write("UPDATE health SET filling = $1", [filling])
    }

    pub(in crate::core) fn put_server_url(&self, url: &str) -> Result<()> {
        self.write("UPDATE server SET url = $1 WHERE url <> $1", [url])
    }
}
