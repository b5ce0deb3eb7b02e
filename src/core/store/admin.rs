//! Lists for administrators: rows with counts and names from other tables; and the audit log.

use super::account::account;
use super::conversation::conversation;
use super::file::file;
use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::identity;
use crate::core::model::{
    Account, AccountId, Audited, Conversation, ConversationId, File, FileId, Id, Kind, Listed,
    Message, MessageId, Page, Place, Time,
};

/// An account, and when it was last used.
#[derive(Debug)]
pub struct PersonSeen {
    pub account: Account,
    pub seen_at: Option<Time>,
    pub devices: i64,
    /// Bytes of its files.
    pub stored: i64,
}

/// In which order people are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleOrder {
    Newest,
    /// Whose files take up most.
    Stored,
}

/// A conversation, and how much there is in it. `people` names its first members.
#[derive(Debug)]
pub struct PlaceSeen {
    pub conversation: Conversation,
    pub people: Vec<String>,
    pub members: i64,
    pub messages: i64,
    pub last_at: Option<Time>,
}

/// A member, and how far they have read.
#[derive(Debug)]
pub struct Participant {
    pub id: AccountId,
    pub name: String,
    pub email: Option<String>,
    pub read_upto: i64,
    pub unread: i64,
}

/// How much there is of everything.
#[derive(Debug)]
pub struct Figures {
    pub accounts: i64,
    pub conversations: i64,
    pub messages: i64,
    pub files: i64,
    pub file_bytes: i64,
    pub mail_waiting: i64,
    pub mail_failed: i64,
    pub reports_open: i64,
}

/// How many members of a conversation a list names.
const SHOWN: u32 = 4;

const PERSON: &str = "SELECT a.*,
        (SELECT max(seen_at) FROM devices WHERE account = a.id) AS seen_at,
        (SELECT count(*) FROM devices
         WHERE account = a.id AND ended_at IS NULL AND expires_at > $1) AS devices
     FROM accounts a";

fn person_seen(row: &Row<'_>) -> Result<PersonSeen> {
    Ok(PersonSeen {
        account: account(row)?,
        seen_at: row.get::<_, Option<i64>>("seen_at")?.map(Time),
        devices: row.get("devices")?,
        stored: row.get("stored")?,
    })
}

const PLACE: &str =
    "SELECT c.id, c.kind, c.low, c.high, c.name, c.description, c.creator, c.created_at,
        c.picture, c.archived_at, c.keep_messages, c.keep_files, c.slow_mode,
        (SELECT count(*) FROM members WHERE conversation = c.id) AS members,
        (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = c.id)
            - (SELECT coalesce(min(seq) - 1, 0) FROM messages WHERE conversation = c.id) AS messages,
        (SELECT sent_at FROM messages WHERE conversation = c.id ORDER BY seq DESC LIMIT 1) AS last_at
     FROM conversations c";

fn place_seen(row: &Row<'_>) -> Result<PlaceSeen> {
    Ok(PlaceSeen {
        conversation: conversation(row)?,
        people: Vec::new(),
        members: row.get("members")?,
        messages: row.get("messages")?,
        last_at: row.get::<_, Option<i64>>("last_at")?.map(Time),
    })
}

/// Is the text of parameter `q` in one of these columns, in capitals or not? If there is no text, all rows fit.
fn is_in(q: &str, columns: &[&str]) -> String {
    let q = format!("CAST({q} AS TEXT)");
    let mut either = format!("({q} IS NULL");
    for column in columns {
        either.push_str(&format!(" OR lower({column}) LIKE lower({q}) ESCAPE '\\'"));
    }
    either + ")"
}

/// The LIKE pattern that finds a text anywhere in a column. Its own `%`, `_` and `\` are escaped.
fn like(q: Option<&str>) -> Option<String> {
    let q = q?.trim();
    let mut pattern = String::with_capacity(q.len() + 2);
    pattern.push('%');
    for letter in q.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    Some(pattern)
}

impl View<'_> {
    pub(in crate::core) fn people_seen(
        &self,
        q: Option<&str>,
        order: PeopleOrder,
        page: Page,
    ) -> Result<Listed<PersonSeen>> {
        let named = |q| is_in(q, &["name", "username", "email"]);
        let (now, listed) = (self.now.0, named("$2"));
        let q = like(q);
        let order = match order {
            PeopleOrder::Newest => "id DESC",
            PeopleOrder::Stored => "stored DESC, id DESC",
        };
        let items = self.all(
            &format!(
                "{PERSON} WHERE removed_at IS NULL AND {listed} ORDER BY {order} LIMIT $3 OFFSET $4"
            ),
            (now, &q, page.limit, page.offset()),
            person_seen,
        )?;
        let counted = named("$1");
        let total = self.count(
            &format!("SELECT count(*) FROM accounts WHERE removed_at IS NULL AND {counted}"),
            [&q],
        )?;
        Ok(Listed { items, total })
    }

    pub(in crate::core) fn person_seen(&self, id: AccountId) -> Result<Option<PersonSeen>> {
        self.one(
            &format!("{PERSON} WHERE id = $2 AND removed_at IS NULL"),
            (self.now.0, id.number()),
            person_seen,
        )
    }

    /// How many other accounts can administer this server.
    pub(in crate::core) fn administrators_beside(&self, id: AccountId) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM accounts
             WHERE admin = 1 AND suspended_at IS NULL AND removed_at IS NULL AND id <> $1",
            [id.number()],
        )
    }

    pub(in crate::core) fn places_seen(
        &self,
        q: Option<&str>,
        kind: Option<Kind>,
        page: Page,
    ) -> Result<Listed<PlaceSeen>> {
        let (named, member_named) = (is_in("$2", &["name"]), is_in("$2", &["a.name"]));
        let which = format!(
            "(CAST($1 AS TEXT) IS NULL OR kind = $1) AND ({named} OR EXISTS
             (SELECT 1 FROM members m JOIN accounts a ON a.id = m.account
              WHERE m.conversation = c.id AND {member_named}))"
        );
        let (kind, q) = (kind.map(Kind::name), like(q));
        let mut items = self.all(
            &format!("{PLACE} WHERE {which} ORDER BY id DESC LIMIT $3 OFFSET $4"),
            (kind, &q, page.limit, page.offset()),
            place_seen,
        )?;
        for place in &mut items {
            place.people = self.first_members(place.conversation.place.id)?;
        }
        let total = self.count(
            &format!("SELECT count(*) FROM conversations c WHERE {which}"),
            (kind, &q),
        )?;
        Ok(Listed { items, total })
    }

    pub(in crate::core) fn place_seen(&self, id: ConversationId) -> Result<Option<PlaceSeen>> {
        let found = self.one(&format!("{PLACE} WHERE id = $1"), [id.number()], place_seen)?;
        let Some(mut place) = found else {
            return Ok(None);
        };
        place.people = self.first_members(id)?;
        Ok(Some(place))
    }

    pub(in crate::core) fn first_members(&self, id: ConversationId) -> Result<Vec<String>> {
        self.all(
            "SELECT a.name FROM members m JOIN accounts a ON a.id = m.account
             WHERE m.conversation = $1 ORDER BY m.account LIMIT $2",
            (id.number(), SHOWN),
            |row| row.get(0),
        )
    }

    pub(in crate::core) fn participants(&self, id: ConversationId) -> Result<Vec<Participant>> {
        self.all(
            "SELECT m.account, a.name, a.email, m.read_seq,
                    (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = $1)
                        - m.read_seq - m.own_since AS unread
             FROM members m JOIN accounts a ON a.id = m.account
             WHERE m.conversation = $1 ORDER BY m.account",
            [id.number()],
            |row| {
                Ok(Participant {
                    id: Id::stored(row.get("account")?),
                    name: row.get("name")?,
                    email: row.get("email")?,
                    read_upto: row.get("read_seq")?,
                    unread: row.get::<_, i64>("unread")?.max(0),
                })
            },
        )
    }

    /// Messages before this one, or the latest, newest first, and whether each was deleted. `None` if `before` is of
    /// another conversation.
    pub(in crate::core) fn messages_seen(
        &self,
        place: Place,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Option<Vec<(Message, bool)>>> {
        let Some(bound) = self.seq_before(place.id, before)? else {
            return Ok(None);
        };
        let found = self.messages_and_ends(
            place,
            "WHERE conversation = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
            (place.id.number(), bound, limit),
        )?;
        let seen = found
            .into_iter()
            .map(|(message, deleted_at)| (message, deleted_at.is_some()));
        Ok(Some(seen.collect()))
    }

    pub(in crate::core) fn files_seen(
        &self,
        q: Option<&str>,
        page: Page,
    ) -> Result<Listed<(File, String)>> {
        let which = format!("ready = 1 AND {}", is_in("$1", &["original"]));
        let q = like(q);
        let items = self.all(
            &format!(
                "SELECT *, (SELECT name FROM accounts WHERE id = uploader) AS uploader_name
                 FROM files WHERE {which} ORDER BY id DESC LIMIT $2 OFFSET $3"
            ),
            (&q, page.limit, page.offset()),
            |row| {
                let uploader = row.get::<_, Option<String>>("uploader_name")?;
                Ok((file(row)?, uploader.unwrap_or_default()))
            },
        )?;
        let total = self.count(&format!("SELECT count(*) FROM files WHERE {which}"), [&q])?;
        Ok(Listed { items, total })
    }

    /// What the server holds. Deleted messages are counted, too.
    pub(in crate::core) fn figures(&self) -> Result<Figures> {
        let figures = self.one(
            "SELECT (SELECT count(*) FROM accounts WHERE removed_at IS NULL) AS accounts,
                    (SELECT count(*) FROM conversations) AS conversations,
                    (SELECT messages FROM log) AS messages,
                    (SELECT count(*) FROM files WHERE ready = 1) AS files,
                    (SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM files WHERE ready = 1) AS file_bytes,
                    (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND refused_at IS NULL) AS mail_waiting,
                    (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND error IS NOT NULL)
                        AS mail_failed,
                    (SELECT count(*) FROM reports WHERE closed_at IS NULL) AS reports_open",
            (),
            |row| {
                Ok(Figures {
                    accounts: row.get("accounts")?,
                    conversations: row.get("conversations")?,
                    messages: row.get("messages")?,
                    files: row.get("files")?,
                    file_bytes: row.get("file_bytes")?,
                    mail_waiting: row.get("mail_waiting")?,
                    mail_failed: row.get("mail_failed")?,
                    reports_open: row.get("reports_open")?,
                })
            },
        )?;
        figures.ok_or_else(|| crate::core::error::Error::Internal("no figures".into()))
    }

    pub(in crate::core) fn file_bytes(&self) -> Result<i64> {
        let sum = "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM files WHERE ready = 1";
        self.count(sum, ())
    }

    /// When something was said last.
    pub(in crate::core) fn last_said(&self) -> Result<Option<Time>> {
        let at = self.one(super::backup::LAST_SAID, (), |row| row.get(0))?;
        Ok(at.map(Time))
    }

    /// When an action whose name begins like this was last recorded.
    pub(in crate::core) fn last_audited(&self, action: &str) -> Result<Option<(Time, String)>> {
        self.one(
            "SELECT at, detail FROM audit WHERE substr(action, 1, length(CAST($1 AS TEXT))) = $1 ORDER BY id DESC LIMIT 1",
            [action],
            |row| Ok((Time(row.get("at")?), row.get("detail")?)),
        )
    }

    /// The addresses of those who administer this server, the first ones of them.
    pub(in crate::core) fn addresses_of_administrators(&self, limit: u32) -> Result<Vec<String>> {
        self.all(
            "SELECT email FROM accounts
             WHERE admin = 1 AND suspended_at IS NULL AND removed_at IS NULL AND email IS NOT NULL
             ORDER BY id LIMIT $1",
            [limit],
            |row| row.get("email"),
        )
    }

    pub(in crate::core) fn audit(&self, q: Option<&str>, page: Page) -> Result<Listed<Audited>> {
        let which = is_in("$1", &["action", "subject", "detail"]);
        let q = like(q);
        let items = self.all(
            &format!(
                "SELECT *, (SELECT name FROM accounts WHERE id = actor) AS actor_name
                 FROM audit WHERE {which} ORDER BY id DESC LIMIT $2 OFFSET $3"
            ),
            (&q, page.limit, page.offset()),
            |row| {
                let actor = row.get::<_, Option<i64>>("actor")?.map(Id::stored);
                let name = row.get::<_, Option<String>>("actor_name")?;
                Ok(Audited {
                    id: row.get("id")?,
                    at: Time(row.get("at")?),
                    actor: actor.map(|id| (id, name.unwrap_or_default())),
                    action: row.get("action")?,
                    subject: row.get("subject")?,
                    detail: row.get("detail")?,
                })
            },
        )?;
        let total = self.count(&format!("SELECT count(*) FROM audit WHERE {which}"), [&q])?;
        Ok(Listed { items, total })
    }
}

impl Tx<'_> {
    pub(in crate::core) fn rename_account(&self, id: AccountId, name: &str) -> Result<()> {
        self.write(
            "UPDATE accounts SET name = $1, name_key = $2 WHERE id = $3",
            (name, identity::name_key(name), id.number()),
        )
    }

    /// # Errors
    /// `Taken` if another account has the username.
    pub(in crate::core) fn name_account(
        &self,
        id: AccountId,
        name: &str,
        username: Option<&str>,
    ) -> Result<()> {
        self.write(
            "UPDATE accounts SET name = $1, name_key = $2, username = $3, username_key = $4 WHERE id = $5",
            (
                name,
                identity::name_key(name),
                username,
                username.map(identity::name_key),
                id.number(),
            ),
        )
    }

    pub(in crate::core) fn update_password(&self, id: AccountId, hash: &str) -> Result<()> {
        self.write(
            "UPDATE accounts SET password = $1 WHERE id = $2",
            (hash, id.number()),
        )
    }

    pub(in crate::core) fn suspend_account(&self, id: AccountId, suspended: bool) -> Result<()> {
        self.write(
            "UPDATE accounts SET suspended_at = $1 WHERE id = $2",
            (suspended.then_some(self.now.0), id.number()),
        )
    }

    /// Blanks what identifies a person, and deletes what only this person can see.
    pub(in crate::core) fn blank_account(&self, id: AccountId) -> Result<()> {
        self.void_codes(id)?;
        self.change(
            "UPDATE accounts SET name = 'Removed user', username = NULL, email = NULL, proven_at = NULL,
                 username_key = NULL, email_key = NULL, name_key = NULL,
                 password = NULL, gender = NULL, born_on = NULL, role = NULL, picture = NULL,
                 picture_url = NULL, external = NULL, google = NULL, admin = 0, removed_at = $1,
                 seen_at = NULL
             WHERE id = $2",
            (self.now.0, id.number()),
        )?;
        for sql in [
            "DELETE FROM notices WHERE account = $1",
            "DELETE FROM outbox WHERE account = $1 AND sent_at IS NULL",
            "DELETE FROM digests WHERE account = $1",
        ] {
            self.change(sql, [id.number()])?;
        }
        Ok(())
    }

    /// The groups and rooms of which somebody is a member, at most `most`.
    pub(in crate::core) fn memberships_to_end(
        &self,
        id: AccountId,
        most: u32,
    ) -> Result<Vec<ConversationId>> {
        self.all(
            "SELECT m.conversation FROM members m JOIN conversations c ON c.id = m.conversation
             WHERE m.account = $1 AND c.kind IN ('group', 'room') ORDER BY m.conversation LIMIT $2",
            (id.number(), most),
            |row| Ok(Id::stored(row.get(0)?)),
        )
    }

    /// The file is nobody's picture any more.
    pub(in crate::core) fn hide_picture(&self, id: FileId) -> Result<()> {
        self.change(
            "UPDATE accounts SET picture = NULL WHERE picture = $1",
            [id.number()],
        )?;
        // A conversation whose picture it is names it.
        self.write(
            "UPDATE conversations SET picture = NULL WHERE picture = $1
                 AND id IN (SELECT conversation FROM attached WHERE file = $1)",
            [id.number()],
        )
    }
}
