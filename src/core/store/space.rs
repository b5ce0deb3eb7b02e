//! How large is the database? And the pages of a file: how many there are, and giving free ones back.

use super::{Tx, View};
use crate::core::error::Result;

/// SQLite's number for files whose free pages are given back when they are asked to.
const INCREMENTAL: i64 = 2;

/// Pages of the database file.
#[derive(Debug)]
pub(in crate::core) struct Space {
    pub pages: i64,
    pub free: i64,
    /// Can free pages be given back?
    pub shrinks: bool,
}

impl View<'_> {
    pub(in crate::core) fn space(&self) -> Result<Space> {
        if self.conn.sqlite().is_none() {
            // PostgreSQL vacuums by itself.
            return Ok(Space {
                pages: 0,
                free: 0,
                shrinks: false,
            });
        }
        Ok(Space {
            pages: self.count("PRAGMA page_count", ())?,
            free: self.count("PRAGMA freelist_count", ())?,
            shrinks: self.count("PRAGMA auto_vacuum", ())? == INCREMENTAL,
        })
    }

    /// Bytes of the database; those of a file that are still in the write-ahead log count, because a copy has them too.
    pub(in crate::core) fn database_bytes(&self) -> Result<u64> {
        let asked = match self.conn.sqlite() {
            Some(_) => "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            None => "SELECT pg_database_size(current_database())",
        };
        Ok(self.count(asked, ())?.unsigned_abs())
    }
}

impl Tx<'_> {
    /// Gives so many free pages back: the last pages of the file move to where they were.
    pub(in crate::core) fn give_back(&self, pages: u32) -> Result<()> {
        if self.conn.sqlite().is_none() {
            return Ok(());
        }
        self.save()?;
        // A row for each page, and nothing in it.
        self.all(&format!("PRAGMA incremental_vacuum({pages})"), (), |_| {
            Ok(())
        })?;
        Ok(())
    }
}
