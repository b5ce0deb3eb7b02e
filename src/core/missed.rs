//! What did somebody miss? What was said, shared and deleted in several conversations since they were last told, in one
//! order over all of them, a page at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::error::{Error, Result};
use super::may::{Wish, may};
use super::model::{AccountId, ConversationId, Event, Place, Position};
use super::store::{Since, Source, View};

/// The position of who has heard nothing, in a log where nothing has happened yet.
pub const BEGINNING: Position = Position::stored(0);

/// How far the log has come in what this view shows.
///
/// # Errors
/// Only the database's.
pub fn position(view: &View<'_>) -> Result<Position> {
    Ok(view.position()?.unwrap_or(BEGINNING))
}

/// How far somebody has been told one conversation.
#[derive(Debug)]
pub struct Bookmark {
    conversation: ConversationId,
    /// The position that it begins behind, in the one log.
    after: Position,
    /// How far the log had come when the first of it was read.
    begun: Option<Position>,
    lanes: [Lane; 3],
    /// Its reader may not hear it any more.
    closed: bool,
}

/// How far one source of a conversation was read.
#[derive(Debug)]
struct Lane {
    source: Source,
    /// Where that is in the source, once it was looked up.
    read: Option<i64>,
    /// The next of it, where one is known.
    next: Option<Position>,
    /// Where none is known, there is none up to this one.
    looked: Position,
}

impl Bookmark {
    /// Behind a position, which is no more than that: it shows nothing of what stands there.
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

    /// May its reader not hear it any more? Then nothing more comes of it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Must it be read on, to know everything up to here?
    pub fn is_before(&self, upto: Position) -> bool {
        !self.closed && self.lanes.iter().any(|lane| lane.is_before(upto))
    }

    /// The next of one source up to here, if there is one.
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

/// What comes next in all these conversations, at most `limit` things and none behind `upto`, in the order of the log. Each
/// comes with the number of its bookmark, which moves on; a conversation with two bookmarks is read by both.
///
/// What was said and has been deleted is not told at all; that something is gone is told to whoever may have heard it.
///
/// What it costs follows from the bookmarks and from what it answers, and from nothing that was said before or elsewhere.
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
                Err(Error::NotFound(_)) => {
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
