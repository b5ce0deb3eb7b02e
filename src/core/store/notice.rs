//! System notifications and the audit log, as rows.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, Id, Listed, Notice, NoticeId, Page, Time};

pub(super) fn notice(row: &Row<'_>) -> Result<Notice> {
    Ok(Notice {
        id: Id::stored(row.get("id")?),
        account: Id::stored(row.get("account")?),
        title: row.get("title")?,
        text: row.get("text")?,
        kind: row.get("type")?,
        created_at: Time(row.get("created_at")?),
        read_at: row.get::<_, Option<i64>>("read_at")?.map(Time),
    })
}

impl View<'_> {
    pub(in crate::core) fn notices_of(&self, who: AccountId, page: Page) -> Result<Listed<Notice>> {
        let way = if page.descending { "DESC" } else { "ASC" };
        let items = self.all(
            &format!(
                "SELECT * FROM notices WHERE account = $1 ORDER BY id {way} LIMIT $2 OFFSET $3"
            ),
            (who.number(), page.limit, page.offset()),
            notice,
        )?;
        let total = self.count(
            "SELECT count(*) FROM notices WHERE account = $1",
            [who.number()],
        )?;
        Ok(Listed { items, total })
    }

    pub(in crate::core) fn unread_notices(&self, who: AccountId) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM notices WHERE account = $1 AND read_at IS NULL",
            [who.number()],
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_notice(
        &self,
        account: AccountId,
        title: &str,
        text: &str,
        kind: &str,
    ) -> Result<Notice> {
        self.inserted(
            "INSERT INTO notices (account, title, text, type, created_at) VALUES ($1, $2, $3, $4, $5)
             RETURNING *",
            (account.number(), title, text, kind, self.now.0),
            notice,
        )
    }

    /// Notices that no socket has received yet, oldest first. They count as received from now on.
    pub(in crate::core) fn hear_notices(&self, who: AccountId) -> Result<Vec<Notice>> {
        let unheard = self.all(
            "SELECT * FROM notices WHERE account = $1 AND heard_at IS NULL AND read_at IS NULL
             ORDER BY id LIMIT 100",
            [who.number()],
            notice,
        )?;
        for notice in &unheard {
            self.hear_notice(notice.id)?;
        }
        Ok(unheard)
    }

    pub(in crate::core) fn hear_notice(&self, id: NoticeId) -> Result<()> {
        self.write(
            "UPDATE notices SET heard_at = $1 WHERE id = $2 AND heard_at IS NULL",
            (self.now.0, id.number()),
        )
    }

    /// `None` if this person has no such notification.
    pub(in crate::core) fn read_notice(
        &self,
        who: AccountId,
        id: NoticeId,
    ) -> Result<Option<Notice>> {
        self.returning(
            "UPDATE notices SET read_at = coalesce(read_at, $1) WHERE id = $2 AND account = $3 RETURNING *",
            (self.now.0, id.number(), who.number()),
            notice,
        )
    }

    /// Adds to the audit log; an actor of `None` is the command line.
    pub(in crate::core) fn record(
        &self,
        actor: Option<AccountId>,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<()> {
        self.write(
            "INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
            (
                self.now.0,
                actor.map(|id| id.number()),
                action,
                subject,
                detail,
            ),
        )
    }
}
