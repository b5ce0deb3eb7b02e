//! How large is the database, and how much larger can it get?

use super::Core;
use super::backup::{self, directory_of, log_of, room};
use super::database::Database;
use super::error::Result;

/// Sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// What a copy would have.
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
        match self.database() {
            Database::File(path) => Ok(Size {
                database: self.read(|view| view.page_bytes()).await?,
                log: Some(backup::size(&log_of(path))),
                room: room(directory_of(path)),
            }),
            Database::Postgres(_) => Ok(Size {
                database: self.read(|view| view.database_bytes()).await?,
                log: None,
                room: None,
            }),
        }
    }
}
