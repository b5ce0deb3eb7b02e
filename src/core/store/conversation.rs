//! Conversations and their members, as rows.

use super::account::person;
use super::restraint::holds;
use super::sql::{Row, unreadable};
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::limits;
use crate::core::model::{
    AccountId, Conversation, ConversationId, Id, Kept, Kind, Listed, Page, Person, Place, Reading,
    Standing, Time,
};
use crate::core::recent::Activity;

/// The columns by which conversations can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationOrder {
    Created,
    Name,
    Description,
}

const CONVERSATION: &str =
    "SELECT id, kind, low, high, name, description, creator, created_at, picture, archived_at,
     keep_messages, keep_files, slow_mode FROM conversations";

/// A conversation's place and what somebody is there: `$from` has the conversation as `c`, `$who` is an account's id.
/// Further columns may follow.
macro_rules! standing {
    ($from:literal, $who:literal $(, $more:literal)*) => {
        concat!(
            "SELECT c.id, c.kind, c.low, c.high, m.account, m.owner_since, c.archived_at, c.slow_mode,
                 b.account AS ban, b.until AS banned_until, s.account AS silence, s.until AS silenced_until", $(", ", $more,)*
            " FROM ", $from, " LEFT JOIN members m ON m.conversation = c.id AND m.account = ", $who,
            " LEFT JOIN restraints b ON b.conversation = c.id AND b.account = ", $who, " AND b.kind = 'ban'
              LEFT JOIN restraints s ON s.conversation = c.id AND s.account = ", $who, " AND s.kind = 'silence'"
        )
    };
}
pub(super) use standing;

fn kind(name: &str) -> Result<Kind> {
    [Kind::Direct, Kind::Group, Kind::Room, Kind::Session]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| unreadable("kind"))
}

/// From the columns `id, kind, low, high`, which come first.
pub(super) fn place(row: &Row<'_>) -> Result<Place> {
    let (low, high): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
    Ok(Place {
        id: Id::stored(row.get(0)?),
        kind: kind(row.text(1)?)?,
        pair: low
            .zip(high)
            .map(|(low, high)| (Id::stored(low), Id::stored(high))),
    })
}

/// Without its owners.
pub(super) fn conversation(row: &Row<'_>) -> Result<Conversation> {
    Ok(Conversation {
        place: place(row)?,
        name: row.get("name")?,
        description: row.get("description")?,
        creator: row.get::<_, Option<i64>>("creator")?.map(Id::stored),
        created_at: Time(row.get("created_at")?),
        owners: Vec::new(),
        picture: row.get::<_, Option<i64>>("picture")?.map(Id::stored),
        archived_at: row.get::<_, Option<i64>>("archived_at")?.map(Time),
        slow_mode: row.get("slow_mode")?,
        kept: Kept {
            messages: row.get("keep_messages")?,
            files: row.get("keep_files")?,
        },
    })
}

impl View<'_> {
    /// The conversation's place, and what this person is there.
    pub(in crate::core) fn place_for(
        &self,
        id: ConversationId,
        who: Option<AccountId>,
    ) -> Result<Option<(Place, Standing)>> {
        if let Some(known) = self.cache.place((id, who)) {
            return Ok(Some(known));
        }
        let found = self.one(
            concat!(standing!("conversations c", "$1"), " WHERE c.id = $2"),
            (who.map(|who| who.number()), id.number()),
            |row| self.standing(row),
        )?;
        if let Some(found) = found {
            self.cache.note_place((id, who), found);
        }
        Ok(found)
    }

    /// From the columns of `standing!`.
    pub(super) fn standing(&self, row: &Row<'_>) -> Result<(Place, Standing)> {
        let standing = Standing {
            member: row.has("account")?,
            owner: row.has("owner_since")?,
            archived: row.has("archived_at")?,
            banned: holds("ban", "banned_until", row, self.now)?,
            silenced: holds("silence", "silenced_until", row, self.now)?,
            slow_mode: row.get("slow_mode")?,
        };
        Ok((place(row)?, standing))
    }

    pub(in crate::core) fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>> {
        let found = self.one(
            &format!("{CONVERSATION} WHERE id = $1"),
            [id.number()],
            conversation,
        )?;
        found.map(|found| self.with_owners(found)).transpose()
    }

    fn with_owners(&self, mut found: Conversation) -> Result<Conversation> {
        if let Kind::Group | Kind::Room = found.place.kind {
            found.owners = self.owners(found.place.id)?;
        }
        Ok(found)
    }

    /// Who owns a group or a room, who has been an owner longest first.
    pub(in crate::core) fn owners(&self, id: ConversationId) -> Result<Vec<AccountId>> {
        self.all(
            "SELECT account FROM members WHERE conversation = $1 AND owner_since IS NOT NULL
             ORDER BY owner_since, account LIMIT $2",
            (id.number(), limits::OWNERS as i64),
            |row| Ok(Id::stored(row.get(0)?)),
        )
    }

    pub(in crate::core) fn direct_between(
        &self,
        one: AccountId,
        other: AccountId,
    ) -> Result<Option<Place>> {
        let (low, high) = (one.min(other), one.max(other));
        self.one(
            "SELECT id, kind, low, high FROM conversations WHERE kind = 'direct' AND low = $1 AND high = $2",
            (low.number(), high.number()),
            place,
        )
    }

    /// Open rooms, and the other conversations of this person. A direct conversation has the other person's name.
    pub(in crate::core) fn conversations_seen_by(
        &self,
        who: Option<AccountId>,
        order: ConversationOrder,
        page: Page,
    ) -> Result<Listed<Conversation>> {
        let way = if page.descending { "DESC" } else { "ASC" };
        let column = match order {
            ConversationOrder::Created => return self.in_order_of_ids(who, way, page),
            ConversationOrder::Name => "lower(name)",
            ConversationOrder::Description => "lower(description)",
        };
        // The rooms are read along an index, this person's own are sorted; neither further than the page needs.
        let sql = format!(
            "SELECT id FROM (
                 SELECT * FROM (
                     SELECT {column} AS word, id FROM conversations WHERE kind = 'room'
                     ORDER BY {column} {way}, id {way} LIMIT $1
                 ) open_rooms
                 UNION ALL
                 SELECT * FROM (
                     SELECT {column} AS word, id FROM members JOIN conversations ON id = conversation
                     WHERE account = $2 AND kind <> 'room'
                     ORDER BY {column} {way}, id {way} LIMIT $1
                 ) own
             ) seen ORDER BY word {way}, id {way} LIMIT $3 OFFSET $4"
        );
        let upto = page.offset() + i64::from(page.limit);
        let params = (upto, who.map(|who| who.number()), page.limit, page.offset());
        let ids = self.all(&sql, params, |row| Ok(Id::stored(row.get(0)?)))?;
        self.listed(who, ids)
    }

    /// SQLite merges two ordered indexes, and stops when the page is full.
    fn in_order_of_ids(
        &self,
        who: Option<AccountId>,
        way: &str,
        page: Page,
    ) -> Result<Listed<Conversation>> {
        let sql = format!(
            "SELECT id FROM conversations WHERE kind = 'room'
             UNION SELECT conversation FROM members WHERE account = $1
             ORDER BY 1 {way} LIMIT $2 OFFSET $3"
        );
        let params = (who.map(|who| who.number()), page.limit, page.offset());
        let ids = self.all(&sql, params, |row| Ok(Id::stored(row.get(0)?)))?;
        self.listed(who, ids)
    }

    fn listed(
        &self,
        who: Option<AccountId>,
        ids: Vec<ConversationId>,
    ) -> Result<Listed<Conversation>> {
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            let found = self.one(
                "SELECT id, kind, low, high, description, creator, created_at, picture, archived_at, keep_messages, keep_files,
                        slow_mode,
                        CASE WHEN kind = 'direct' AND name = ''
                             THEN (SELECT name FROM accounts WHERE id = CASE WHEN low = $1 THEN high ELSE low END)
                             ELSE name END AS name
                 FROM conversations WHERE id = $2",
                (who.map(|who| who.number()), id.number()),
                conversation,
            )?;
            if let Some(found) = found {
                items.push(self.with_owners(found)?);
            }
        }
        let rooms = self.count("SELECT rooms FROM log", ())?;
        let own = match who {
            Some(who) => self.activities(who)?,
            None => Vec::new(),
        };
        let closed = own.iter().filter(|(activity, _)| !activity.is_open).count();
        Ok(Listed {
            items,
            total: rooms + closed as i64,
        })
    }

    /// A conversation's members in the order in which they joined, at most 256: an open room may have more.
    pub(in crate::core) fn members_of(&self, id: ConversationId) -> Result<Vec<Person>> {
        self.all(
            "SELECT a.id, a.name, a.picture, a.picture_url, a.created_at
             FROM members m JOIN accounts a ON a.id = m.account
             WHERE m.conversation = $1 ORDER BY m.joined_at, m.account LIMIT 256",
            [id.number()],
            person,
        )
    }

    pub(in crate::core) fn member_count(&self, id: ConversationId) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM members WHERE conversation = $1",
            [id.number()],
        )
    }

    /// The conversations of which somebody is a member, in the order of their ids: at most `most` after this one.
    pub(in crate::core) fn memberships(
        &self,
        who: AccountId,
        after: Option<ConversationId>,
        most: u32,
    ) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT conversation FROM members WHERE account = $1 AND conversation > $2
             ORDER BY conversation LIMIT $3",
            (who.number(), after.map_or(0, |after| after.number()), most),
            |row| Ok(Id::stored(row.get(0)?)),
        )
    }

    /// The latest conversations of which somebody is a member, at most `most`.
    pub(in crate::core) fn latest_memberships(
        &self,
        who: AccountId,
        most: u32,
    ) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT conversation FROM members WHERE account = $1 ORDER BY conversation DESC LIMIT $2",
            (who.number(), most),
            |row| Ok(Id::stored(row.get(0)?)),
        )
    }

    /// Of somebody's latest conversations, at most `most`, those that are not open to every account.
    pub(in crate::core) fn closed_conversations(
        &self,
        who: AccountId,
        most: u32,
    ) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT c.id FROM (
                 SELECT conversation FROM members WHERE account = $1 ORDER BY conversation DESC LIMIT $2
             ) latest JOIN conversations c ON c.id = latest.conversation
             WHERE c.kind <> 'room' ORDER BY c.id DESC",
            (who.number(), most),
            |row| Ok(Id::stored(row.get(0)?)),
        )
    }

    /// Is somebody a member of more than `most` conversations?
    pub(in crate::core) fn belongs_to_more_than(&self, who: AccountId, most: u32) -> Result<bool> {
        let one_more = self.one(
            "SELECT 1 FROM members WHERE account = $1 LIMIT 1 OFFSET $2",
            (who.number(), most),
            |_| Ok(()),
        )?;
        Ok(one_more.is_some())
    }

    /// The conversations of which somebody is a member, the latest activity first, with their unread counts. One that the
    /// page does not show costs an index entry and a lookup in memory.
    pub(in crate::core) fn inbox(
        &self,
        who: AccountId,
        limit: u32,
        offset: u32,
    ) -> Result<Listed<(Conversation, i64)>> {
        let mut own = self.activities(who)?;
        let total = own.len() as i64;
        let end = (offset as usize).saturating_add(limit as usize);
        if end < own.len() {
            own.select_nth_unstable_by(end, |one, other| other.cmp(one));
            own.truncate(end);
        }
        own.sort_unstable_by(|one, other| other.cmp(one));
        let mut items = Vec::new();
        for (_, id) in own.into_iter().skip(offset as usize) {
            if let Some(conversation) = self.conversation(id)? {
                items.push((conversation, self.unread(id, who)?));
            }
        }
        Ok(Listed { items, total })
    }

    /// The conversations of which somebody is a member, with their latest activity.
    fn activities(&self, who: AccountId) -> Result<Vec<(Activity, ConversationId)>> {
        let own = self.memberships(who, None, u32::MAX)?;
        let read = |id| self.activity(id);
        self.directory.recent().of(&own, read)
    }

    fn activity(&self, id: ConversationId) -> Result<Activity> {
        let found = self.one(
            "SELECT c.kind, c.created_at, m.id, m.sent_at FROM conversations c
             LEFT JOIN messages m ON m.conversation = c.id
                 AND m.seq = (SELECT max(seq) FROM messages WHERE conversation = $1)
             WHERE c.id = $1",
            [id.number()],
            |row| {
                let (message, sent_at): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
                Ok(Activity {
                    at: Time(sent_at.map_or_else(|| row.get(1), Ok)?),
                    message: message.unwrap_or(0),
                    is_open: kind(row.text(0)?)? == Kind::Room,
                })
            },
        )?;
        found.ok_or(Error::NotFound("Conversation"))
    }

    /// How many messages of a conversation a member has not read.
    pub(in crate::core) fn unread(&self, id: ConversationId, who: AccountId) -> Result<i64> {
        let unread = self.one(
            "SELECT coalesce((SELECT max(seq) FROM messages WHERE conversation = $1) - read_seq - own_since, 0)
             FROM members WHERE conversation = $1 AND account = $2",
            (id.number(), who.number()),
            |row| row.get(0),
        )?;
        // The row's own_since does not have their messages of this commit yet.
        Ok(unread.map_or(0, |unread: i64| unread - self.cache.own(id, who)))
    }

    /// How far members have read, the farthest first; at most as many as a group may have.
    pub(in crate::core) fn readings(&self, id: ConversationId) -> Result<Vec<Reading>> {
        self.all(
            "SELECT m.account, s.id, s.sent_at
             FROM members m JOIN messages s ON s.conversation = m.conversation AND s.seq = m.read_seq
             WHERE m.conversation = $1 ORDER BY m.read_seq DESC, m.account LIMIT $2",
            (id.number(), limits::GROUP_MEMBERS as i64),
            |row| {
                Ok(Reading {
                    reader: Id::stored(row.get(0)?),
                    upto: Id::stored(row.get(1)?),
                    upto_sent_at: Time(row.get(2)?),
                })
            },
        )
    }

    /// The sequence number up to which a member has read; `None` for somebody who is no member.
    pub(in crate::core) fn read_seq(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<Option<i64>> {
        self.one(
            "SELECT read_seq FROM members WHERE conversation = $1 AND account = $2",
            (id.number(), who.number()),
            |row| row.get(0),
        )
    }

    /// The sequence number of the first message that is there still; 1 if there is none.
    pub(in crate::core) fn first_seq(&self, id: ConversationId) -> Result<i64> {
        self.count(
            "SELECT coalesce(min(seq), 1) FROM messages WHERE conversation = $1",
            [id.number()],
        )
    }

    /// The sequence number of the last message; 0 if there is none.
    pub(in crate::core) fn last_seq(&self, id: ConversationId) -> Result<i64> {
        if let Some(known) = self.cache.end(id) {
            return Ok(known);
        }
        let last = self.count(
            "SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = $1",
            [id.number()],
        )?;
        self.cache.note_end(id, last);
        Ok(last)
    }
}

/// What a conversation is made from.
pub(in crate::core) struct NewConversation<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub description: &'a str,
    pub creator: AccountId,
    pub pair: Option<(AccountId, AccountId)>,
}

impl Tx<'_> {
    pub(in crate::core) fn insert_conversation(
        &self,
        new: &NewConversation<'_>,
    ) -> Result<ConversationId> {
        let (low, high) = new
            .pair
            .map(|(low, high)| (low.number(), high.number()))
            .unzip();
        let id = self.inserted(
            "INSERT INTO conversations (kind, name, description, creator, low, high, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            (
                new.kind.name(),
                new.name,
                new.description,
                new.creator.number(),
                low,
                high,
                self.now.0,
            ),
            |row| row.get(0).map(Id::stored),
        )?;
        if new.kind == Kind::Room {
            self.change("UPDATE log SET rooms = rooms + 1", ())?;
        }
        Ok(id)
    }

    /// Changes what owners may change, except owners.
    pub(in crate::core) fn update_conversation(
        &self,
        before: &Conversation,
        after: &Conversation,
    ) -> Result<()> {
        let id = after.place.id;
        self.cache.forget_place_of_all(id);
        self.change(
            "UPDATE conversations SET name = $1, description = $2, picture = $3, archived_at = $4,
                 keep_messages = $5, keep_files = $6, slow_mode = $7 WHERE id = $8",
            (
                &after.name,
                &after.description,
                after.picture.map(|file| file.number()),
                after.archived_at.map(|at| at.0),
                after.kept.messages,
                after.kept.files,
                after.slow_mode,
                id.number(),
            ),
        )?;
        if before.picture != after.picture {
            self.show_in_place_of(id, before.picture, after.picture)?;
        }
        Ok(())
    }

    /// Adds a member, who has read everything so far. `false` if the person was a member already.
    pub(in crate::core) fn insert_member(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<bool> {
        let made = self.change(
            "INSERT INTO members (conversation, account, joined_at, read_seq)
             VALUES ($1, $2, $3, (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = $1))
             ON CONFLICT (conversation, account) DO NOTHING",
            (id.number(), who.number(), self.now.0),
        )?;
        self.cache.forget_place(id, who);
        Ok(made == 1)
    }

    /// `false` if the person was no member. That they were one is remembered: it is how their messages are found.
    pub(in crate::core) fn delete_member(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<bool> {
        let gone = self.change(
            "DELETE FROM members WHERE conversation = $1 AND account = $2",
            (id.number(), who.number()),
        )?;
        if gone == 1 {
            self.change(
                "INSERT INTO past_members (account, conversation) VALUES ($1, $2)
                 ON CONFLICT (account, conversation) DO NOTHING",
                (who.number(), id.number()),
            )?;
        }
        self.cache.forget_place(id, who);
        Ok(gone == 1)
    }

    /// After this person has left: a group that nobody owns now is its longest member's, suspended ones come last; and if
    /// they had made it, its first owner stands for them.
    pub(in crate::core) fn leave_group_to_another(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<()> {
        let heir = self.one(
            "SELECT m.account FROM conversations c JOIN members m ON m.conversation = c.id
             JOIN accounts a ON a.id = m.account
             WHERE c.id = $1 AND c.kind = 'group' AND NOT EXISTS
                 (SELECT 1 FROM members WHERE conversation = $1 AND owner_since IS NOT NULL)
             ORDER BY CASE WHEN a.suspended_at IS NULL THEN 0 ELSE 1 END, m.joined_at, m.account
             LIMIT 1",
            [id.number()],
            |row| Ok(Id::stored(row.get(0)?)),
        )?;
        if let Some(heir) = heir {
            self.set_owner(id, heir, true)?;
        }
        self.write(
            "UPDATE conversations SET creator = coalesce((
                 SELECT account FROM members WHERE conversation = $1 AND owner_since IS NOT NULL
                 ORDER BY owner_since, account LIMIT 1
             ), creator)
             WHERE id = $1 AND kind = 'group' AND creator = $2",
            (id.number(), who.number()),
        )
    }

    /// Makes the creator of a room that nobody owns its owner. `false` if this is not so.
    pub(in crate::core) fn own_again(&self, id: ConversationId, who: AccountId) -> Result<bool> {
        let owns = self.change(
            "UPDATE members SET owner_since = $1 WHERE conversation = $2 AND account = $3
                 AND EXISTS (SELECT 1 FROM conversations WHERE id = $2 AND kind = 'room' AND creator = $3)
                 AND NOT EXISTS (SELECT 1 FROM members WHERE conversation = $2 AND owner_since IS NOT NULL)",
            (self.now.0, id.number(), who.number()),
        )?;
        self.cache.forget_place(id, who);
        Ok(owns == 1)
    }

    /// Makes a member an owner, or an owner a member like others.
    pub(in crate::core) fn set_owner(
        &self,
        id: ConversationId,
        who: AccountId,
        owner: bool,
    ) -> Result<()> {
        self.cache.forget_place(id, who);
        self.write(
            "UPDATE members SET owner_since = $1 WHERE conversation = $2 AND account = $3",
            (owner.then_some(self.now.0), id.number(), who.number()),
        )
    }
}
