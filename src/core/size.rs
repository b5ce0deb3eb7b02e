//! How large is the database, and how much larger can it get?

use super::Core;
use super::backup::{directory_of, log_of, room, size};
use super::error::Result;

/// Sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Also what is still in the log: a copy has it, too.
    pub database: u64,
    /// Of the write-ahead log, which only a file has beside it.
    pub log: Option<u64>,
    /// Free on the disk of a file.
    pub room: Option<u64>,
}

impl Core {
    /// How large the database is now.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn size(&self) -> Result<Size> {
        let file = self.database().file();
        Ok(Size {
            database: self.read(|view| view.database_bytes()).await?,
            log: file.map(|file| size(&log_of(file))),
            room: file.and_then(|file| room(directory_of(file))),
        })
    }
}
