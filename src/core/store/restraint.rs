//! Bans, silences, and when people last spoke where there is slow mode, as rows.

use super::sql::{Row, unreadable};
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::model::{
    AccountId, Author, ConversationId, Id, Listed, Page, Restraint, RestraintKind, Time, Until,
};

/// From the columns `kind` and `until` of a restraint that may not be there, or may be over.
pub(super) fn holds(kind: &str, until: &str, row: &Row<'_>, now: Time) -> Result<Option<Until>> {
    if row.get::<_, Option<i64>>(kind)?.is_none() {
        return Ok(None);
    }
    Ok(match row.get::<_, Option<i64>>(until)?.map(Time) {
        None => Some(Until::Lifted),
        Some(time) => Some(Until::At(time)).filter(|_| time > now),
    })
}

const RESTRAINT: &str =
    "SELECT r.conversation, r.account, r.kind, r.until, r.imposed_by, r.imposed_at,
        a.name, b.name AS by_name
    FROM restraints r JOIN accounts a ON a.id = r.account JOIN accounts b ON b.id = r.imposed_by";

fn restraint(row: &Row<'_>) -> Result<Restraint> {
    let kind = row.text("kind")?;
    let mut kinds = RestraintKind::EACH.into_iter();
    let until = row.get::<_, Option<i64>>("until")?;
    let author = |id, name| {
        Ok::<_, Error>(Author {
            id: Id::stored(row.get(id)?),
            name: row.get::<_, String>(name)?.into(),
        })
    };
    Ok(Restraint {
        kind: kinds
            .find(|one| one.name() == kind)
            .ok_or_else(|| unreadable("kind"))?,
        conversation: Id::stored(row.get("conversation")?),
        account: author("account", "name")?,
        by: author("imposed_by", "by_name")?,
        at: Time(row.get("imposed_at")?),
        until: until.map_or(Until::Lifted, |until| Until::At(Time(until))),
    })
}

impl View<'_> {
    /// `None` also if it is over.
    pub(in crate::core) fn restraint(
        &self,
        id: ConversationId,
        who: AccountId,
        kind: RestraintKind,
    ) -> Result<Option<Restraint>> {
        self.one(
            &format!(
                "{RESTRAINT} WHERE r.conversation = $1 AND r.account = $2 AND r.kind = $3
                     AND (r.until IS NULL OR r.until > $4)"
            ),
            (id.number(), who.number(), kind.name(), self.now.0),
            restraint,
        )
    }

    /// Those that are not over, in the order in which they were imposed. There are
    /// [`limits::RESTRAINTS`](crate::core::limits::RESTRAINTS) of each kind at most.
    pub(in crate::core) fn restraints(
        &self,
        id: ConversationId,
        page: Page,
    ) -> Result<Listed<Restraint>> {
        let way = if page.descending { "DESC" } else { "ASC" };
        let items = self.all(
            &format!(
                "{RESTRAINT} WHERE r.conversation = $1 AND (r.until IS NULL OR r.until > $2)
                 ORDER BY r.imposed_at {way}, r.account, r.kind LIMIT $3 OFFSET $4"
            ),
            (id.number(), self.now.0, page.limit, page.offset()),
            restraint,
        )?;
        let total = self.count(
            "SELECT count(*) FROM restraints WHERE conversation = $1 AND (until IS NULL OR until > $2)",
            (id.number(), self.now.0),
        )?;
        Ok(Listed { items, total })
    }

    /// Has a conversation so many of a kind, or more? What is over counts until it is deleted.
    pub(in crate::core) fn has_restraints(
        &self,
        id: ConversationId,
        kind: RestraintKind,
        many: u32,
    ) -> Result<bool> {
        let last = self.one(
            "SELECT 1 FROM restraints WHERE conversation = $1 AND kind = $2 LIMIT 1 OFFSET $3",
            (id.number(), kind.name(), many.saturating_sub(1)),
            |_| Ok(()),
        )?;
        Ok(last.is_some())
    }

    /// Where somebody is banned, at most `most`.
    pub(in crate::core) fn banned_from(
        &self,
        who: AccountId,
        most: u32,
    ) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT conversation FROM restraints
             WHERE account = $1 AND kind = 'ban' AND (until IS NULL OR until > $2) LIMIT $3",
            (who.number(), self.now.0, most),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// When somebody last spoke in a conversation with slow mode, and how many files they shared then for a message that is
    /// still to come.
    pub(in crate::core) fn last_turn(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<Option<(Time, u32)>> {
        self.one(
            "SELECT spoke_at, files FROM turns WHERE conversation = $1 AND account = $2",
            (id.number(), who.number()),
            |row| Ok((Time(row.get(0)?), row.get(1)?)),
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn put_restraint(
        &self,
        id: ConversationId,
        who: AccountId,
        kind: RestraintKind,
        until: Until,
        by: AccountId,
        at: Time,
    ) -> Result<()> {
        self.cache.forget_place(id, who);
        self.write(
            "INSERT INTO restraints (conversation, account, kind, until, imposed_by, imposed_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (conversation, account, kind) DO UPDATE
                 SET until = excluded.until, imposed_by = excluded.imposed_by, imposed_at = excluded.imposed_at",
            (
                id.number(),
                who.number(),
                kind.name(),
                until.time().map(|until| until.0),
                by.number(),
                at.0,
            ),
        )
    }

    pub(in crate::core) fn delete_restraint(
        &self,
        id: ConversationId,
        who: AccountId,
        kind: RestraintKind,
    ) -> Result<()> {
        self.cache.forget_place(id, who);
        self.write(
            "DELETE FROM restraints WHERE conversation = $1 AND account = $2 AND kind = $3",
            (id.number(), who.number(), kind.name()),
        )
    }

    /// Deletes a few restraints that are over. Answers how many.
    pub(in crate::core) fn delete_restraints_over(&self, most: u32) -> Result<usize> {
        self.change(
            "DELETE FROM restraints WHERE (conversation, account, kind) IN (
                 SELECT conversation, account, kind FROM restraints
                 WHERE until IS NOT NULL AND until <= $1 ORDER BY until LIMIT $2)",
            (self.now.0, most),
        )
    }

    /// Somebody speaks now, where there is slow mode.
    pub(in crate::core) fn note_turn(
        &self,
        id: ConversationId,
        who: AccountId,
        files: u32,
    ) -> Result<()> {
        self.write(
            "INSERT INTO turns (conversation, account, spoke_at, files) VALUES ($1, $2, $3, $4)
             ON CONFLICT (conversation, account) DO UPDATE
                 SET spoke_at = excluded.spoke_at, files = excluded.files",
            (id.number(), who.number(), self.now.0, files),
        )
    }

    /// Forgets a few of those who spoke before this time. Answers how many.
    pub(in crate::core) fn delete_turns(&self, before: Time, most: u32) -> Result<usize> {
        self.change(
            "DELETE FROM turns WHERE (conversation, account) IN (
                 SELECT conversation, account FROM turns WHERE spoke_at < $1 ORDER BY spoke_at LIMIT $2)",
            (before.0, most),
        )
    }
}
