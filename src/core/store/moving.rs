//! Everything that a server holds, as rows, page by page in the order of the keys.

use super::View;
use super::account::account;
use super::file::file;
use super::unwanted::entry;
use crate::core::error::{Error, Result};
use crate::core::model::{Account, File, Id, Message, MessageId, Time};
use crate::core::word_list::Entry;

/// An account, also one that was removed: then its name and address are blank.
#[derive(Debug)]
pub struct MovedAccount {
    pub account: Account,
    pub removed_at: Option<Time>,
    pub wants_digests: bool,
}

/// A conversation. People, sessions and files are named by their numbers.
#[derive(Debug)]
pub struct MovedConversation {
    pub id: i64,
    /// direct, group, room or session
    pub kind: String,
    pub name: String,
    pub description: String,
    pub creator: Option<i64>,
    /// The two people who talk, in direct and session conversations.
    pub between: Option<(i64, i64)>,
    pub session: Option<i64>,
    pub picture: Option<i64>,
    pub created_at: Time,
    pub archived_at: Option<Time>,
    /// How long messages and files are kept, in milliseconds; 0: for ever; `None`: as the server says.
    pub keep_messages: Option<i64>,
    pub keep_files: Option<i64>,
    /// Seconds between two messages of one account; 0: any number at once.
    pub slow_mode: u32,
}

/// Somebody's place in a conversation.
#[derive(Debug)]
pub struct MovedMember {
    pub account: i64,
    pub joined_at: Time,
    /// Everything up to the message with this number is read.
    pub read_upto: i64,
    pub owner_since: Option<Time>,
    /// mentions or none; `None`: everything.
    pub level: Option<String>,
    pub muted_until: Option<Time>,
}

/// A ban or a silence; it may be over.
#[derive(Debug)]
pub struct MovedRestraint {
    pub conversation: i64,
    pub account: i64,
    /// ban or silence
    pub kind: String,
    /// `None`: for good.
    pub until: Option<Time>,
    pub by: i64,
    pub at: Time,
}

/// Somebody has blocked somebody.
#[derive(Debug)]
pub struct MovedBlock {
    pub account: i64,
    pub blocked: i64,
    pub at: Time,
}

/// A mentoring session.
#[derive(Debug)]
pub struct MovedSession {
    pub id: i64,
    pub uuid: String,
    pub mentor: i64,
    pub mentee: i64,
    pub start_at: Time,
    pub status: String,
}

impl View<'_> {
    pub(in crate::core) fn all_accounts(&self, after: i64, most: u32) -> Result<Vec<MovedAccount>> {
        self.all(
            "SELECT a.*, coalesce((SELECT wanted FROM digests WHERE account = a.id), 1) AS wants_digests
             FROM accounts a WHERE id > $1 ORDER BY id LIMIT $2",
            (after, most),
            |row| {
                Ok(MovedAccount {
                    account: account(row)?,
                    removed_at: row.get::<_, Option<i64>>("removed_at")?.map(Time),
                    wants_digests: row.get("wants_digests")?,
                })
            },
        )
    }

    pub(in crate::core) fn all_sessions(&self, after: i64, most: u32) -> Result<Vec<MovedSession>> {
        self.all(
            "SELECT id, uuid, mentor, mentee, start_at, status FROM sessions WHERE id > $1 ORDER BY id LIMIT $2",
            (after, most),
            |row| {
                Ok(MovedSession {
                    id: row.get("id")?,
                    uuid: row.get("uuid")?,
                    mentor: row.get("mentor")?,
                    mentee: row.get("mentee")?,
                    start_at: Time(row.get("start_at")?),
                    status: row.get("status")?,
                })
            },
        )
    }

    pub(in crate::core) fn all_conversations(
        &self,
        after: i64,
        most: u32,
    ) -> Result<Vec<MovedConversation>> {
        self.all(
            "SELECT id, kind, name, description, creator, low, high, session, picture, created_at, archived_at,
                 keep_messages, keep_files, slow_mode
             FROM conversations WHERE id > $1 ORDER BY id LIMIT $2",
            (after, most),
            |row| {
                let (low, high): (Option<i64>, Option<i64>) = (row.get("low")?, row.get("high")?);
                Ok(MovedConversation {
                    id: row.get("id")?,
                    kind: row.get("kind")?,
                    name: row.get("name")?,
                    description: row.get("description")?,
                    creator: row.get("creator")?,
                    between: low.zip(high),
                    session: row.get("session")?,
                    picture: row.get("picture")?,
                    created_at: Time(row.get("created_at")?),
                    archived_at: row.get::<_, Option<i64>>("archived_at")?.map(Time),
                    keep_messages: row.get("keep_messages")?,
                    keep_files: row.get("keep_files")?,
                    slow_mode: row.get("slow_mode")?,
                })
            },
        )
    }

    pub(in crate::core) fn all_members(
        &self,
        conversation: i64,
        after: i64,
        most: u32,
    ) -> Result<Vec<MovedMember>> {
        self.all(
            "SELECT account, joined_at, read_seq, owner_since, level, muted_until FROM members
             WHERE conversation = $1 AND account > $2 ORDER BY account LIMIT $3",
            (conversation, after, most),
            |row| {
                let time = |name| Ok::<_, Error>(row.get::<_, Option<i64>>(name)?.map(Time));
                Ok(MovedMember {
                    account: row.get("account")?,
                    joined_at: Time(row.get("joined_at")?),
                    read_upto: row.get("read_seq")?,
                    owner_since: time("owner_since")?,
                    level: row.get("level")?,
                    muted_until: time("muted_until")?,
                })
            },
        )
    }

    /// Behind this conversation, account and kind.
    pub(in crate::core) fn all_restraints(
        &self,
        after: &(i64, i64, String),
        most: u32,
    ) -> Result<Vec<MovedRestraint>> {
        self.all(
            "SELECT conversation, account, kind, until, imposed_by, imposed_at FROM restraints
             WHERE (conversation, account, kind) > ($1, $2, $3) ORDER BY conversation, account, kind LIMIT $4",
            (after.0, after.1, &after.2, most),
            |row| {
                Ok(MovedRestraint {
                    conversation: row.get("conversation")?,
                    account: row.get("account")?,
                    kind: row.get("kind")?,
                    until: row.get::<_, Option<i64>>("until")?.map(Time),
                    by: row.get("imposed_by")?,
                    at: Time(row.get("imposed_at")?),
                })
            },
        )
    }

    /// Behind who blocks and whom.
    pub(in crate::core) fn some_blocks(
        &self,
        after: (i64, i64),
        most: u32,
    ) -> Result<Vec<MovedBlock>> {
        self.all(
            "SELECT account, blocked, at FROM blocks
             WHERE (account, blocked) > ($1, $2) ORDER BY account, blocked LIMIT $3",
            (after.0, after.1, most),
            |row| {
                Ok(MovedBlock {
                    account: row.get("account")?,
                    blocked: row.get("blocked")?,
                    at: Time(row.get("at")?),
                })
            },
        )
    }

    pub(in crate::core) fn some_unwanted(&self, after: i64, most: u32) -> Result<Vec<Entry>> {
        self.all(
            "SELECT * FROM unwanted WHERE id > $1 ORDER BY id LIMIT $2",
            (after, most),
            entry,
        )
    }

    /// Messages that are not deleted, behind this sequence number.
    pub(in crate::core) fn all_messages(
        &self,
        conversation: i64,
        after: i64,
        most: u32,
    ) -> Result<Vec<Message>> {
        match self.place_for(Id::stored(conversation), None)? {
            Some((place, _)) => self.messages_after(place, after, most),
            None => Ok(Vec::new()),
        }
    }

    /// Everybody who reacts with this emoji, in order.
    pub(in crate::core) fn all_who_react(&self, id: MessageId, emoji: &str) -> Result<Vec<i64>> {
        self.all(
            "SELECT account FROM reactions WHERE message = $1 AND emoji = $2 ORDER BY position",
            (id.number(), emoji),
            |row| row.get(0),
        )
    }

    /// For each attachment of a message, in order: which file of this server it is.
    pub(in crate::core) fn files_attached(&self, id: MessageId) -> Result<Vec<Option<i64>>> {
        self.all(
            "SELECT file FROM attachments WHERE message = $1 ORDER BY position",
            [id.number()],
            |row| row.get(0),
        )
    }

    pub(in crate::core) fn all_files(&self, after: i64, most: u32) -> Result<Vec<File>> {
        self.all(
            "SELECT * FROM files WHERE id > $1 AND ready = 1 ORDER BY id LIMIT $2",
            (after, most),
            file,
        )
    }
}
