//! Catching up: what was said, shared and changed in several conversations since a position, in the one order of the log, a
//! page at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::error::{Error, Result};
use super::may::{Wish, may};
use super::model::{AccountId, ConversationId, Event, Place, Position};
use super::store::{Since, Source, View};

/// The position before everything, of a client that has heard nothing yet.
pub const BEGINNING: Position = Position::stored(0);

/// The log's last position in this view's snapshot.
pub fn position(view: &View<'_>) -> Result<Position> {
    Ok(view.position()?.unwrap_or(BEGINNING))
}

/// How far a client has been told one conversation.
#[derive(Debug)]
pub struct Bookmark {
    conversation: ConversationId,
    /// It begins behind this position of the log.
    after: Position,
    /// The log's last position when its first page was read.
    begun: Option<Position>,
    lanes: [Lane; 3],
    /// Its reader may not read the conversation any more.
    closed: bool,
}

/// How far one lane (messages, files or changes) of a conversation was read.
#[derive(Debug)]
struct Lane {
    source: Source,
    /// That position's row in the lane, once it was looked up.
    read: Option<i64>,
    /// The lane's next event, if it is known.
    next: Option<Position>,
    /// If none is known: there is none up to this position.
    looked: Position,
}

impl Bookmark {
    /// Behind a position. A position gives no right to read what stands there.
    pub fn behind(conversation: ConversationId, after: Position) -> Self {
        Self {
            conversation,
            after,
            begun: None,
            lanes: Source::ALL.map(|source| Lane {
                source,
                read: None,
                next: None,
                looked: after,
            }),
            closed: false,
        }
    }

    /// Has its reader lost the right to read it? Then it gives nothing more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Must more be read to know everything up to this position?
    pub fn is_before(&self, upto: Position) -> bool {
        !self.closed && self.lanes.iter().any(|lane| lane.is_before(upto))
    }

    /// The next event of one lane up to this position, if there is one.
    fn next(&mut self, view: &View<'_>, lane: usize, upto: Position) -> Result<Option<Position>> {
        if self.closed {
            return Ok(None);
        }
        if self.lanes[lane].next.is_none() && self.lanes[lane].is_before(upto) {
            let since = self.since(view, lane)?;
            let lane = &mut self.lanes[lane];
            lane.looked = upto;
            lane.next = view.next_in(lane.source, &since)?;
        }
        Ok(self.lanes[lane].next.filter(|next| *next <= upto))
    }

    fn since(&mut self, view: &View<'_>, lane: usize) -> Result<Since> {
        let begun = match self.begun {
            Some(begun) => begun,
            None => {
                let now = view.position()?.unwrap_or(self.after);
                // What was imported is no news to anybody.
                if let Some(history) = view.history(self.conversation)? {
                    self.after = self.after.max(Position::stored(history.upto));
                }
                *self.begun.insert(now)
            }
        };
        let (conversation, after) = (self.conversation, self.after);
        let lane = &mut self.lanes[lane];
        let read = match lane.read {
            Some(read) => read,
            None => *lane
                .read
                .insert(view.mark_at(lane.source, conversation, after)?),
        };
        Ok(Since {
            conversation,
            read,
            after,
            begun,
        })
    }
}

impl Lane {
    fn is_before(&self, upto: Position) -> bool {
        self.next.map_or(self.looked < upto, |next| next <= upto)
    }
}

/// The next events of all these conversations, at most `limit` and none behind `upto`, in the order of the log. Each comes
/// with the index of its bookmark, which moves on; a conversation with two bookmarks is read by both.
///
/// A message is told as it is now. One that was said and deleted since is not told at all; a change or a deletion is told to
/// whoever may have heard the message before it.
///
/// Its cost depends on the bookmarks and on what it answers, not on the length of the history or on other conversations.
///
/// # Errors
/// Only the database's: a conversation that this person may not hear is closed.
pub fn read_on(
    view: &View<'_>,
    who: AccountId,
    bookmarks: &mut [Bookmark],
    upto: Position,
    limit: usize,
) -> Result<Vec<(usize, Event)>> {
    let mut coming = BinaryHeap::new();
    for (at, bookmark) in bookmarks.iter_mut().enumerate() {
        for lane in 0..bookmark.lanes.len() {
            let next = bookmark.next(view, lane, upto)?;
            coming.extend(next.map(|next| Reverse((next, at, lane))));
        }
    }
    let mut places: Vec<Option<Place>> = vec![None; bookmarks.len()];
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(Reverse((_, at, lane))) = coming.pop()
    {
        let bookmark = &mut bookmarks[at];
        if bookmark.closed {
            continue;
        }
        let place = match places[at] {
            Some(place) => place,
            None => match may(view, Some(who), Wish::Hear, bookmark.conversation) {
                Ok((place, _)) => *places[at].insert(place),
                Err(Error::NotFound(_) | Error::Restrained { .. }) => {
                    bookmark.closed = true;
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        // As long as nothing elsewhere comes before.
        let other = coming.peek().map(|Reverse(other)| *other);
        let is_next = |id| id <= upto && other.is_none_or(|other| (id, at, lane) < other);
        let since = bookmark.since(view, lane)?;
        let source = bookmark.lanes[lane].source;
        let stretch = view.read_in(source, place, &since, limit - found.len(), is_next)?;
        let read = &mut bookmark.lanes[lane];
        (read.read, read.next) = (Some(stretch.read), stretch.next);
        let next = bookmark.next(view, lane, upto)?;
        coming.extend(next.map(|next| Reverse((next, at, lane))));
        found.extend(stretch.events.into_iter().map(|event| (at, event)));
    }
    Ok(found)
}
