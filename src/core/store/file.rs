//! Files and their parts, as rows.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, ConversationId, File, FileId, Id, Listed, Page, Time};

/// The columns by which files can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOrder {
    Created,
    Name,
    Original,
    Size,
}

/// What is known of a file once it is complete.
#[derive(Debug)]
pub struct FinishedUpload {
    /// The conversation that it is shared in; `None`: nowhere yet.
    pub conversation: Option<ConversationId>,
    pub size: u64,
    /// SHA-256 in hex.
    pub hash: String,
    /// The client's id of the file: a repeat is the same file.
    pub client_id: Option<String>,
}

pub(super) fn file(row: &Row<'_>) -> Result<File> {
    Ok(File {
        id: Id::stored(row.get("id")?),
        name: row.get("name")?,
        original: row.get("original")?,
        media_type: row.get("type")?,
        size: row.get::<_, i64>("size")?.unsigned_abs(),
        hash: row.get("hash")?,
        uploader: Id::stored(row.get("uploader")?),
        conversation: row.get::<_, Option<i64>>("conversation")?.map(Id::stored),
        public: row.get("public")?,
        created_at: Time(row.get("created_at")?),
        position: row.get::<_, Option<i64>>("position")?.map(Id::stored),
    })
}

impl View<'_> {
    /// A file that is complete.
    pub(in crate::core) fn file(&self, id: FileId) -> Result<Option<File>> {
        self.one(
            "SELECT * FROM files WHERE id = $1 AND ready = 1",
            [id.number()],
            file,
        )
    }

    /// The file that this person uploaded with this client id.
    pub(in crate::core) fn already_uploaded(
        &self,
        who: AccountId,
        client_id: &str,
    ) -> Result<Option<File>> {
        self.one(
            "SELECT * FROM files WHERE uploader = $1 AND client_id = $2 AND ready = 1",
            (who.number(), client_id),
            file,
        )
    }

    /// Bytes that all complete files of an account take up.
    pub(in crate::core) fn stored_by(&self, who: AccountId) -> Result<u64> {
        let stored = self.count("SELECT stored FROM accounts WHERE id = $1", [who.number()])?;
        Ok(stored.unsigned_abs())
    }

    /// One part of a file's bytes; `None` after the last.
    pub(in crate::core) fn file_part(&self, id: FileId, position: i64) -> Result<Option<Vec<u8>>> {
        self.one(
            "SELECT bytes FROM file_parts WHERE file = $1 AND position = $2",
            (id.number(), position),
            |row| row.get(0),
        )
    }

    /// Files in open rooms, and this person's own.
    pub(in crate::core) fn files_seen_by(
        &self,
        who: Option<AccountId>,
        order: FileOrder,
        page: Page,
    ) -> Result<Listed<File>> {
        let column = match order {
            FileOrder::Created => "id",
            FileOrder::Name => "lower(name)",
            FileOrder::Original => "lower(original)",
            FileOrder::Size => "size",
        };
        let way = if page.descending { "DESC" } else { "ASC" };
        let seen = "ready = 1 AND public = 0 AND (uploader = $1
                    OR (conversation IN (SELECT id FROM conversations WHERE kind = 'room')
                        AND NOT EXISTS
                        (SELECT 1 FROM restraints r WHERE r.conversation = files.conversation AND r.account = $1
                         AND r.kind = 'ban' AND (r.until IS NULL OR r.until > $2))))";
        let who = who.map(|who| who.number());
        let items = self.all(
            &format!(
                "SELECT * FROM files WHERE {seen} ORDER BY {column} {way}, id {way} LIMIT $3 OFFSET $4"
            ),
            (who, self.now.0, page.limit, page.offset()),
            file,
        )?;
        let total = self.count(
            &format!("SELECT count(*) FROM files WHERE {seen}"),
            (who, self.now.0),
        )?;
        Ok(Listed { items, total })
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_file(
        &self,
        name: &str,
        original: &str,
        media_type: &str,
        uploader: AccountId,
    ) -> Result<FileId> {
        self.inserted(
            "INSERT INTO files (name, original, type, uploader, created_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            (name, original, media_type, uploader.number(), self.now.0),
            |row| row.get(0).map(Id::stored),
        )
    }

    pub(in crate::core) fn insert_file_part(
        &self,
        id: FileId,
        position: i64,
        bytes: &[u8],
    ) -> Result<()> {
        self.write(
            "INSERT INTO file_parts (file, position, bytes) VALUES ($1, $2, $3)",
            (id.number(), position, bytes),
        )
    }

    /// The file is complete. If it is shared in a conversation, it gets the log's next position.
    pub(in crate::core) fn complete_file(&self, id: FileId, whole: &FinishedUpload) -> Result<()> {
        let position = match whole.conversation {
            Some(_) => Some(self.next_position()?),
            None => None,
        };
        self.change(
            "UPDATE files SET ready = 1, conversation = $1, size = $2, hash = $3, client_id = $4, created_at = $5,
                 position = $6
             WHERE id = $7",
            (
                whole.conversation.map(|id| id.number()),
                whole.size as i64,
                &whole.hash,
                &whole.client_id,
                self.now.0,
                position,
                id.number(),
            ),
        )?;
        self.change(
            "UPDATE accounts SET stored = stored + $1 WHERE id = (SELECT uploader FROM files WHERE id = $2)",
            (whole.size as i64, id.number()),
        )?;
        if let Some(position) = position {
            self.cache.note_written(position);
        }
        Ok(())
    }

    pub(in crate::core) fn delete_file(&self, id: FileId) -> Result<()> {
        // Until it is complete its size is 0.
        self.change(
            "UPDATE accounts SET stored = stored - (SELECT size FROM files WHERE id = $1)
             WHERE id = (SELECT uploader FROM files WHERE id = $1)",
            [id.number()],
        )?;
        self.change("DELETE FROM attached WHERE file = $1", [id.number()])?;
        self.change("DELETE FROM file_parts WHERE file = $1", [id.number()])?;
        self.write("DELETE FROM files WHERE id = $1", [id.number()])
    }

    /// Deletes uploads that began before and were never complete.
    pub(in crate::core) fn delete_unfinished_files(&self, before: Time) -> Result<()> {
        self.write(
            "DELETE FROM file_parts WHERE file IN (SELECT id FROM files WHERE ready = 0 AND created_at < $1)",
            [before.0],
        )?;
        self.write(
            "DELETE FROM files WHERE ready = 0 AND created_at < $1",
            [before.0],
        )
    }
}
