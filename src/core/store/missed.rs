//! What happened in a conversation after a position: rows of the log's three sources.

use std::sync::Arc;

use super::View;
use super::file::file;
use super::message::{DELETED_AT, ID, MESSAGE, POSITION_OF_CHANGE};
use super::sql::{Params, Row};
use crate::core::error::Result;
use crate::core::model::{ConversationId, Deletion, Event, Id, MessageId, Place, Position, Time};

/// A conversation's log is merged from these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum Source {
    /// Messages, at the positions at which they were posted.
    Said,
    /// Files, at the positions at which they were shared.
    Shared,
    /// Messages, at the positions of their latest changes.
    Changed,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Said, Self::Shared, Self::Changed];
}

/// Where to go on reading a source.
pub(in crate::core) struct Since {
    pub conversation: ConversationId,
    /// How far it was read: a sequence number for messages, a position for the others.
    pub read: i64,
    /// The position up to which the reader has heard everything.
    pub after: Position,
    /// The log's last position when reading began. What was changed by then is read as it is now, not as a change.
    pub begun: Position,
}

/// A batch of events read from a source.
pub(in crate::core) struct Stretch {
    pub events: Vec<Event>,
    /// How far the source is read now.
    pub read: i64,
    /// The position of the next event, if there is one.
    pub next: Option<Position>,
}

impl View<'_> {
    /// How far a source had been filled when this was the log's last position.
    pub(in crate::core) fn mark_at(
        &self,
        source: Source,
        id: ConversationId,
        position: Position,
    ) -> Result<i64> {
        match source {
            // Reads backwards, over the messages since then only.
            Source::Said => Ok(self
                .one(
                    "SELECT seq FROM messages WHERE conversation = $1 AND id <= $2 ORDER BY seq DESC LIMIT 1",
                    (id.number(), position.number()),
                    |row| row.get(0),
                )?
                .unwrap_or(0)),
            Source::Shared | Source::Changed => Ok(position.number()),
        }
    }

    /// The position of the first event of a source that was not read yet.
    pub(in crate::core) fn next_in(
        &self,
        source: Source,
        since: &Since,
    ) -> Result<Option<Position>> {
        let (sql, place, read) = match source {
            Source::Said => (
                "SELECT id FROM messages WHERE conversation = $1 AND seq > $2 AND deleted_at IS NULL
                 ORDER BY seq LIMIT 1",
                since.conversation,
                since.read,
            ),
            Source::Shared => (
                "SELECT position FROM files WHERE conversation = $1 AND position > $2 ORDER BY position LIMIT 1",
                since.conversation,
                since.read,
            ),
            Source::Changed => {
                return self.one(
                    &format!("SELECT changed FROM messages {CHANGED} LIMIT 1"),
                    since.of_changed(),
                    |row| row.get(0).map(Id::stored),
                );
            }
        };
        self.one(sql, (place.number(), read), |row| {
            row.get(0).map(Id::stored)
        })
    }

    /// The next events of a source: up to `most`, and only while `is_wanted` says so of their positions.
    pub(in crate::core) fn read_in(
        &self,
        source: Source,
        place: Place,
        since: &Since,
        most: usize,
        is_wanted: impl Fn(Position) -> bool,
    ) -> Result<Stretch> {
        let stretch = Stretch {
            events: Vec::new(),
            read: since.read,
            next: None,
        };
        let here = (since.conversation.number(), since.read, most as i64 + 1);
        match source {
            Source::Said => self.stretch(
                stretch,
                &format!(
                    "{MESSAGE} WHERE conversation = $1 AND seq > $2 AND deleted_at IS NULL
                     ORDER BY seq LIMIT $3"
                ),
                here,
                ID,
                (most, is_wanted),
                |row| {
                    let mut message = self.message(row, place)?;
                    message.read_at = self.read_at(&message)?;
                    Ok((message.seq, Event::MessagePosted(Arc::new(message))))
                },
            ),
            Source::Shared => self.stretch(
                stretch,
                "SELECT position, * FROM files WHERE conversation = $1 AND position > $2
                 ORDER BY position LIMIT $3",
                here,
                0,
                (most, is_wanted),
                |row| {
                    let file = Arc::new(file(row)?);
                    Ok((row.get(0)?, Event::FileShared { file, place }))
                },
            ),
            Source::Changed => {
                let (id, read, after, begun) = since.of_changed();
                self.stretch(
                    stretch,
                    &format!("{MESSAGE} {CHANGED} LIMIT $5"),
                    (id, read, after, begun, most as i64 + 1),
                    POSITION_OF_CHANGE,
                    (most, is_wanted),
                    |row| {
                        let position = row.get(POSITION_OF_CHANGE)?;
                        let event = match row.get(DELETED_AT)? {
                            Some(at) => Event::MessageDeleted(Deletion {
                                id: MessageId::stored(row.get(ID)?),
                                conversation: place.id,
                                at: Time(at),
                                position: Position::stored(position),
                            }),
                            None => {
                                let mut message = self.message(row, place)?;
                                message.read_at = self.read_at(&message)?;
                                Event::MessageUpdated(Arc::new(message))
                            }
                        };
                        Ok((position, event))
                    },
                )
            }
        }
    }

    /// Reads on, as far as is wanted. A row's position in the log is in the column with the index `at`.
    fn stretch(
        &self,
        mut stretch: Stretch,
        sql: &str,
        params: impl Params,
        at: usize,
        (most, is_wanted): (usize, impl Fn(Position) -> bool),
        event: impl Fn(&Row<'_>) -> Result<(i64, Event)>,
    ) -> Result<Stretch> {
        self.all_while(sql, params, |row| {
            let position = Id::stored(row.get(at)?);
            if stretch.events.len() == most || !is_wanted(position) {
                stretch.next = Some(position);
                return Ok(None);
            }
            let (read, event) = event(row)?;
            stretch.read = read;
            stretch.events.push(event);
            Ok(Some(()))
        })?;
        Ok(stretch)
    }
}

/// Changes that the reader must hear of: of messages heard before, and those made since reading began.
const CHANGED: &str =
    "WHERE conversation = $1 AND changed > $2 AND (id <= $3 OR changed > $4) ORDER BY changed";

impl Since {
    fn of_changed(&self) -> (i64, i64, i64, i64) {
        (
            self.conversation.number(),
            self.read,
            self.after.number(),
            self.begun.number(),
        )
    }
}
