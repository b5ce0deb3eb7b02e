//! What comes from another server or another chat, as rows: history, which is told to nobody as news.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};

use super::attached::NAMED;
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::hex;
use crate::core::identity;
use crate::core::limits;
use crate::core::model::{
    AccountId, Attachment, ConversationId, FileId, Id, Kind, Level, MessageId, Notice, NoticeId,
    Picture, RestraintKind, Session, Time, Until,
};
use crate::core::word_list::{Consequence, Sort};

/// A server or a workspace from which something was imported.
#[derive(Debug, Clone, Copy)]
pub struct Import(pub i64);

/// What has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Account,
    Session,
    Conversation,
    File,
    Message,
    Notice,
    Restraint,
    Block,
    Unwanted,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Session => "session",
            Self::Conversation => "conversation",
            Self::File => "file",
            Self::Message => "message",
            Self::Notice => "notice",
            Self::Restraint => "restraint",
            Self::Block => "block",
            Self::Unwanted => "unwanted",
        }
    }
}

/// A key as it is stored: of any length, and it may be somebody's name, who may leave one day.
fn hashed(key: &str) -> String {
    let hash = digest(&SHA256, key.as_bytes());
    hex(&hash.as_ref()[..16])
}

/// How far is the history of a conversation?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is complete, and people may have talked since.
    Complete,
    /// It was made for it, and it is not complete.
    New,
    /// It was complete, and more is coming.
    Longer,
}

impl State {
    pub(in crate::core) fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::New => "new",
            Self::Longer => "longer",
        }
    }
}

/// Somebody from elsewhere. An address is not proven by being there.
#[derive(Debug, Clone)]
pub struct Newcomer {
    pub key: String,
    pub home: String,
    pub name: String,
    pub username: Option<String>,
    pub email: Option<String>,
    pub proven_at: Option<Time>,
    pub gender: Option<String>,
    pub born_on: Option<String>,
    pub role: Option<String>,
    pub picture_url: Option<String>,
    pub admin: bool,
    pub hides_presence: bool,
    pub wants_digests: bool,
    pub suspended_at: Option<Time>,
    pub removed_at: Option<Time>,
    pub created_at: Time,
}

/// A conversation from elsewhere.
#[derive(Debug, Clone)]
pub struct NewPlace {
    pub key: String,
    pub kind: Kind,
    pub name: String,
    pub description: String,
    pub creator: Option<AccountId>,
    /// The two people of a direct or session conversation.
    pub pair: Option<(AccountId, AccountId)>,
    /// The UUID of its session.
    pub session: Option<String>,
    pub created_at: Time,
    /// How long messages and files are kept, in milliseconds; 0: for ever; `None`: as the server says.
    pub keep: (Option<i64>, Option<i64>),
    /// Seconds between two messages of one account, in a group or a room.
    pub slow_mode: u32,
    /// What a conversation of two is called if it has to become a group.
    pub group_name: String,
}

/// A message from elsewhere.
#[derive(Debug)]
pub struct Said {
    pub key: String,
    pub place: ConversationId,
    pub author: AccountId,
    pub text: String,
    pub content_type: Cow<'static, str>,
    pub attachments: Vec<Attachment>,
    pub client_id: Option<String>,
    /// The key of the message that it answers.
    pub reply_to: Option<String>,
    pub mentions: Vec<AccountId>,
    /// Emoji and who reacts with them, in order, each once.
    pub reactions: Vec<(String, Vec<AccountId>)>,
    pub pin: Option<(Time, AccountId)>,
    pub edited_at: Option<Time>,
    pub sent_at: Time,
}

/// How far a member has read.
#[derive(Debug, Clone, Copy)]
pub enum Reading {
    All,
    /// Up to the message with this number here.
    Upto(i64),
}

/// Somebody who is taken into a conversation.
#[derive(Debug, Clone)]
pub struct Taken {
    pub account: AccountId,
    pub joined_at: Time,
    pub reading: Reading,
    pub owner_since: Option<Time>,
    /// `None`: everything.
    pub level: Option<Level>,
    pub muted_until: Option<Time>,
}

/// A ban or a silence from elsewhere.
#[derive(Debug, Clone)]
pub struct Imposed {
    pub key: String,
    pub place: ConversationId,
    pub account: AccountId,
    pub kind: RestraintKind,
    pub until: Until,
    pub by: AccountId,
    pub at: Time,
}

/// Whom somebody has blocked elsewhere.
#[derive(Debug, Clone)]
pub struct Blocking {
    pub key: String,
    pub account: AccountId,
    pub blocked: AccountId,
    pub at: Time,
}

/// An unwanted word or pattern from elsewhere.
#[derive(Debug, Clone)]
pub struct Listing {
    pub key: String,
    pub text: String,
    pub sort: Sort,
    pub consequence: Consequence,
    pub by: Option<AccountId>,
    pub at: Time,
}

/// What is known of a file from elsewhere once it is complete.
#[derive(Debug)]
pub struct Kept {
    pub conversation: Option<ConversationId>,
    pub size: u64,
    /// SHA-256 in hex.
    pub hash: String,
    pub public: bool,
    pub created_at: Time,
}

/// A conversation's history.
pub(in crate::core) struct History {
    pub upto: i64,
    pub state: State,
}

fn state(name: &str) -> State {
    match name {
        "new" => State::New,
        "longer" => State::Longer,
        _ => State::Complete,
    }
}

impl View<'_> {
    /// What this has become that was imported before.
    pub(in crate::core) fn imported(
        &self,
        import: Import,
        what: What,
        key: &str,
    ) -> Result<Option<i64>> {
        self.one(
            "SELECT id FROM imported WHERE import = $1 AND kind = $2 AND key = $3",
            (import.0, what.name(), hashed(key)),
            |row| row.get(0),
        )
    }

    /// The earlier import from this source.
    pub(in crate::core) fn import_from(&self, source: &str) -> Result<Option<Import>> {
        self.one(
            "SELECT id FROM imports WHERE source = $1",
            [source],
            |row| row.get(0).map(Import),
        )
    }

    /// Was anything ever imported? Then ids do not grow with the times at which messages were sent.
    pub(in crate::core) fn has_imports(&self) -> Result<bool> {
        Ok(self.count("SELECT count(*) FROM imports", ())? > 0)
    }

    pub(in crate::core) fn history(&self, id: ConversationId) -> Result<Option<History>> {
        self.one(
            "SELECT upto, state FROM histories WHERE conversation = $1",
            [id.number()],
            |row| {
                Ok(History {
                    upto: row.get("upto")?,
                    state: state(row.text("state")?),
                })
            },
        )
    }

    /// The last message of a conversation, deleted ones too, and when it was sent.
    pub(in crate::core) fn end_of(&self, id: ConversationId) -> Result<Option<(MessageId, Time)>> {
        self.one(
            "SELECT id, sent_at FROM messages WHERE conversation = $1 ORDER BY seq DESC LIMIT 1",
            [id.number()],
            |row| Ok((Id::stored(row.get(0)?), Time(row.get(1)?))),
        )
    }

    /// Can nobody log in to this account, because it has no password and no other login?
    pub(in crate::core) fn is_nobodys(&self, id: AccountId) -> Result<bool> {
        let free = self.count(
            "SELECT count(*) FROM accounts WHERE id = $1 AND password IS NULL AND external IS NULL AND google IS NULL",
            [id.number()],
        )?;
        Ok(free == 1)
    }

    /// Also by an account that version 1 let have it beside another.
    pub(in crate::core) fn is_address_taken(&self, email: &str) -> Result<bool> {
        let taken = self.count(
            "SELECT count(*) FROM accounts WHERE email_key = $1 OR email = $2",
            (identity::email_key(email), email),
        )?;
        Ok(taken > 0)
    }

    pub(in crate::core) fn is_username_taken(&self, name: &str) -> Result<bool> {
        let taken = self.count(
            "SELECT count(*) FROM accounts WHERE username_key = $1 OR username = $2",
            (identity::name_key(name), name),
        )?;
        Ok(taken > 0)
    }

    /// Has somebody neither left this conversation nor been removed?
    pub(in crate::core) fn may_be_taken_in(
        &self,
        id: ConversationId,
        who: AccountId,
    ) -> Result<bool> {
        let gone = self.count(
            "SELECT (SELECT count(*) FROM past_members WHERE account = $1 AND conversation = $2)
                 + (SELECT count(*) FROM accounts WHERE id = $1 AND removed_at IS NOT NULL)",
            (who.number(), id.number()),
        )?;
        Ok(gone == 0)
    }

    /// The row of a mentoring session.
    pub(in crate::core) fn session_row(&self, uuid: &str) -> Result<Option<i64>> {
        self.one("SELECT id FROM sessions WHERE uuid = $1", [uuid], |row| {
            row.get(0)
        })
    }

    /// All notifications behind this number.
    pub(in crate::core) fn all_notices(&self, after: i64, most: u32) -> Result<Vec<Notice>> {
        self.all(
            "SELECT * FROM notices WHERE id > $1 ORDER BY id LIMIT $2",
            (after, most),
            super::notice::notice,
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn insert_import(&self, source: &str) -> Result<Import> {
        self.inserted(
            "INSERT INTO imports (source) VALUES ($1) RETURNING id",
            [source],
            |row| row.get(0).map(Import),
        )
    }

    pub(in crate::core) fn note_imported(
        &self,
        import: Import,
        what: What,
        key: &str,
        id: i64,
    ) -> Result<()> {
        self.write(
            "INSERT INTO imported (import, kind, key, id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (import, kind, key) DO UPDATE SET id = excluded.id",
            (import.0, what.name(), hashed(key), id),
        )
    }

    /// Makes an account without a password.
    pub(in crate::core) fn insert_newcomer(&self, new: &Newcomer) -> Result<AccountId> {
        let id: AccountId = self.inserted(
            "INSERT INTO accounts (home, name, username, email, proven_at, gender, born_on, role, picture_url,
                 suspended_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
            (
                &new.home,
                &new.name,
                &new.username,
                &new.email,
                new.proven_at.map(|at| at.0),
                &new.gender,
                &new.born_on,
                &new.role,
                &new.picture_url,
                new.suspended_at.map(|at| at.0),
                new.created_at.0,
            ),
            |row| row.get(0).map(Id::stored),
        )?;
        let is_removed = new.removed_at.is_some();
        self.change(
            "UPDATE accounts SET removed_at = $1, admin = $2, hides_presence = $3, username_key = $4, email_key = $5,
                 name_key = $6
             WHERE id = $7",
            (
                new.removed_at.map(|at| at.0),
                i64::from(new.admin),
                i64::from(new.hides_presence),
                new.username.as_deref().map(identity::name_key),
                new.email.as_deref().map(identity::email_key),
                (!is_removed).then(|| identity::name_key(&new.name)),
                id.number(),
            ),
        )?;
        if !new.wants_digests {
            self.want_digests(id, false)?;
        }
        Ok(id)
    }

    /// Makes a conversation that is archived until its history is complete.
    pub(in crate::core) fn insert_place(
        &self,
        new: &NewPlace,
        kind: Kind,
        name: &str,
        pair: Option<(AccountId, AccountId)>,
    ) -> Result<ConversationId> {
        let (low, high) = pair
            .map(|(low, high)| (low.number(), high.number()))
            .unzip();
        let id = self.inserted(
            "INSERT INTO conversations (kind, name, description, creator, low, high, created_at, archived_at,
                 keep_messages, keep_files, slow_mode)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
            (
                kind.name(),
                name,
                &new.description,
                new.creator.map(|who| who.number()),
                low,
                high,
                new.created_at.0,
                self.now.0,
                new.keep.0,
                new.keep.1,
                match kind {
                    Kind::Group | Kind::Room => new.slow_mode,
                    Kind::Direct | Kind::Session => 0,
                },
            ),
            |row| row.get(0).map(Id::stored),
        )?;
        if kind == Kind::Room {
            self.change("UPDATE log SET rooms = rooms + 1", ())?;
        }
        Ok(id)
    }

    pub(in crate::core) fn open_history(&self, id: ConversationId, state: State) -> Result<()> {
        self.write(
            "INSERT INTO histories (conversation, upto, state) VALUES ($1, 0, $2)
             ON CONFLICT (conversation) DO UPDATE SET state = excluded.state",
            (id.number(), state.name()),
        )
    }

    /// Appends a message as it was said elsewhere; `reply_to` is the message here that it answers.
    pub(in crate::core) fn append_said(
        &self,
        said: &Said,
        reply_to: Option<i64>,
    ) -> Result<MessageId> {
        let seq = self.last_seq(said.place)? + 1;
        let id = self.next_position()?;
        let mut position = id;
        for (emoji, people) in &said.reactions {
            self.change(
                "INSERT INTO emoji (message, emoji, count, first) VALUES ($1, $2, $3, $4)",
                (id, emoji, people.len() as i64, position + 1),
            )?;
            for who in people {
                position += 1;
                self.change(
                    "INSERT INTO reactions (message, emoji, account, position) VALUES ($1, $2, $3, $4)",
                    (id, emoji, who.number(), position),
                )?;
            }
        }
        let client_id = match &said.client_id {
            Some(client_id) if self.has_sent(said.author, client_id)? => None,
            other => other.as_deref(),
        };
        let pin = match said.pin {
            Some(_) if self.pins_of(said.place)? >= limits::PINS => None,
            other => other,
        };
        let changed = said.edited_at.is_some() || pin.is_some() || !said.reactions.is_empty();
        self.change(
            "INSERT INTO messages
                 (conversation, seq, id, author, text, type, attachments, client_id, sent_at, reply_to, mentions,
                  changed, edited_at, reactions)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            (
                said.place.number(),
                seq,
                id,
                said.author.number(),
                &said.text,
                &said.content_type,
                said.attachments.len() as i64,
                client_id,
                said.sent_at.0,
                reply_to,
                said.mentions.len() as i64,
                changed.then_some(position),
                said.edited_at.map(|at| at.0),
                said.reactions.len() as i64,
            ),
        )?;
        if let Some((at, by)) = pin {
            self.change(
                "UPDATE messages SET pinned_at = $1, pinned_by = $2 WHERE conversation = $3 AND seq = $4",
                (at.0, by.number(), said.place.number(), seq),
            )?;
        }
        self.cache.note_end(said.place, seq);
        self.cache.note_said(position);
        self.attach(said.place, Id::stored(id), &said.attachments)?;
        self.mention(said.place, seq, &said.mentions)?;
        Ok(MessageId::stored(id))
    }

    fn has_sent(&self, who: AccountId, client_id: &str) -> Result<bool> {
        let sent = self.count(
            "SELECT count(*) FROM messages WHERE author = $1 AND client_id = $2",
            (who.number(), client_id),
        )?;
        Ok(sent > 0)
    }

    fn pins_of(&self, id: ConversationId) -> Result<i64> {
        self.count(
            "SELECT count(*) FROM messages WHERE conversation = $1 AND pinned_at IS NOT NULL",
            [id.number()],
        )
    }

    /// All up to the log's last position is history in this conversation.
    pub(in crate::core) fn end_history_here(&self, id: ConversationId) -> Result<()> {
        let last = self.next_position()? - 1;
        self.write(
            "UPDATE histories SET upto = $1, state = CASE WHEN state = 'complete' THEN 'longer' ELSE state END
             WHERE conversation = $2",
            (last, id.number()),
        )
    }

    /// Adds a member with their read mark; who is a member already stays what they are.
    pub(in crate::core) fn insert_taken(&self, id: ConversationId, one: &Taken) -> Result<()> {
        let last = self.last_seq(id)?;
        let read = match one.reading {
            Reading::All => last,
            Reading::Upto(seq) => seq.clamp(0, last),
        };
        self.cache.forget_place(id, one.account);
        self.write(
            "INSERT INTO members (conversation, account, joined_at, read_seq, owner_since, level, muted_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (conversation, account) DO NOTHING",
            (
                id.number(),
                one.account.number(),
                one.joined_at.0,
                read,
                one.owner_since.map(|at| at.0),
                one.level.map(|level| level.name()),
                one.muted_until.map(|at| at.0),
            ),
        )
    }

    /// The history is complete: what was said is read or not, who is no member was one once, and the conversation is open
    /// from now on, unless it is archived where it comes from.
    pub(in crate::core) fn complete_history(
        &self,
        id: ConversationId,
        kind: Kind,
        state: State,
        archived_at: Option<Time>,
        picture: Option<FileId>,
    ) -> Result<()> {
        self.count_own()?;
        let number = id.number();
        match state {
            State::New => {
                self.change(
                    "UPDATE members SET own_since = own.count FROM (
                         SELECT o.account AS account, count(*) AS count FROM members o
                         JOIN messages m ON m.conversation = o.conversation AND m.seq > o.read_seq AND m.author = o.account
                         WHERE o.conversation = $1 GROUP BY o.account
                     ) own WHERE members.conversation = $1 AND members.account = own.account",
                    [number],
                )?;
                self.change(
                    "UPDATE conversations SET archived_at = $1, picture = $2 WHERE id = $3",
                    (
                        archived_at.map(|at| at.0),
                        picture.map(|file| file.number()),
                        number,
                    ),
                )?;
                if let Some(file) = picture {
                    self.change(NAMED, (file.number(), number))?;
                }
            }
            State::Longer | State::Complete => {
                self.change(
                    "UPDATE members SET own_since = 0,
                         read_seq = (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = $1)
                     WHERE conversation = $1",
                    [number],
                )?;
            }
        }
        self.change(
            "INSERT INTO past_members (account, conversation)
             SELECT DISTINCT author, conversation FROM messages m WHERE conversation = $1
                 AND NOT EXISTS (SELECT 1 FROM members o WHERE o.conversation = $1 AND o.account = m.author)
             ON CONFLICT (account, conversation) DO NOTHING",
            [number],
        )?;
        if kind == Kind::Group {
            self.change(
                "UPDATE members SET owner_since = joined_at WHERE conversation = $1 AND account = (
                     SELECT m.account FROM members m JOIN conversations c ON c.id = m.conversation
                     JOIN accounts a ON a.id = m.account WHERE m.conversation = $1
                     ORDER BY CASE WHEN m.account = c.creator THEN 0 ELSE 1 END,
                         CASE WHEN a.suspended_at IS NULL THEN 0 ELSE 1 END, m.joined_at, m.account LIMIT 1)
                 AND NOT EXISTS (SELECT 1 FROM members WHERE conversation = $1 AND owner_since IS NOT NULL)",
                [number],
            )?;
        }
        self.note_first_readings(id)?;
        self.cache.forget_place_of_all(id);
        self.write(
            "UPDATE histories SET state = 'complete' WHERE conversation = $1",
            [number],
        )
    }

    /// The two who have read farthest had done so when what they read last was sent: nobody knows better.
    fn note_first_readings(&self, id: ConversationId) -> Result<()> {
        let farthest = self.all(
            "SELECT o.account, o.read_seq, m.sent_at FROM members o
             JOIN messages m ON m.conversation = o.conversation AND m.seq = o.read_seq
             WHERE o.conversation = $1 ORDER BY o.read_seq DESC, o.account LIMIT 2",
            [id.number()],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            },
        )?;
        for (nth, (account, upto, at)) in farthest.into_iter().enumerate() {
            self.change(
                "INSERT INTO reads (conversation, nth, upto, account, at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (conversation, nth, upto) DO NOTHING",
                (id.number(), nth as i64, upto, account, at),
            )?;
        }
        Ok(())
    }

    /// The file is complete. It has no position in the log: nobody catches up on it.
    pub(in crate::core) fn complete_kept(&self, id: FileId, kept: &Kept) -> Result<()> {
        self.change(
            "UPDATE files SET ready = 1, conversation = $1, size = $2, hash = $3, created_at = $4, public = $5 WHERE id = $6",
            (
                kept.conversation.map(|id| id.number()),
                kept.size as i64,
                &kept.hash,
                kept.created_at.0,
                i64::from(kept.public),
                id.number(),
            ),
        )?;
        self.write(
            "UPDATE accounts SET stored = stored + $1 WHERE id = (SELECT uploader FROM files WHERE id = $2)",
            (kept.size as i64, id.number()),
        )
    }

    /// A picture for who has none.
    pub(in crate::core) fn picture_for(&self, who: AccountId, file: FileId) -> Result<()> {
        let has = self.count(
            "SELECT count(*) FROM accounts WHERE id = $1 AND (picture IS NOT NULL OR picture_url IS NOT NULL)",
            [who.number()],
        )?;
        match has {
            0 => self.update_picture(who, &Picture::Kept(file)),
            _ => Ok(()),
        }
    }

    pub(in crate::core) fn insert_session(&self, session: &Session) -> Result<i64> {
        self.put_session(session)?;
        self.session_row(&session.uuid)?
            .ok_or_else(|| Error::Internal("a session that is not there".into()))
    }

    /// A notification that was heard elsewhere.
    pub(in crate::core) fn insert_heard_notice(&self, notice: &Notice) -> Result<NoticeId> {
        self.inserted(
            "INSERT INTO notices (account, title, text, type, created_at, heard_at, read_at)
             VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id",
            (
                notice.account.number(),
                &notice.title,
                &notice.text,
                &notice.kind,
                notice.created_at.0,
                notice.read_at.map(|at| at.0),
            ),
            |row| row.get(0).map(Id::stored),
        )
    }
}
