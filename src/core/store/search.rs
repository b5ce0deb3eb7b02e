//! The search index: which messages have these words? SQLite's FTS5, so that all in this file is what only SQLite can do.
//!
//! A row is a message, and its rowid the message's id. It is the message's words, and before them its marks: words that no
//! text has, by which one filters. So permission is a part of what is looked up, and a search costs no more for what is
//! said elsewhere. Newest first, never ranked: a word that many messages have costs as little as a rare one.
//!
//! The index lies behind the log. [`Tx::index_more`] goes on where it has stopped; what is deleted or changed leaves the
//! index in its own transaction by [`Tx::unindex`].

use std::collections::BTreeSet;

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::Result;
use crate::core::identity;
use crate::core::model::{AccountId, ConversationId, Id, Message, MessageId, Time};
use crate::core::words::{self, Phrase};

/// What marks begin with: of the private use area, and so no letter of any text.
const MARK: char = '\u{E000}';
/// Messages that the writer indexes at a time.
pub(in crate::core) const BATCH: u32 = 64;
/// How many pages of the index are merged after each batch: more than the batch writes, so that the parts stay few.
const MERGED: i64 = 64;
/// Pages that are merged for each so many messages that are taken out. FTS5 keeps every page that these leave behind, empty or
/// not, until its part is merged; so the whole index is written anew before a half of it is empty.
const TAKEN_OUT_OF_PAGE: u32 = 8;
/// Words in a batch, after which it ends even if it has few messages: 4 ms.
const WORDS_OF_BATCH: usize = 4_000;
/// Conversations that are looked up one by one; for who belongs to more, each message that is found is asked for.
const LOOKED_UP: u32 = 300;
/// Accounts and conversations that one name may mean.
const NAMESAKES: u32 = 50;

/// What messages are marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::core) enum Mark {
    /// It was said here.
    In(ConversationId),
    /// It was said in an open room.
    Open,
    By(AccountId),
    /// Something is attached.
    File,
    /// There is a link in the text.
    Link,
}

impl Mark {
    pub(super) fn word(self) -> String {
        match self {
            Self::In(id) => format!("{MARK}c{}", id.number()),
            Self::Open => format!("{MARK}open"),
            Self::By(id) => format!("{MARK}a{}", id.number()),
            Self::File => format!("{MARK}file"),
            Self::Link => format!("{MARK}link"),
        }
    }
}

/// What is looked up.
#[derive(Debug, Default)]
pub(in crate::core) struct Sought {
    /// Messages have all of these,
    pub phrases: Vec<Phrase>,
    /// and one mark of each of these lists.
    pub marks: Vec<Vec<Mark>>,
    /// and none of these.
    pub not: Vec<Mark>,
    /// If somebody belongs to too many conversations to name them: they may read each message that is found.
    pub reader: Option<AccountId>,
    /// Ids from the first on, and before the second.
    pub from: i64,
    pub before: i64,
    /// If ids do not tell: when they were sent, from the first time on, and before the second.
    pub sent_from: Option<Time>,
    pub sent_before: Option<Time>,
}

impl Sought {
    /// The query in FTS5's language. Every word is quoted, and none has a quote.
    fn query(&self) -> String {
        let phrases = self.phrases.iter().map(|phrase| {
            let end = if phrase.goes_on { " *" } else { "" };
            format!("\"{}\"{end}", phrase.words.join(" "))
        });
        let marks = self.marks.iter().map(|marks| {
            let words: Vec<_> = marks
                .iter()
                .map(|mark| format!("\"{}\"", mark.word()))
                .collect();
            format!("({})", words.join(" OR "))
        });
        let sought = phrases.chain(marks).collect::<Vec<_>>().join(" AND ");
        let not: Vec<_> = self
            .not
            .iter()
            .map(|mark| format!("\"{}\"", mark.word()))
            .collect();
        match not.is_empty() || sought.is_empty() {
            true => sought,
            false => format!("({sought}) NOT ({})", not.join(" OR ")),
        }
    }
}

/// A message, as far as it is indexed.
struct Said {
    id: i64,
    conversation: i64,
    is_open: bool,
    author: i64,
    text: String,
    attachments: i64,
    deleted: bool,
}

const SAID: &str = "SELECT m.id, m.conversation, c.kind = 'room', m.author, m.text, m.attachments, m.deleted_at IS NOT NULL
     FROM messages m JOIN conversations c ON c.id = m.conversation";

fn said(row: &Row<'_>) -> Result<Said> {
    Ok(Said {
        id: row.get(0)?,
        conversation: row.get(1)?,
        is_open: row.get(2)?,
        author: row.get(3)?,
        text: row.get(4)?,
        attachments: row.get(5)?,
        deleted: row.get(6)?,
    })
}

impl Said {
    /// Its marks and words. Of a very long text only the beginning is found: taking out what is deleted must not take the
    /// writer's time from others.
    fn words(&self) -> Vec<String> {
        let marks = [
            Some(Mark::In(Id::stored(self.conversation))),
            Some(Mark::By(Id::stored(self.author))),
            self.is_open.then_some(Mark::Open),
            (self.attachments > 0).then_some(Mark::File),
            words::has_link(&self.text).then_some(Mark::Link),
        ];
        let mut words: Vec<_> = marks.into_iter().flatten().map(Mark::word).collect();
        let mut different = BTreeSet::new();
        let mut said = words::of_text(&self.text);
        let end = said.iter().position(|word| {
            different.insert(word);
            different.len() > words::WORDS_OF_MESSAGE
        });
        said.truncate(end.unwrap_or(usize::MAX));
        words.append(&mut said);
        words
    }
}

impl View<'_> {
    /// Messages that are indexed and have all that is sought, the newest first.
    pub(in crate::core) fn find_messages(
        &self,
        sought: &Sought,
        limit: u32,
    ) -> Result<Vec<MessageId>> {
        if sought.marks.iter().any(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let query = sought.query();
        let found = |row: &Row<'_>| row.get(0).map(Id::stored);
        let sent = (
            sought.sent_from.map_or(i64::MIN, |time| time.0),
            sought.sent_before.map_or(i64::MAX, |time| time.0),
        );
        let any_time = sought.sent_from.is_none() && sought.sent_before.is_none();
        match sought.reader {
            // Only days were asked for.
            _ if query.is_empty() => self.all(
                "SELECT m.id FROM messages m CROSS JOIN conversations c
                 WHERE c.id = m.conversation AND m.id >= $1 AND m.id < $2 AND m.deleted_at IS NULL AND (CAST($3 AS BIGINT) IS NULL OR c.kind = 'room' OR EXISTS
                     (SELECT 1 FROM members WHERE conversation = m.conversation AND account = $3))
                     AND NOT EXISTS
                     (SELECT 1 FROM restraints r WHERE r.conversation = m.conversation AND r.account = $3
                      AND r.kind = 'ban' AND (r.until IS NULL OR r.until > $4))
                     AND m.sent_at >= $5 AND m.sent_at < $6
                 ORDER BY m.id DESC LIMIT $7",
                (
                    sought.from,
                    sought.before,
                    sought.reader.map(|who| who.number()),
                    self.now.0,
                    sent.0,
                    sent.1,
                    limit,
                ),
                found,
            ),
            _ if self.conn.postgres().is_some() => self.find_in_vectors(sought, sent, limit),
            None if !any_time => self.all(
                "SELECT s.rowid FROM search s CROSS JOIN messages m ON m.id = s.rowid
                 WHERE s.search MATCH $1 AND s.rowid >= $2 AND s.rowid < $3 AND m.sent_at >= $4 AND m.sent_at < $5
                 ORDER BY s.rowid DESC LIMIT $6",
                (query, sought.from, sought.before, sent.0, sent.1, limit),
                found,
            ),
            None => self.all(
                "SELECT rowid FROM search WHERE search MATCH $1 AND rowid >= $2 AND rowid < $3
                 ORDER BY rowid DESC LIMIT $4",
                (query, sought.from, sought.before, limit),
                found,
            ),
            Some(reader) => self.all(
                "SELECT s.rowid FROM search s CROSS JOIN messages m ON m.id = s.rowid
                     CROSS JOIN conversations c ON c.id = m.conversation
                 WHERE s.search MATCH $1 AND s.rowid >= $2 AND s.rowid < $3 AND (c.kind = 'room' OR EXISTS
                     (SELECT 1 FROM members WHERE conversation = m.conversation AND account = $4))
                     AND NOT EXISTS
                     (SELECT 1 FROM restraints r WHERE r.conversation = m.conversation AND r.account = $4
                      AND r.kind = 'ban' AND (r.until IS NULL OR r.until > $5))
                     AND m.sent_at >= $6 AND m.sent_at < $7
                 ORDER BY s.rowid DESC LIMIT $8",
                (
                    query,
                    sought.from,
                    sought.before,
                    reader.number(),
                    self.now.0,
                    sent.0,
                    sent.1,
                    limit,
                ),
                found,
            ),
        }
    }

    /// What marks the messages that somebody may read; `None` if they belong to too many conversations.
    pub(in crate::core) fn marks_for(&self, who: Option<AccountId>) -> Result<Option<Vec<Mark>>> {
        let mut marks = vec![Mark::Open];
        if let Some(who) = who {
            marks.extend(self.all(
                "SELECT conversation FROM members JOIN conversations ON id = conversation
                 WHERE account = $1 AND kind <> 'room' LIMIT $2",
                (who.number(), LOOKED_UP + 1),
                |row| Ok(Mark::In(Id::stored(row.get(0)?))),
            )?);
        }
        Ok(Some(marks).filter(|marks| marks.len() <= LOOKED_UP as usize + 1))
    }

    /// What marks the messages that somebody may not read because they are banned; `None` if that is in too many
    /// conversations.
    pub(in crate::core) fn banned_marks(
        &self,
        who: Option<AccountId>,
    ) -> Result<Option<Vec<Mark>>> {
        let banned = match who {
            Some(who) => self.banned_from(who, LOOKED_UP + 1)?,
            None => Vec::new(),
        };
        let few = banned.len() <= LOOKED_UP as usize;
        Ok(few.then(|| banned.into_iter().map(Mark::In).collect()))
    }

    /// How many messages are not indexed yet, counted up to `most`.
    pub(in crate::core) fn unindexed(&self, most: u32) -> Result<u32> {
        let count = self.count(
            "SELECT count(*) FROM (SELECT 1 FROM messages
                 WHERE id > (SELECT CASE WHEN rules = $1 THEN upto ELSE 0 END FROM search_progress)
                 ORDER BY id LIMIT $2) unindexed",
            (words::RULES, most),
        )?;
        Ok(count as u32)
    }

    /// A message by its id, unless it was deleted.
    pub(in crate::core) fn message_by_id(&self, id: MessageId) -> Result<Option<Message>> {
        let Some(placed) = self.placed(id)? else {
            return Ok(None);
        };
        let Some((place, _)) = self.place_for(placed.conversation, None)? else {
            return Ok(None);
        };
        let which = "WHERE id = $1 AND deleted_at IS NULL";
        Ok(self.messages(place, which, [id.number()])?.pop())
    }

    /// The id from which on messages were sent at this time or later. It is found by halving, because ids grow with time.
    pub(in crate::core) fn first_since(&self, time: Time) -> Result<i64> {
        let end = self.count("SELECT coalesce(max(id), 0) + 1 FROM messages", ())?;
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            let next = self.one(
                "SELECT id, sent_at FROM messages WHERE id >= $1 ORDER BY id LIMIT 1",
                [middle],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )?;
            match next {
                Some((id, sent_at)) if sent_at < time.0 => low = id + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// Who may be meant by a username, by a name, or by the first word of one.
    pub(in crate::core) fn accounts_called(&self, name: &str) -> Result<Vec<AccountId>> {
        self.all(
            "SELECT id FROM accounts WHERE username_key = $1
             UNION SELECT id FROM accounts WHERE name_key = $1
             UNION SELECT id FROM accounts WHERE name_key > $1 || ' ' AND name_key < $1 || '!'
             LIMIT $2",
            (identity::name_key(name), NAMESAKES),
            |row| row.get(0).map(Id::stored),
        )
    }

    /// Open rooms with this name, and groups with it that this person belongs to; all with it if `all`.
    pub(in crate::core) fn conversations_called(
        &self,
        name: &str,
        who: Option<AccountId>,
        all: bool,
    ) -> Result<Vec<ConversationId>> {
        let found = |row: &Row<'_>| row.get(0).map(Id::stored);
        if all {
            return self.all(
                "SELECT id FROM conversations WHERE lower(name) = lower($1) ORDER BY id DESC LIMIT $2",
                (name, NAMESAKES),
                found,
            );
        }
        self.all(
            "SELECT id FROM conversations WHERE kind = 'room' AND lower(name) = lower($1)
             UNION SELECT id FROM members JOIN conversations ON id = conversation
             WHERE account = $2 AND lower(name) = lower($1) LIMIT $3",
            (name, who.map(|who| who.number()), NAMESAKES),
            found,
        )
    }
}

impl Tx<'_> {
    /// Indexes the next messages, at most so many, and answers whether more may be left.
    pub(in crate::core) fn index_more(&self, most: u32) -> Result<bool> {
        let rules = self.count("SELECT rules FROM search_progress", ())?;
        if rules != words::RULES {
            // By other rules one could not say which words are to be taken out.
            match self.conn.postgres() {
                Some(_) => self.take_all_vectors()?,
                None => self.write("INSERT INTO search (search) VALUES ('delete-all')", ())?,
            }
            self.write(
                "UPDATE search_progress SET upto = 0, rules = $1",
                [words::RULES],
            )?;
        }
        let next = self.all(
            &format!(
                "{SAID} WHERE m.id > (SELECT upto FROM search_progress) ORDER BY m.id LIMIT $1"
            ),
            [most],
            said,
        )?;
        let (mut words, mut done) = (0, 0);
        for said in &next {
            if words >= WORDS_OF_BATCH {
                break;
            }
            if !said.deleted {
                words += self.index(said)?;
            }
            done += 1;
        }
        let Some(last) = next.get(..done).and_then(<[Said]>::last) else {
            return Ok(false);
        };
        self.merge(MERGED)?;
        self.write("UPDATE search_progress SET upto = $1", [last.id])?;
        Ok(done < next.len() || next.len() == most as usize)
    }

    /// After so many messages were taken out: writes some pages of the index anew; answers how many of those messages that was
    /// for, which is none as long as the index is of one part.
    pub(in crate::core) fn tidy_index(&self, taken_out: u32) -> Result<u32> {
        if self.conn.postgres().is_some() {
            // It vacuums by itself.
            return Ok(taken_out);
        }
        let pages = (i64::from(taken_out / TAKEN_OUT_OF_PAGE) + 1).min(MERGED);
        // If no merge is under way, and no level of the index has enough parts for one, all parts are to become one.
        let merged = self.merge(pages)? || self.merge(-pages)?;
        let tidied = taken_out.min(pages as u32 * TAKEN_OUT_OF_PAGE);
        Ok(if merged { tidied } else { 0 })
    }

    /// Merges so many pages; if the number is negative, of all parts. Answers whether there was anything to merge.
    fn merge(&self, pages: i64) -> Result<bool> {
        let Some(conn) = self.conn.sqlite() else {
            return Ok(false);
        };
        let changes = conn.total_changes();
        self.write(
            "INSERT INTO search (search, rank) VALUES ('merge', $1)",
            [pages],
        )?;
        // As FTS5's documents say it.
        Ok(conn.total_changes() - changes >= 2)
    }

    fn index(&self, said: &Said) -> Result<usize> {
        let words = said.words();
        match self.conn.postgres() {
            Some(_) => self.put_vector(said.id, &words)?,
            None => self.write(
                "INSERT INTO search (rowid, words) VALUES ($1, $2)",
                (said.id, words.join(" ")),
            )?,
        }
        Ok(words.len())
    }

    /// The message, if it is in the index.
    fn indexed(&self, id: MessageId) -> Result<Option<Said>> {
        self.one(
            &format!(
                "{SAID} WHERE m.id = $1 AND m.deleted_at IS NULL
                 AND m.id <= (SELECT upto FROM search_progress WHERE rules = $2)"
            ),
            (id.number(), words::RULES),
            said,
        )
    }

    /// Takes a message out of the index, so that no byte of its words stays in the file. It must be called before the
    /// message's text, or the number of its attachments, is changed: what is there now is what is taken out. A message that
    /// is not indexed yet needs nothing.
    pub(in crate::core) fn unindex(&self, id: MessageId) -> Result<()> {
        let words = self.take_out(id)?;
        self.forget_bounds(&words)
    }

    /// The same, but for words that stand as bounds of the index's pages: for these [`Tx::forget_bounds`] is to be called
    /// with the words that this returns, in the same transaction. For very many messages that is quicker.
    pub(in crate::core) fn take_out(&self, id: MessageId) -> Result<Vec<String>> {
        let Some(said) = self.indexed(id)? else {
            return Ok(Vec::new());
        };
        self.taken_out.set(self.taken_out.get() + 1);
        if self.conn.postgres().is_some() {
            self.take_vector(said.id)?;
            // No pages of ours keep any.
            return Ok(Vec::new());
        }
        let words = said.words();
        self.write(
            "INSERT INTO search (search, rowid, words) VALUES ('delete', $1, $2)",
            (said.id, words.join(" ")),
        )?;
        Ok(words)
    }

    /// Puts a message into the index again, with the text that it has now: after [`Tx::unindex`] and the change, in the
    /// same transaction. If it is not its turn yet, it is indexed with the others.
    pub(in crate::core) fn index_again(&self, id: MessageId) -> Result<()> {
        match self.indexed(id)? {
            Some(said) => self.index(&said).map(drop),
            None => Ok(()),
        }
    }

    /// For each page of the index FTS5 keeps from which word on to look there: mostly the first letters of one, seldom all
    /// of it, and it keeps that when the word itself is gone. Then the next word does as well. A word that other messages
    /// have stays.
    pub(in crate::core) fn forget_bounds(&self, words: &[String]) -> Result<()> {
        if words.is_empty() {
            return Ok(());
        }
        // Words have letters and digits only: nothing that JSON would escape.
        let different: BTreeSet<_> = words.iter().collect();
        let listed: Vec<_> = different.iter().map(|word| format!("\"{word}\"")).collect();
        let bounds = self.all(
            "WITH RECURSIVE parts (id) AS (
                 SELECT min(segid) FROM search_idx
                 UNION ALL SELECT (SELECT min(segid) FROM search_idx WHERE segid > parts.id) FROM parts
                 WHERE parts.id IS NOT NULL
             )
             SELECT i.segid, w.value FROM parts CROSS JOIN json_each($1) w
                 CROSS JOIN search_idx i ON i.segid = parts.id AND i.term = CAST('0' || w.value AS BLOB)",
            [format!("[{}]", listed.join(","))],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
        )?;
        for (part, word) in bounds {
            // A word that very many messages have would take long to look up among all words.
            let still_there =
                "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH $1 LIMIT 1) found";
            if self.count(still_there, [format!("\"{word}\"")])? > 0 {
                continue;
            }
            // Looking at all words writes what is to be deleted first.
            self.write(
                "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_words USING fts5vocab(main, search, row)",
                (),
            )?;
            self.write(
                "UPDATE search_idx SET term = next.bound
                 FROM (SELECT CAST('0' || term AS BLOB) AS bound FROM temp.search_words
                       WHERE term > $1 ORDER BY term LIMIT 1) next
                 WHERE segid = $2 AND search_idx.term = CAST('0' || $1 AS BLOB) AND NOT EXISTS
                     (SELECT 1 FROM search_idx other WHERE other.segid = $2 AND other.term = next.bound)
                     AND NOT EXISTS (SELECT 1 FROM temp.search_words WHERE term = $1)",
                (word, part),
            )?;
        }
        Ok(())
    }
}
