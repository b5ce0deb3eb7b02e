//! Mail to be sent, as rows.

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{Id, Listed, Mail, MailId, MailKind, Page, Time};

/// A mail, ready to be sent.
#[derive(Debug, Clone)]
pub struct MailContent {
    pub subject: String,
    pub text: String,
    pub html: String,
}

fn mail(row: &Row<'_>) -> Result<Mail> {
    let moment = |name: &str| row.get::<_, Option<i64>>(name).map(|at| at.map(Time));
    let kind = match row.text("kind")? {
        "digest" => MailKind::Digest,
        _ => MailKind::Code,
    };
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
        sent_at: moment("sent_at")?,
        refused_at: moment("refused_at")?,
        kind,
        reader: row.get::<_, Option<i64>>("account")?.map(Id::stored),
    })
}

impl View<'_> {
    /// Mail of one kind that is to be sent now, the one that has been due longest first.
    pub(in crate::core) fn mails_due(&self, kind: MailKind, limit: u32) -> Result<Vec<Mail>> {
        self.all(
            "SELECT * FROM outbox
             WHERE sent_at IS NULL AND refused_at IS NULL AND kind = $1 AND due_at <= $2
             ORDER BY due_at LIMIT $3",
            (kind.name(), self.now.0, limit),
            mail,
        )
    }

    pub(in crate::core) fn mail(&self, id: MailId) -> Result<Option<Mail>> {
        self.one("SELECT * FROM outbox WHERE id = $1", [id.number()], mail)
    }

    /// The outbox, newest first; only mail to one recipient if one is given.
    pub(in crate::core) fn mails(&self, to: Option<&str>, page: Page) -> Result<Listed<Mail>> {
        let which = match to {
            Some(_) => "lower(recipient) = lower($1)",
            None => "CAST($1 AS TEXT) IS NULL",
        };
        let items = self.all(
            &format!("SELECT * FROM outbox WHERE {which} ORDER BY id DESC LIMIT $2 OFFSET $3"),
            (to, page.limit, page.offset()),
            mail,
        )?;
        let total = self.count(&format!("SELECT count(*) FROM outbox WHERE {which}"), [to])?;
        Ok(Listed { items, total })
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_mail(&self, to: &str, content: &MailContent) -> Result<()> {
        self.write(
            "INSERT INTO outbox (recipient, subject, text, html, due_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $5)",
            (
                to,
                &content.subject,
                &content.text,
                &content.html,
                self.now.0,
            ),
        )
    }

    /// The mail is to be sent now, as if it had not been tried yet.
    pub(in crate::core) fn mail_is_due(&self, id: MailId) -> Result<()> {
        self.write(
            "UPDATE outbox SET due_at = $1, error = NULL, tries = 0, refused_at = NULL WHERE id = $2",
            (self.now.0, id.number()),
        )
    }

    /// Deletes mail from before this moment; looks at the `limit` oldest only.
    pub(in crate::core) fn delete_old_mail(&self, before: Time, limit: u32) -> Result<usize> {
        self.change(
            "DELETE FROM outbox WHERE created_at < $1 AND id IN
                 (SELECT id FROM outbox ORDER BY id LIMIT $2)",
            (before.0, limit),
        )
    }

    /// Once sent, its text is forgotten: it may hold a code.
    pub(in crate::core) fn mail_sent(&self, id: MailId) -> Result<()> {
        self.write(
            "UPDATE outbox SET sent_at = $1, error = NULL, text = '', html = '' WHERE id = $2",
            (self.now.0, id.number()),
        )
    }

    pub(in crate::core) fn mail_failed(&self, id: MailId, error: &str, due_at: Time) -> Result<()> {
        self.write(
            "UPDATE outbox SET tries = tries + 1, error = $1, due_at = $2 WHERE id = $3",
            (error, due_at.0, id.number()),
        )
    }

    pub(in crate::core) fn mail_refused(&self, id: MailId, error: &str) -> Result<()> {
        self.write(
            "UPDATE outbox SET tries = tries + 1, error = $1, refused_at = $2 WHERE id = $3",
            (error, self.now.0, id.number()),
        )
    }
}
