//! Mail to be sent, as rows.

use rusqlite::Row;

use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{AccountId, ConversationId, Id, Listed, Mail, MailId, Page, Time};

fn mail(row: &Row<'_>) -> rusqlite::Result<Mail> {
    let account = row.get::<_, Option<i64>>("account")?.map(Id::stored);
    let conversation = row.get::<_, Option<i64>>("conversation")?.map(Id::stored);
    Ok(Mail {
        id: Id::stored(row.get("id")?),
        to: row.get("recipient")?,
        subject: row.get("subject")?,
        text: row.get("text")?,
        html: row.get("html")?,
        tries: row.get("tries")?,
        error: row.get("error")?,
        created_at: Time(row.get("created_at")?),
        due_at: Time(row.get("due_at")?),
        sent_at: row.get::<_, Option<i64>>("sent_at")?.map(Time),
        about: account.zip(conversation),
    })
}

impl View<'_> {
    /// What is to be sent now, oldest first.
    pub(in crate::core) fn mails_due(&self, now: Time, limit: u32) -> Result<Vec<Mail>> {
        self.all(
            "SELECT * FROM outbox WHERE sent_at IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?",
            (now.0, limit),
            mail,
        )
    }

    /// Mail about unread messages that is due and has no words yet.
    pub(in crate::core) fn mails_to_write(&self, now: Time, limit: u32) -> Result<Vec<Mail>> {
        self.all(
            "SELECT * FROM outbox WHERE sent_at IS NULL AND due_at <= ? AND subject = ''
             ORDER BY due_at LIMIT ?",
            (now.0, limit),
            mail,
        )
    }

    pub(in crate::core) fn mail(&self, id: MailId) -> Result<Option<Mail>> {
        self.one("SELECT * FROM outbox WHERE id = ?", [id.number()], mail)
    }

    /// The outbox, newest first; of one recipient where one is given.
    pub(in crate::core) fn mails(&self, to: Option<&str>, page: Page) -> Result<Listed<Mail>> {
        let items = self.all(
            "SELECT * FROM outbox WHERE ?1 IS NULL OR recipient = ?1 COLLATE NOCASE
             ORDER BY id DESC LIMIT ?2 OFFSET ?3",
            (to, page.limit, page.offset()),
            mail,
        )?;
        let total = self.count(
            "SELECT count(*) FROM outbox WHERE ?1 IS NULL OR recipient = ?1 COLLATE NOCASE",
            [to],
        )?;
        Ok(Listed { items, total })
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_mail(
        &self,
        to: &str,
        subject: &str,
        text: &str,
        html: &str,
    ) -> Result<()> {
        self.change(
            "INSERT INTO outbox (recipient, subject, text, html, due_at, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            (to, subject, text, html, self.now.0),
        )?;
        Ok(())
    }

    /// Mail about what somebody has not read somewhere: one that waits already stands for this too.
    pub(in crate::core) fn insert_unread_mail(
        &self,
        to: &str,
        account: AccountId,
        conversation: ConversationId,
        due_at: Time,
    ) -> Result<()> {
        self.change(
            "INSERT OR IGNORE INTO outbox
                 (recipient, subject, text, html, account, conversation, due_at, created_at)
             VALUES (?, '', '', '', ?, ?, ?, ?)",
            (
                to,
                account.number(),
                conversation.number(),
                due_at.0,
                self.now.0,
            ),
        )?;
        Ok(())
    }

    /// They have read it: nobody needs to write to them any more.
    pub(in crate::core) fn drop_unread_mail(
        &self,
        account: AccountId,
        conversation: ConversationId,
    ) -> Result<()> {
        self.change(
            "DELETE FROM outbox WHERE account = ? AND conversation = ? AND sent_at IS NULL",
            (account.number(), conversation.number()),
        )?;
        Ok(())
    }

    /// It is to be sent now.
    pub(in crate::core) fn mail_is_due(&self, id: MailId) -> Result<()> {
        self.change(
            "UPDATE outbox SET due_at = ?, error = NULL, tries = 0 WHERE id = ?",
            (self.now.0, id.number()),
        )?;
        Ok(())
    }

    pub(in crate::core) fn delete_mail(&self, id: MailId) -> Result<()> {
        self.change("DELETE FROM outbox WHERE id = ?", [id.number()])?;
        Ok(())
    }

    pub(in crate::core) fn write_mail(
        &self,
        id: MailId,
        subject: &str,
        text: &str,
        html: &str,
    ) -> Result<()> {
        self.change(
            "UPDATE outbox SET subject = ?, text = ?, html = ? WHERE id = ?",
            (subject, text, html, id.number()),
        )?;
        Ok(())
    }

    /// Once sent, its text is forgotten: it may hold a code.
    pub(in crate::core) fn mail_sent(&self, id: MailId) -> Result<()> {
        self.change(
            "UPDATE outbox SET sent_at = ?, error = NULL, text = '', html = '' WHERE id = ?",
            (self.now.0, id.number()),
        )?;
        Ok(())
    }

    pub(in crate::core) fn mail_failed(&self, id: MailId, error: &str, due_at: Time) -> Result<()> {
        self.change(
            "UPDATE outbox SET tries = tries + 1, error = ?, due_at = ? WHERE id = ?",
            (error, due_at.0, id.number()),
        )?;
        Ok(())
    }
}
