//! Reported messages, as rows.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{
    AccountId, Closed, Id, Listed, Message, MessageId, Page, Report, ReportId, Time,
};

fn report(row: &Row<'_>) -> Result<Report> {
    let attachments: String = row.get("attachments")?;
    let closed_at = row.get::<_, Option<i64>>("closed_at")?.map(Time);
    let by: Option<i64> = row.get("closed_by")?;
    let note = row.get("note")?;
    Ok(Report {
        id: Id::stored(row.get("id")?),
        at: Time(row.get("at")?),
        reporter: row.get::<_, Option<i64>>("reporter")?.map(Id::stored),
        message: Id::stored(row.get("message")?),
        conversation: Id::stored(row.get("conversation")?),
        author: Id::stored(row.get("author")?),
        text: row.get("text")?,
        attachments: attachments.lines().map(str::to_owned).collect(),
        reason: row.get("reason")?,
        closed: closed_at.map(|at| Closed {
            at,
            by: by.map(Id::stored),
            note,
        }),
        text_now: row.get("text_now")?,
    })
}

const REPORT: &str = "SELECT r.*, m.text AS text_now FROM reports r
     LEFT JOIN messages m ON m.id = r.message AND m.deleted_at IS NULL";

impl View<'_> {
    pub(in crate::core) fn has_reported(&self, who: AccountId, message: MessageId) -> Result<bool> {
        let found = self.count(
            "SELECT count(*) FROM reports WHERE reporter = $1 AND message = $2",
            (who.number(), message.number()),
        )?;
        Ok(found > 0)
    }

    /// When this person, or the server, made the latest reports since then: the latest first, and at most so many.
    pub(in crate::core) fn latest_reports(
        &self,
        who: Option<AccountId>,
        since: Time,
        most: u32,
    ) -> Result<Vec<Time>> {
        let at = |row: &Row<'_>| Ok(Time(row.get("at")?));
        match who {
            Some(who) => self.all(
                "SELECT at FROM reports WHERE reporter = $1 AND at > $2 ORDER BY at DESC LIMIT $3",
                (who.number(), since.0, most),
                at,
            ),
            None => self.all(
                "SELECT at FROM reports WHERE reporter IS NULL AND at > $1 ORDER BY at DESC LIMIT $2",
                (since.0, most),
                at,
            ),
        }
    }

    pub(in crate::core) fn report(&self, id: ReportId) -> Result<Option<Report>> {
        self.one(&format!("{REPORT} WHERE r.id = $1"), [id.number()], report)
    }

    /// Open ones by when they were made, closed ones by when they were closed.
    pub(in crate::core) fn reports(&self, open: bool, page: Page) -> Result<Listed<Report>> {
        let (which, order) = match open {
            true => ("closed_at IS NULL", "r.id DESC"),
            false => ("closed_at IS NOT NULL", "closed_at DESC, r.id DESC"),
        };
        let items = self.all(
            &format!("{REPORT} WHERE {which} ORDER BY {order} LIMIT $1 OFFSET $2"),
            (page.limit, page.offset()),
            report,
        )?;
        let total = self.count(&format!("SELECT count(*) FROM reports WHERE {which}"), ())?;
        Ok(Listed { items, total })
    }

    pub(in crate::core) fn count_open_reports(&self) -> Result<i64> {
        self.count("SELECT count(*) FROM reports WHERE closed_at IS NULL", ())
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_report(
        &self,
        reporter: Option<AccountId>,
        message: &Message,
        reason: &str,
    ) -> Result<()> {
        let names: Vec<_> = message
            .attachments
            .iter()
            .map(|one| &*one.filename)
            .collect();
        self.write(
            "INSERT INTO reports (at, reporter, message, conversation, author, text, attachments, reason)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            (
                self.now.0,
                reporter.map(|who| who.number()),
                message.id.number(),
                message.place.id.number(),
                message.author.id.number(),
                &message.text,
                names.join("\n"),
                reason,
            ),
        )
    }

    pub(in crate::core) fn close_report(
        &self,
        id: ReportId,
        by: Option<AccountId>,
        note: &str,
    ) -> Result<()> {
        self.write(
            "UPDATE reports SET closed_at = $1, closed_by = $2, note = $3 WHERE id = $4",
            (self.now.0, by.map(|by| by.number()), note, id.number()),
        )
    }

    /// Deletes some reports that were closed before this time; answers how many.
    pub(in crate::core) fn delete_reports_closed_before(
        &self,
        time: Time,
        most: u32,
    ) -> Result<usize> {
        self.change(
            "DELETE FROM reports WHERE id IN (SELECT id FROM reports WHERE closed_at < $1 ORDER BY closed_at LIMIT $2)",
            (time.0, most),
        )
    }
}
