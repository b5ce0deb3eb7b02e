//! What somebody has here, as rows: memberships, messages and files of one account; and what is left to delete of accounts
//! that were removed.

use super::file::file;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::identity;
use crate::core::model::{
    AccountId, Conversation, ConversationId, File, FileId, Id, Message, MessageId, Person, Time,
};

/// Messages that one step reads at most, of all authors, and conversations that it looks into.
const LOOKED_AT: i64 = 2_000;
const PLACES: usize = 64;
/// Messages of one author that one step finds at most.
const FOUND: usize = 64;

/// A place in all messages: behind the message with this number in this conversation, which are ordered by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    conversation: i64,
    seq: i64,
}

/// A conversation that somebody belongs to.
#[derive(Debug)]
pub struct Membership {
    pub conversation: Conversation,
    pub joined_at: Time,
    /// The other one, where two talk.
    pub other: Option<Person>,
}

/// Some messages of one author.
#[derive(Debug)]
pub struct OwnMessages {
    pub messages: Vec<Message>,
    /// Where the next ones are; `None` if there are none.
    pub next: Option<Cursor>,
}

/// A message of somebody whose messages are searched.
#[derive(Debug, Clone, Copy)]
pub struct FoundMessage {
    pub id: MessageId,
    pub at: Cursor,
}

/// What is to be deleted next of a removed account.
#[derive(Debug)]
pub struct Erasure {
    pub account: AccountId,
    /// All messages and files.
    pub everything: bool,
    pub messages: Vec<FoundMessage>,
    /// Where the next messages are; `None` if there are none.
    pub next: Option<Cursor>,
}

impl View<'_> {
    /// This person, also one who was removed.
    pub(in crate::core) fn person(&self, id: AccountId) -> Result<Option<Person>> {
        self.one(
            "SELECT id, name, picture, picture_url, created_at FROM accounts WHERE id = $1",
            [id.number()],
            super::account::person,
        )
    }

    /// The conversations that somebody belongs to, by ascending id: at most `most` behind this one; and which of them are
    /// not open to everybody.
    pub(in crate::core) fn memberships_and_kinds(
        &self,
        who: AccountId,
        after: Option<ConversationId>,
        most: u32,
    ) -> Result<Vec<(ConversationId, bool)>> {
        self.all(
            "SELECT m.conversation, c.kind <> 'room' FROM members m JOIN conversations c ON c.id = m.conversation
             WHERE m.account = $1 AND m.conversation > $2 ORDER BY m.conversation LIMIT $3",
            (who.number(), after.map_or(0, |after| after.number()), most),
            |row| Ok((Id::stored(row.get(0)?), row.get(1)?)),
        )
    }

    pub(in crate::core) fn own_memberships(
        &self,
        who: AccountId,
        after: Option<ConversationId>,
        most: u32,
    ) -> Result<Vec<Membership>> {
        let rows = self.all(
            "SELECT conversation, joined_at FROM members WHERE account = $1 AND conversation > $2
             ORDER BY conversation LIMIT $3",
            (who.number(), after.map_or(0, |after| after.number()), most),
            |row| Ok((Id::stored(row.get(0)?), Time(row.get(1)?))),
        )?;
        let mut memberships = Vec::with_capacity(rows.len());
        for (id, joined_at) in rows {
            let Some(conversation) = self.conversation(id)? else {
                continue;
            };
            let other = conversation.place.other(who);
            let other = other.map(|other| self.person(other)).transpose()?.flatten();
            memberships.push(Membership {
                conversation,
                joined_at,
                other,
            });
        }
        Ok(memberships)
    }

    pub(in crate::core) fn own_messages(
        &self,
        who: AccountId,
        from: Cursor,
    ) -> Result<OwnMessages> {
        let (found, next) = self.messages_by(who, from)?;
        let mut messages = Vec::with_capacity(found.len());
        for one in found {
            if let Some((place, _)) = self.place_for(Id::stored(one.at.conversation), None)? {
                let params = [one.id.number()];
                messages.extend(self.messages(place, "WHERE id = $1", params)?);
            }
        }
        Ok(OwnMessages { messages, next })
    }

    /// Messages of this author that are not deleted, behind a place; and where to go on. An index by author would cost every
    /// message that is posted; this reads the conversations that somebody belongs to or has left.
    fn messages_by(
        &self,
        who: AccountId,
        mut from: Cursor,
    ) -> Result<(Vec<FoundMessage>, Option<Cursor>)> {
        let (mut found, mut left) = (Vec::new(), LOOKED_AT);
        for _ in 0..PLACES {
            let rows = self.all(
                "SELECT seq, id, author = $1 AND deleted_at IS NULL FROM messages
                 WHERE conversation = $2 AND seq > $3 ORDER BY seq LIMIT $4",
                (who.number(), from.conversation, from.seq, left),
                |row| {
                    let is_own: bool = row.get(2)?;
                    Ok((row.get::<_, i64>(0)?, Id::stored(row.get(1)?), is_own))
                },
            )?;
            left -= rows.len() as i64;
            for (seq, id, is_own) in rows {
                from.seq = seq;
                if is_own {
                    found.push(FoundMessage { id, at: from });
                }
                if found.len() == FOUND {
                    return Ok((found, Some(from)));
                }
            }
            if left <= 0 {
                return Ok((found, Some(from)));
            }
            let following = self.one(
                "SELECT min(conversation) FROM (
                     SELECT min(conversation) AS conversation FROM members WHERE account = $1 AND conversation > $2
                     UNION ALL
                     SELECT min(conversation) FROM past_members WHERE account = $1 AND conversation > $2
                 ) both_kinds",
                (who.number(), from.conversation),
                |row| row.get::<_, Option<i64>>(0),
            )?;
            let Some(conversation) = following.flatten() else {
                return Ok((found, None));
            };
            from = Cursor {
                conversation,
                seq: 0,
            };
        }
        Ok((found, Some(from)))
    }

    /// Somebody's files that are complete, by ascending id: at most `most` behind this one.
    pub(in crate::core) fn own_files(
        &self,
        who: AccountId,
        after: Option<FileId>,
        most: u32,
    ) -> Result<Vec<File>> {
        self.all(
            "SELECT * FROM files WHERE uploader = $1 AND id > $2 AND ready = 1 ORDER BY id LIMIT $3",
            (who.number(), after.map_or(0, |after| after.number()), most),
            file,
        )
    }

    /// What is to be deleted next; `None` if nothing is.
    pub(in crate::core) fn next_erasure(&self) -> Result<Option<Erasure>> {
        let first = self.one(
            "SELECT account, everything, conversation, seq FROM erasures ORDER BY account LIMIT 1",
            (),
            |row| {
                let from = Cursor {
                    conversation: row.get(2)?,
                    seq: row.get(3)?,
                };
                Ok((Id::stored(row.get(0)?), row.get::<_, bool>(1)?, from))
            },
        )?;
        let Some((account, everything, from)) = first else {
            return Ok(None);
        };
        let (messages, next) = match everything {
            true => self.messages_by(account, from)?,
            false => (Vec::new(), None),
        };
        Ok(Some(Erasure {
            account,
            everything,
            messages,
            next,
        }))
    }

    /// The address that this account has asked for last, with a code for this purpose.
    pub(in crate::core) fn address_asked_by(
        &self,
        purpose: &str,
        who: AccountId,
    ) -> Result<Option<String>> {
        self.one(
            "SELECT address FROM codes WHERE account = $1 AND purpose = $2 ORDER BY id DESC LIMIT 1",
            (who.number(), purpose),
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// The code for this address was asked for by this account, whose earlier ones for this purpose are void.
    pub(in crate::core) fn note_who_asked(
        &self,
        purpose: &str,
        email: &str,
        who: AccountId,
    ) -> Result<()> {
        let key = identity::email_key(email);
        self.change(
            "DELETE FROM codes WHERE account = $1 AND purpose = $2 AND email <> $3",
            (who.number(), purpose, &key),
        )?;
        self.write(
            "UPDATE codes SET account = $1, address = $2 WHERE purpose = $3 AND email = $4",
            (who.number(), email, purpose, &key),
        )
    }

    /// The account has no address any more: somebody else has proven it.
    pub(in crate::core) fn release_address(&self, id: AccountId) -> Result<()> {
        self.write(
            "UPDATE accounts SET email = NULL, email_key = NULL WHERE id = $1",
            [id.number()],
        )
    }

    /// The account has this address now, and it is proven. What was mailed to the one before opens nothing any more.
    pub(in crate::core) fn move_to_address(&self, id: AccountId, email: &str) -> Result<()> {
        self.void_codes(id)?;
        self.write(
            "UPDATE accounts SET email = $1, email_key = $2, proven_at = $3 WHERE id = $4",
            (email, identity::email_key(email), self.now.0, id.number()),
        )
    }

    /// Deletes the codes that were sent to an account's address: the next account with it may be another person's.
    pub(in crate::core) fn void_codes(&self, id: AccountId) -> Result<()> {
        for table in ["codes", "proofs"] {
            let sql = format!(
                "DELETE FROM {table} WHERE email = (SELECT email_key FROM accounts WHERE id = $1)"
            );
            self.change(&sql, [id.number()])?;
        }
        self.write("DELETE FROM codes WHERE account = $1", [id.number()])
    }

    /// The account has no picture.
    pub(in crate::core) fn blank_picture(&self, id: AccountId) -> Result<()> {
        self.write(
            "UPDATE accounts SET picture = NULL, picture_url = NULL WHERE id = $1",
            [id.number()],
        )
    }

    /// A file that was somebody's picture and is nobody's any more is for everybody no more, and deleted if it is shared
    /// nowhere.
    pub(in crate::core) fn let_go_of_picture(&self, id: FileId) -> Result<()> {
        let pictured = "SELECT count(*) FROM accounts WHERE picture = $1";
        if self.count(pictured, [id.number()])? > 0 {
            return Ok(());
        }
        self.change("UPDATE files SET public = 0 WHERE id = $1", [id.number()])?;
        let shared = self.count(
            "SELECT (SELECT count(*) FROM files WHERE id = $1 AND conversation IS NOT NULL)
                  + (SELECT count(*) FROM attached WHERE file = $1 AND messages > 0)",
            [id.number()],
        )?;
        match shared {
            0 => self.delete_file(id),
            _ => Ok(()),
        }
    }

    /// Some files of a removed account: all of them, or those that are shared nowhere and that no message links to.
    pub(in crate::core) fn files_to_erase(
        &self,
        who: AccountId,
        everything: bool,
        most: u32,
    ) -> Result<Vec<File>> {
        self.all(
            "SELECT * FROM files WHERE uploader = $1 AND ready = 1 AND ($2 = 1 OR (conversation IS NULL AND NOT EXISTS
                 (SELECT 1 FROM attached WHERE file = files.id AND messages > 0)))
             ORDER BY id LIMIT $3",
            (who.number(), i64::from(everything), most),
            file,
        )
    }

    /// Something is left to delete of this account. Once everything is to go, it stays so.
    pub(in crate::core) fn insert_erasure(&self, id: AccountId, everything: bool) -> Result<()> {
        self.write(
            "INSERT INTO erasures (account, everything) VALUES ($1, $2)
             ON CONFLICT (account) DO UPDATE SET everything = CASE
                 WHEN erasures.everything = 1 THEN 1 ELSE excluded.everything END",
            (id.number(), i64::from(everything)),
        )
    }

    /// All messages up to there are deleted.
    pub(in crate::core) fn move_erasure(&self, id: AccountId, to: Cursor) -> Result<()> {
        self.write(
            "UPDATE erasures SET conversation = $1, seq = $2 WHERE account = $3",
            (to.conversation, to.seq, id.number()),
        )
    }

    pub(in crate::core) fn delete_erasure(&self, id: AccountId) -> Result<()> {
        self.write("DELETE FROM erasures WHERE account = $1", [id.number()])
    }
}
