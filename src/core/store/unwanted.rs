//! Unwanted words and patterns, as rows.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, Id, Time, UnwantedId};
use crate::core::word_list::{Consequence, Entry, Sort};

pub(super) fn entry(row: &Row<'_>) -> Result<Entry> {
    let (sort, act): (String, String) = (row.get("sort")?, row.get("act")?);
    let sort = Sort::EACH.into_iter().find(|one| one.name() == sort);
    let consequence = Consequence::EACH.into_iter().find(|one| one.name() == act);
    Ok(Entry {
        id: Id::stored(row.get("id")?),
        text: row.get("text")?,
        sort: sort.unwrap_or(Sort::Word),
        consequence: consequence.unwrap_or(Consequence::Report),
        by: row.get::<_, Option<i64>>("author")?.map(Id::stored),
        at: Time(row.get("at")?),
    })
}

impl View<'_> {
    /// All of them, the oldest first.
    pub(in crate::core) fn unwanted_entries(&self) -> Result<Vec<Entry>> {
        self.all("SELECT * FROM unwanted ORDER BY id", (), entry)
    }

    pub(in crate::core) fn has_unwanted(&self, text: &str, sort: Sort) -> Result<bool> {
        let count = self.count(
            "SELECT count(*) FROM unwanted WHERE sort = $1 AND text = $2",
            (sort.name(), text),
        )?;
        Ok(count > 0)
    }
}

impl Tx<'_> {
    pub(in crate::core) fn put_unwanted(
        &self,
        by: Option<AccountId>,
        text: &str,
        sort: Sort,
        consequence: Consequence,
        at: Time,
    ) -> Result<UnwantedId> {
        self.inserted(
            "INSERT INTO unwanted (text, sort, act, author, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (sort, text) DO UPDATE
                 SET act = excluded.act, author = excluded.author, at = excluded.at
             RETURNING id",
            (
                text,
                sort.name(),
                consequence.name(),
                by.map(|by| by.number()),
                at.0,
            ),
            |row| Ok(Id::stored(row.get("id")?)),
        )
    }

    /// `None` if there is no such entry.
    pub(in crate::core) fn delete_unwanted(&self, id: UnwantedId) -> Result<Option<Entry>> {
        self.returning(
            "DELETE FROM unwanted WHERE id = $1 RETURNING *",
            [id.number()],
            entry,
        )
    }
}
