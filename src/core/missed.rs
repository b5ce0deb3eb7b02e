//! What did somebody miss? What was said in several conversations since they were last told, in one order over all of
//! them, a page at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::error::{Error, Result};
use super::may::{Wish, may};
use super::model::{AccountId, ConversationId, Message, MessageId, Place};
use super::store::View;

/// How far somebody has been told one conversation.
#[derive(Debug)]
pub struct Bookmark {
    conversation: ConversationId,
    /// The position that it begins behind, in the one log.
    after: MessageId,
    /// Where that is here, once it was looked up; later the last message that was read.
    seq: Option<i64>,
    /// The next message, where one is known.
    next: Option<MessageId>,
    /// Where none is known, there is none up to this one.
    looked: MessageId,
    /// Its reader may not hear it any more.
    closed: bool,
}

impl Bookmark {
    /// Behind a position, which is no more than that: it shows nothing of the message that it names.
    pub fn behind(conversation: ConversationId, after: MessageId) -> Self {
        Self {
            conversation,
            after,
            seq: None,
            next: None,
            looked: after,
            closed: false,
        }
    }

    /// May its reader not hear it any more? Then nothing more comes of it.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Must it be read on, to know everything up to this message?
    pub fn is_before(&self, upto: MessageId) -> bool {
        !self.closed && self.next.map_or(self.looked < upto, |next| next <= upto)
    }

    /// The next message up to this one, if there is one.
    fn next(&mut self, view: &View<'_>, upto: MessageId) -> Result<Option<MessageId>> {
        if self.next.is_none() && self.is_before(upto) {
            let seq = match self.seq {
                Some(seq) => seq,
                None => view.seq_at(self.conversation, self.after)?,
            };
            (self.seq, self.looked) = (Some(seq), upto);
            self.next = view.message_after(self.conversation, seq)?;
        }
        Ok(self.next.filter(|next| *next <= upto))
    }
}

/// The next messages in all these conversations, at most `limit` and none behind `upto`, in the order of the log. Each
/// comes with the number of its bookmark, which moves on; a conversation with two bookmarks is read by both.
///
/// What it costs follows from the bookmarks and from what it answers, and from nothing that was said before or elsewhere.
///
/// # Errors
/// Only the database's: a conversation that this person may not hear is closed.
pub fn read_on(
    view: &View<'_>,
    who: AccountId,
    bookmarks: &mut [Bookmark],
    upto: MessageId,
    limit: usize,
) -> Result<Vec<(usize, Message)>> {
    let mut coming = BinaryHeap::new();
    for (at, bookmark) in bookmarks.iter_mut().enumerate() {
        coming.extend(bookmark.next(view, upto)?.map(|next| Reverse((next, at))));
    }
    let mut places: Vec<Option<Place>> = vec![None; bookmarks.len()];
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(Reverse((_, at))) = coming.pop()
    {
        let bookmark = &mut bookmarks[at];
        let place = match places[at] {
            Some(place) => place,
            None => match may(view, Some(who), Wish::Hear, bookmark.conversation) {
                Ok((place, _)) => *places[at].insert(place),
                Err(Error::NotFound(_)) => {
                    (bookmark.closed, bookmark.next) = (true, None);
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        // As long as nothing elsewhere comes before.
        let other = coming.peek().map(|Reverse(other)| *other);
        let is_next = |id| id <= upto && other.is_none_or(|other| (id, at) < other);
        let (seq, most) = (bookmark.seq.unwrap_or_default(), limit - found.len());
        let (messages, next) = view.messages_while(place, seq, most, is_next)?;
        if let Some(last) = messages.last() {
            bookmark.seq = Some(last.seq);
        }
        bookmark.next = next;
        coming.extend(bookmark.next(view, upto)?.map(|next| Reverse((next, at))));
        found.extend(messages.into_iter().map(|message| (at, message)));
    }
    Ok(found)
}
