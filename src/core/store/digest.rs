//! Unread messages that may need a mail, and the digests about them, as rows.

use super::conversation::place;
use super::level::settings;
use super::outbox::MailContent;
use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::model::{
    AccountId, ConversationId, Id, Message, MessageId, Place, Settings, Time,
};

/// A conversation with messages that may need a mail.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub conversation: ConversationId,
    /// The first of those messages.
    pub first: MessageId,
}

/// A member of a conversation, with what decides about a mail to them.
#[derive(Debug)]
pub(in crate::core) struct Away {
    pub account: AccountId,
    pub name: String,
    pub email: Option<String>,
    /// The address is proven, and its owner may log in and wants digests.
    pub reachable: bool,
    pub read_seq: i64,
    /// How many messages of the conversation they have not read.
    pub unread: i64,
    pub settings: Settings,
    /// The last message that a digest told them of.
    pub told_upto: Option<MessageId>,
    pub told_at: Time,
}

fn away(row: &Row<'_>, now: Time) -> Result<Away> {
    Ok(Away {
        account: Id::stored(row.get("account")?),
        name: row.get("name")?,
        email: row.get("email")?,
        reachable: row.get("reachable")?,
        read_seq: row.get("read_seq")?,
        unread: row.get("unread")?,
        settings: settings(row, now)?,
        told_upto: Id::new(row.get("told_upto")?),
        told_at: Time(row.get("told_at")?),
    })
}

impl View<'_> {
    /// The conversations that are due, the one that has been due longest first.
    pub(in crate::core) fn unread_mail_due(&self, limit: u32) -> Result<Vec<Waiting>> {
        self.all(
            "SELECT conversation, first FROM unread_mail WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
            (self.now.0, limit),
            |row| {
                Ok(Waiting {
                    conversation: Id::stored(row.get("conversation")?),
                    first: Id::stored(row.get("first")?),
                })
            },
        )
    }

    /// At most `limit` members after this one, in the order of their ids.
    pub(in crate::core) fn members_from(
        &self,
        id: ConversationId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<Away>> {
        self.all(
            "SELECT m.account, a.name, a.email, m.read_seq, m.level, m.muted_until,
                    CASE WHEN a.proven_at IS NOT NULL AND a.suspended_at IS NULL AND a.removed_at IS NULL
                        AND coalesce(d.wanted, 1) = 1 THEN 1 ELSE 0 END AS reachable,
                    (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = $1)
                        - m.read_seq - m.own_since AS unread,
                    coalesce(d.told_upto, 0) AS told_upto, coalesce(d.told_at, 0) AS told_at
             FROM members m JOIN accounts a ON a.id = m.account
             LEFT JOIN digests d ON d.account = m.account
             WHERE m.conversation = $1 AND m.account > $2 ORDER BY m.account LIMIT $3",
            (id.number(), after.map_or(0, |after| after.number()), limit),
            |row| away(row, self.now),
        )
    }

    /// The latest messages of others after a read mark, oldest first.
    pub(in crate::core) fn unread_of_others(
        &self,
        place: Place,
        reader: AccountId,
        read_seq: i64,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let mut latest = self.messages(
            place,
            "WHERE conversation = $1 AND seq > $2 AND author <> $3 AND deleted_at IS NULL
             ORDER BY seq DESC LIMIT $4",
            (place.id.number(), read_seq, reader.number(), limit),
        )?;
        latest.reverse();
        Ok(latest)
    }

    /// The latest messages after a read mark that mention the reader, oldest first.
    pub(in crate::core) fn unread_mentions_of(
        &self,
        place: Place,
        reader: AccountId,
        read_seq: i64,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let mut latest = self.messages(
            place,
            "WHERE conversation = $1 AND seq IN (
                 SELECT seq FROM mentions WHERE account = $2 AND conversation = $1 AND seq > $3
                 ORDER BY seq DESC LIMIT $4
             ) ORDER BY seq DESC",
            (place.id.number(), reader.number(), read_seq, limit),
        )?;
        latest.reverse();
        Ok(latest)
    }

    /// Waiting conversations with messages that this person has not read, unless they want to be told of nothing there: each
    /// with the read mark, the unread count and the settings.
    pub(in crate::core) fn waiting_for(
        &self,
        who: AccountId,
        limit: u32,
    ) -> Result<Vec<(Place, i64, i64, Settings)>> {
        self.all(
            "SELECT id, kind, low, high, read_seq, unread, level, muted_until FROM (
                 SELECT c.id, c.kind, c.low, c.high, m.read_seq, u.first, m.level, m.muted_until,
                        (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = c.id)
                            - m.read_seq - m.own_since AS unread
                 FROM members m JOIN unread_mail u ON u.conversation = m.conversation
                 JOIN conversations c ON c.id = m.conversation
                 WHERE m.account = $1 AND coalesce(m.level, 'all') <> 'none' AND coalesce(m.muted_until, 0) <= $2
             ) waiting WHERE unread > 0 ORDER BY first DESC LIMIT $3",
            (who.number(), self.now.0, limit),
            |row| Ok((place(row)?, row.get(4)?, row.get(5)?, settings(row, self.now)?)),
        )
    }

    /// The last message of a conversation, deleted ones too.
    pub(in crate::core) fn newest_in(&self, id: ConversationId) -> Result<Option<MessageId>> {
        self.one(
            "SELECT id FROM messages WHERE conversation = $1 ORDER BY seq DESC LIMIT 1",
            [id.number()],
            |row| Ok(Id::stored(row.get(0)?)),
        )
    }

    pub(in crate::core) fn wants_digests(&self, who: AccountId) -> Result<bool> {
        let wanted = self.one(
            "SELECT wanted FROM digests WHERE account = $1",
            [who.number()],
            |row| row.get(0),
        )?;
        Ok(wanted.unwrap_or(true))
    }
}

impl Tx<'_> {
    /// The conversation waits from this message on, unless it is waiting already.
    pub(in crate::core) fn hold_unread_mail(
        &self,
        id: ConversationId,
        first: MessageId,
        due_at: Time,
    ) -> Result<()> {
        if self.cache.note_held(id) {
            self.add(
                "INSERT INTO unread_mail (conversation, first, due_at) VALUES ($1, $2, $3)
                 ON CONFLICT (conversation) DO NOTHING",
                (id.number(), first.number(), due_at.0),
            )?;
        }
        Ok(())
    }

    /// The conversation waits with everything that is unread in it, and is due now.
    pub(in crate::core) fn hold_all_unread_mail(&self, id: ConversationId) -> Result<()> {
        self.write(
            "INSERT INTO unread_mail (conversation, first, due_at) VALUES ($1, 1, $2)
             ON CONFLICT (conversation) DO UPDATE SET first = 1, due_at = excluded.due_at",
            (id.number(), self.now.0),
        )
    }

    /// It keeps waiting, from this message on, unless its row was replaced meanwhile.
    pub(in crate::core) fn keep_unread_mail(
        &self,
        waiting: Waiting,
        first: MessageId,
        due_at: Time,
    ) -> Result<()> {
        self.write(
            "UPDATE unread_mail SET first = $1, due_at = $2 WHERE conversation = $3 AND first = $4",
            (
                first.number(),
                due_at.0,
                waiting.conversation.number(),
                waiting.first.number(),
            ),
        )
    }

    /// It waits no more, unless its row was replaced meanwhile.
    pub(in crate::core) fn delete_unread_mail(&self, waiting: Waiting) -> Result<()> {
        self.cache.forget_held();
        self.write(
            "DELETE FROM unread_mail WHERE conversation = $1 AND first = $2",
            (waiting.conversation.number(), waiting.first.number()),
        )
    }

    pub(in crate::core) fn insert_digest(
        &self,
        reader: AccountId,
        to: &str,
        content: &MailContent,
    ) -> Result<()> {
        self.cache.marks.forget_all();
        self.write(
            "INSERT INTO outbox (recipient, subject, text, html, account, due_at, created_at, kind)
             VALUES ($1, $2, $3, $4, $5, $6, $6, 'digest')",
            (
                to,
                &content.subject,
                &content.text,
                &content.html,
                reader.number(),
                self.now.0,
            ),
        )
    }

    /// Drops digests that were not sent yet: their reader has come back, or wants none.
    pub(in crate::core) fn drop_digests(&self, reader: AccountId) -> Result<()> {
        self.write(
            "DELETE FROM outbox WHERE account = $1 AND sent_at IS NULL",
            [reader.number()],
        )
    }

    /// Drops digests to members of a conversation that were not sent yet, as if they were never written. Were there any?
    pub(in crate::core) fn drop_digests_of_members(&self, id: ConversationId) -> Result<bool> {
        let untold = self.change(
            "UPDATE digests SET told_upto = 0, told_at = 0 WHERE account IN
                 (SELECT m.account FROM members m JOIN outbox o ON o.account = m.account
                  WHERE m.conversation = $1 AND o.sent_at IS NULL)",
            [id.number()],
        )?;
        self.change(
            "DELETE FROM outbox WHERE sent_at IS NULL AND account IN
                 (SELECT account FROM members WHERE conversation = $1)",
            [id.number()],
        )?;
        Ok(untold > 0)
    }

    /// A digest tells them of everything up to this message.
    pub(in crate::core) fn note_told(&self, reader: AccountId, upto: MessageId) -> Result<()> {
        self.write(
            "INSERT INTO digests (account, told_upto, told_at) VALUES ($1, $2, $3)
             ON CONFLICT (account) DO UPDATE
                 SET told_upto = excluded.told_upto, told_at = excluded.told_at",
            (reader.number(), upto.number(), self.now.0),
        )
    }

    pub(in crate::core) fn want_digests(&self, who: AccountId, wanted: bool) -> Result<()> {
        self.write(
            "INSERT INTO digests (account, wanted) VALUES ($1, $2)
             ON CONFLICT (account) DO UPDATE SET wanted = excluded.wanted",
            (who.number(), i64::from(wanted)),
        )
    }
}
