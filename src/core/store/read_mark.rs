//! How far has a member read? Moves read marks, and keeps who has read how far first.

use std::cell::RefCell;
use std::collections::HashMap;

use super::sql::Row;
use super::{Tx, View};
use crate::core::error::{Error, Result};
use crate::core::limits::READ_STEP;
use crate::core::model::{AccountId, ConversationId, Id, MessageId, Receipt, Time};

/// Where the read marks of members stand who are asked about as `asked(place, who, message)`, and what moving them up to that
/// message takes, or up to the last. `$4` is by how much it moves at most, unless to the end.
macro_rules! read_marks {
    ($asked:literal) => {
        concat!(
            "SELECT asked.place, asked.who, asked.message, m.read_seq, m.own_since, given.seq AS given,
                 t.seq, t.id, t.sent_at, first.upto AS first, first.account AS first_reader,
                 (SELECT max(upto) FROM reads WHERE conversation = asked.place AND nth = 1) AS second,
                 (SELECT count(*) FROM outbox o WHERE o.account = asked.who AND o.sent_at IS NULL) AS mails,
                 CASE WHEN asked.message IS NULL OR t.seq = asked.last THEN NULL ELSE
                     (SELECT count(*) FROM messages u WHERE u.conversation = asked.place AND u.seq > m.read_seq
                          AND u.seq <= t.seq AND (u.author = asked.who OR u.deleted_at IS NOT NULL))
                 END AS uncounted
             FROM (SELECT place, who, message,
                       (SELECT max(seq) FROM messages WHERE conversation = place) AS last FROM ", $asked, ") AS asked
             JOIN members m ON m.conversation = asked.place AND m.account = asked.who
             LEFT JOIN messages given ON given.id = asked.message AND given.conversation = asked.place
             LEFT JOIN messages t ON t.conversation = asked.place AND t.seq =
                 CASE WHEN asked.message IS NULL OR given.seq = asked.last THEN asked.last
                      WHEN given.seq > m.read_seq + $4 THEN m.read_seq + $4
                      ELSE given.seq END
             LEFT JOIN reads first ON first.conversation = asked.place AND first.nth = 0 AND first.upto =
                 (SELECT max(upto) FROM reads WHERE conversation = asked.place AND nth = 0)"
        )
    };
}
pub(super) use read_marks;

/// A message up to which somebody reads.
#[derive(Debug, Clone, Copy)]
struct Target {
    seq: i64,
    id: MessageId,
    sent_at: Time,
}

/// Where somebody's read mark stands, and what moving it takes.
#[derive(Debug, Clone, Copy)]
struct ReadMark {
    read_seq: i64,
    own_since: i64,
    /// The sequence number of the message up to which it is to move; `None` if there is no such message there.
    given: Option<i64>,
    target: Option<Target>,
    /// Of the messages up to the target those that do not count as unread; `None`: all of `own_since`.
    uncounted: Option<i64>,
    /// Mails wait that tell this reader of unread messages.
    mails: bool,
}

/// How far a first member of a conversation has read, who that is, and how far a second one has.
#[derive(Debug, Clone, Copy, Default)]
struct Farthest {
    first: i64,
    first_reader: i64,
    second: i64,
}

/// The read marks in a conversation that were looked up for several verbs at once, and are as they were.
#[derive(Default)]
struct Known {
    marks: HashMap<(AccountId, Option<MessageId>), ReadMark>,
    farthest: Farthest,
}

/// What a transaction knows of read marks.
#[derive(Default)]
pub(super) struct KnownMarks {
    known: RefCell<HashMap<ConversationId, Known>>,
    /// The messages that were posted last in it.
    latest: RefCell<HashMap<ConversationId, Target>>,
}

impl KnownMarks {
    /// Something was changed there that read marks hang on.
    pub fn forget(&self, place: ConversationId) {
        self.known.borrow_mut().remove(&place);
    }

    pub fn forget_all(&self) {
        self.known.borrow_mut().clear();
        self.latest.borrow_mut().clear();
    }

    /// A message was posted there.
    pub fn note_posted(&self, place: ConversationId, seq: i64, id: MessageId, sent_at: Time) {
        let target = Target { seq, id, sent_at };
        self.latest.borrow_mut().insert(place, target);
    }

    /// So many messages were added to a member's `own_since`.
    pub fn note_counted(&self, place: ConversationId, who: AccountId, count: i64) {
        if let Some(known) = self.known.borrow_mut().get_mut(&place) {
            let marks = known.marks.iter_mut();
            marks
                .filter(|((reader, _), _)| *reader == who)
                .for_each(|(_, mark)| mark.own_since += count);
        }
    }

    /// Notes a row of `read_marks!` that was found for several verbs. `own` says how many messages of a member the row's
    /// `own_since` does not have yet.
    pub fn note(
        &self,
        row: &Row<'_>,
        own: impl Fn(ConversationId, AccountId) -> i64,
    ) -> Result<()> {
        let (mut mark, farthest) = read(row)?;
        let (place, who) = (Id::stored(row.get("place")?), Id::stored(row.get("who")?));
        let upto = row.get::<_, Option<i64>>("message")?.map(Id::stored);
        if upto.is_some() {
            // Messages that are posted meanwhile do not change how many there are up to this one.
            let uncounted = mark.uncounted;
            mark.uncounted = uncounted.or_else(|| Some(mark.own_since + own(place, who)));
        }
        let mut known = self.known.borrow_mut();
        let known = known.entry(place).or_default();
        known.farthest = farthest;
        known.marks.insert((who, upto), mark);
        Ok(())
    }

    /// A mark that is known, if nothing that was posted since makes it another one.
    fn mark(
        &self,
        place: ConversationId,
        who: AccountId,
        upto: Option<MessageId>,
        last: i64,
    ) -> Option<ReadMark> {
        let mut mark = *self.known.borrow().get(&place)?.marks.get(&(who, upto))?;
        let is_last = |target: &Target| target.seq == last;
        match upto {
            None => {
                let latest = self.latest.borrow().get(&place).copied();
                let target = mark.target.filter(is_last).or(latest.filter(is_last));
                mark.target = target;
                (target.is_some() || last == 0).then_some(mark)
            }
            Some(_) => {
                let given = mark.given?;
                (given == last || given <= mark.read_seq + READ_STEP).then_some(mark)
            }
        }
    }

    /// A member's mark was moved.
    fn moved(&self, place: ConversationId, who: AccountId) {
        if let Some(known) = self.known.borrow_mut().get_mut(&place) {
            known.marks.retain(|(reader, _), _| *reader != who);
        }
    }

    fn farthest(&self, place: ConversationId) -> Option<Farthest> {
        self.known.borrow().get(&place).map(|known| known.farthest)
    }

    fn note_farthest(&self, place: ConversationId, farthest: Farthest) {
        if let Some(known) = self.known.borrow_mut().get_mut(&place) {
            known.farthest = farthest;
        }
    }
}

/// From the columns of `read_marks!`.
fn read(row: &Row<'_>) -> Result<(ReadMark, Farthest)> {
    let target = match row.get::<_, Option<i64>>("seq")? {
        Some(seq) => Some(Target {
            seq,
            id: Id::stored(row.get("id")?),
            sent_at: Time(row.get("sent_at")?),
        }),
        None => None,
    };
    let mark = ReadMark {
        read_seq: row.get("read_seq")?,
        own_since: row.get("own_since")?,
        given: row.get("given")?,
        target,
        uncounted: row.get("uncounted")?,
        mails: row.get::<_, i64>("mails")? > 0,
    };
    let or_none =
        |column| -> Result<i64> { Ok(row.get::<_, Option<i64>>(column)?.unwrap_or_default()) };
    let farthest = Farthest {
        first: or_none("first")?,
        first_reader: or_none("first_reader")?,
        second: or_none("second")?,
    };
    Ok((mark, farthest))
}

impl View<'_> {
    /// Where a member's read mark stands, and what it takes to move it up to a message, or to the last. `None` for somebody
    /// who is no member.
    fn read_mark(
        &self,
        id: ConversationId,
        who: AccountId,
        upto: Option<MessageId>,
    ) -> Result<Option<(ReadMark, Farthest)>> {
        let message = upto.map(|message| message.number());
        self.one(
            read_marks!(
                "(SELECT CAST($1 AS BIGINT) AS place, CAST($2 AS BIGINT) AS who, CAST($3 AS BIGINT) AS message) AS one"
            ),
            (id.number(), who.number(), message, READ_STEP),
            read,
        )
    }
}

impl Tx<'_> {
    /// Moves a member's read mark up to a message, or to the last. `None` if no message of others becomes read. Unless it moves
    /// to the end, it moves by at most [`READ_STEP`].
    ///
    /// # Errors
    /// `NotFound` if the message is not there.
    pub(in crate::core) fn move_read_mark(
        &self,
        id: ConversationId,
        reader: AccountId,
        upto: Option<MessageId>,
    ) -> Result<Option<Receipt>> {
        let last = self.last_seq(id)?;
        let known = self.cache.marks.mark(id, reader, upto, last);
        let known = known.zip(self.cache.marks.farthest(id));
        let found = match known {
            Some(known) => Some(known),
            None => self.read_mark(id, reader, upto)?,
        };
        let Some((mark, farthest)) = found else {
            return Ok(None);
        };
        if upto.is_some() && mark.given.is_none() {
            return Err(Error::NotFound("Message"));
        }
        let Some(target) = mark.target else {
            return Ok(None);
        };
        // The row's own_since does not have their messages of this commit yet.
        let own_since = mark.own_since + self.cache.own(id, reader);
        let uncounted = mark.uncounted.unwrap_or(own_since);
        let count = target.seq - mark.read_seq - uncounted;
        if count <= 0 {
            return Ok(None);
        }
        self.decide();
        self.add(
            "UPDATE members SET read_seq = $1, own_since = $2 WHERE conversation = $3 AND account = $4",
            (
                target.seq,
                own_since - uncounted,
                id.number(),
                reader.number(),
            ),
        )?;
        self.cache.forget_own(id, reader);
        self.cache.marks.moved(id, reader);
        self.note_reading(id, reader, target.seq, farthest)?;
        if mark.mails {
            self.drop_digests(reader)?;
        }
        Ok(Some(Receipt {
            reader,
            count,
            at: self.now,
            left: last - target.seq - (own_since - uncounted),
            upto: target.id,
            upto_sent_at: target.sent_at,
        }))
    }

    /// Keeps when a first and a second member had read up to where. That is enough to say when any message was first read
    /// by somebody other than its author: one of the two is not the author.
    fn note_reading(
        &self,
        id: ConversationId,
        reader: AccountId,
        upto: i64,
        before: Farthest,
    ) -> Result<()> {
        let mut farthest = before;
        let both = before.first.min(upto);
        if before.first_reader != reader.number() && both > before.second {
            // Two members have read up to there now.
            self.insert_reading(id, both, 1, reader)?;
            farthest.second = both;
        }
        if upto > before.first {
            self.insert_reading(id, upto, 0, reader)?;
            (farthest.first, farthest.first_reader) = (upto, reader.number());
        }
        self.cache.marks.note_farthest(id, farthest);
        Ok(())
    }

    fn insert_reading(
        &self,
        id: ConversationId,
        upto: i64,
        nth: u8,
        reader: AccountId,
    ) -> Result<()> {
        self.add(
            "INSERT INTO reads (conversation, nth, upto, account, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (conversation, nth, upto) DO NOTHING",
            (id.number(), nth, upto, reader.number(), self.now.0),
        )
    }
}
