//! What does a view not read twice? It shows one snapshot, so places and last sequence numbers that it has read stay
//! true, except for what its own transaction writes. Counts of a transaction wait here until it writes them.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::read_mark::KnownMarks;
use crate::core::model::{AccountId, ConversationId, Place, Standing};

/// A conversation, and who asks about it.
type Asked = (ConversationId, Option<AccountId>);

/// What one view has read, and what its transaction has yet to write.
#[derive(Default)]
pub(super) struct ReadCache {
    places: RefCell<HashMap<Asked, (Place, Standing)>>,
    /// The last sequence number of a conversation.
    ends: RefCell<HashMap<ConversationId, i64>>,
    /// The log's last position.
    position: Cell<Option<i64>>,
    /// Has the position changed since the log's row was written?
    gone_on: Cell<bool>,
    /// Messages that were posted since then.
    said: Cell<i64>,
    /// Messages that members have sent and that `own_since` does not have yet.
    own: RefCell<HashMap<(ConversationId, AccountId), i64>>,
    /// What was not sent yet: by whom, and with which client id.
    unsent: RefCell<HashSet<(AccountId, String)>>,
    /// Conversations that have a row in `unread_mail`.
    held: RefCell<HashSet<ConversationId>>,
    pub marks: KnownMarks,
}

impl ReadCache {
    pub fn place(&self, asked: Asked) -> Option<(Place, Standing)> {
        self.places.borrow().get(&asked).copied()
    }

    pub fn note_place(&self, asked: Asked, found: (Place, Standing)) {
        self.places.borrow_mut().insert(asked, found);
    }

    /// Somebody has become a member or an owner, or is one no more.
    pub fn forget_place(&self, conversation: ConversationId, who: AccountId) {
        self.places.borrow_mut().remove(&(conversation, Some(who)));
        self.marks.forget(conversation);
    }

    /// A conversation was changed for everybody.
    pub fn forget_place_of_all(&self, conversation: ConversationId) {
        let mut places = self.places.borrow_mut();
        places.retain(|(place, _), _| *place != conversation);
    }

    pub fn end(&self, conversation: ConversationId) -> Option<i64> {
        self.ends.borrow().get(&conversation).copied()
    }

    pub fn note_end(&self, conversation: ConversationId, seq: i64) {
        self.ends.borrow_mut().insert(conversation, seq);
    }

    pub fn position(&self) -> Option<i64> {
        self.position.get()
    }

    pub fn note_position(&self, position: i64) {
        self.position.set(Some(position));
    }

    /// Something was written at this position of the log.
    pub fn note_written(&self, position: i64) {
        self.note_position(position);
        self.gone_on.set(true);
    }

    /// A message was posted at this position.
    pub fn note_said(&self, position: i64) {
        self.note_written(position);
        self.said.set(self.said.get() + 1);
    }

    /// What the log's row does not have yet, its last position and the number of new messages. The caller writes it.
    pub fn take_said(&self) -> Option<(i64, i64)> {
        let (gone_on, said) = (self.gone_on.take(), self.said.take());
        self.position.get().filter(|_| gone_on).map(|at| (at, said))
    }

    /// A member has sent a message.
    pub fn note_own(&self, conversation: ConversationId, who: AccountId) {
        *self
            .own
            .borrow_mut()
            .entry((conversation, who))
            .or_default() += 1;
    }

    /// How many messages of a member `own_since` does not have yet.
    pub fn own(&self, conversation: ConversationId, who: AccountId) -> i64 {
        let own = self.own.borrow();
        own.get(&(conversation, who)).copied().unwrap_or_default()
    }

    /// A member's `own_since` has them now.
    pub fn forget_own(&self, conversation: ConversationId, who: AccountId) {
        self.own.borrow_mut().remove(&(conversation, who));
    }

    /// How many messages of which members `own_since` does not have yet. The caller writes them.
    pub fn take_own(&self) -> HashMap<(ConversationId, AccountId), i64> {
        self.own.take()
    }

    /// Is it known that this author has sent nothing with this client id?
    pub fn is_unsent(&self, author: AccountId, client_id: &str) -> bool {
        let unsent = self.unsent.borrow();
        !unsent.is_empty() && unsent.contains(&(author, client_id.to_owned()))
    }

    pub fn note_unsent(&self, author: AccountId, client_id: String) {
        self.unsent.borrow_mut().insert((author, client_id));
    }

    /// Something was sent with this client id.
    pub fn note_sent(&self, author: AccountId, client_id: &str) {
        let mut unsent = self.unsent.borrow_mut();
        if !unsent.is_empty() {
            unsent.remove(&(author, client_id.to_owned()));
        }
    }

    /// The conversation is about to have a row in `unread_mail`. `false` if that was known.
    pub fn note_held(&self, conversation: ConversationId) -> bool {
        self.held.borrow_mut().insert(conversation)
    }

    /// A row of `unread_mail` was deleted.
    pub fn forget_held(&self) {
        self.held.borrow_mut().clear();
    }

    /// Writes were rolled back: nothing that is remembered need be true.
    pub fn forget(&self) {
        self.forget_held();
        self.marks.forget_all();
        self.unsent.borrow_mut().clear();
        self.own.borrow_mut().clear();
        self.places.borrow_mut().clear();
        self.ends.borrow_mut().clear();
        self.position.set(None);
        self.gone_on.set(false);
        self.said.set(0);
    }
}
