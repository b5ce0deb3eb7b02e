//! Who is typing, and until when? Typing ends after [`TYPING_LASTS`], and with its socket.

use std::collections::HashMap;
use std::time::Instant;

use super::client::socket_and_dialect;
use crate::core::limits::TYPING_LASTS;
use crate::core::model::{AccountId, ConversationId, Event, Place, SubscriberId};

/// Everybody who is typing.
#[derive(Default)]
pub struct TypingNow(HashMap<(ConversationId, AccountId), Since>);

struct Since {
    place: Place,
    subscriber: SubscriberId,
    until: Instant,
}

impl TypingNow {
    /// A client said that its person is typing, or has stopped.
    pub fn note(&mut self, place: Place, who: AccountId, subscriber: SubscriberId, on: bool) {
        let key = (place.id, who);
        if on {
            let until = Instant::now() + TYPING_LASTS;
            let since = Since {
                place,
                subscriber,
                until,
            };
            self.0.insert(key, since);
        } else {
            self.0.remove(&key);
        }
    }

    /// Stops the typing at this socket, and returns an event for each conversation.
    pub fn stop_at(&mut self, socket: u64) -> Vec<Event> {
        self.stop(|since| socket_and_dialect(since.subscriber).0 == socket)
    }

    /// Stops the typing that was not renewed in time, and returns an event for each.
    pub fn stop_overdue(&mut self) -> Vec<Event> {
        let now = Instant::now();
        self.stop(|since| since.until <= now)
    }

    fn stop(&mut self, which: impl Fn(&Since) -> bool) -> Vec<Event> {
        let stopped = self.0.extract_if(|_, since| which(since));
        let event = |((_, who), since): (_, Since)| Event::Typing {
            place: since.place,
            who,
            subscriber: since.subscriber,
            on: false,
        };
        stopped.map(event).collect()
    }
}
