//! What needs no second question? A view shows one state of the database, so what it has read once of places and of
//! the ends of logs stays so, but for what its own transaction writes.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use crate::core::model::{AccountId, ConversationId, Place};

/// Who asks about which conversation.
type Asked = (ConversationId, Option<AccountId>);

/// What one view has read already.
#[derive(Default)]
pub(super) struct ReadCache {
    places: RefCell<HashMap<Asked, (Place, bool)>>,
    /// The last sequence number of a conversation.
    ends: RefCell<HashMap<ConversationId, i64>>,
    /// The position that the log has come to.
    position: Cell<Option<i64>>,
    /// Has the log gone on since its row was written?
    gone_on: Cell<bool>,
    /// Messages that were said since then.
    said: Cell<i64>,
    /// Messages that members have sent and that are not counted as their own yet.
    own: RefCell<HashMap<(ConversationId, AccountId), i64>>,
    /// Conversations in which something waits to be told by mail.
    held: RefCell<HashSet<ConversationId>>,
}

impl ReadCache {
    pub fn place(&self, asked: Asked) -> Option<(Place, bool)> {
        self.places.borrow().get(&asked).copied()
    }

    pub fn note_place(&self, asked: Asked, found: (Place, bool)) {
        self.places.borrow_mut().insert(asked, found);
    }

    /// Somebody has become a member, or is one no more.
    pub fn forget_place(&self, conversation: ConversationId, who: AccountId) {
        self.places.borrow_mut().remove(&(conversation, Some(who)));
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

    /// A message was said at this position.
    pub fn note_said(&self, position: i64) {
        self.note_written(position);
        self.said.set(self.said.get() + 1);
    }

    /// What the log's row does not say yet: its position, and how many messages more. From now on it does.
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

    /// How many messages a member has sent that are not counted as their own yet.
    pub fn own(&self, conversation: ConversationId, who: AccountId) -> i64 {
        let own = self.own.borrow();
        own.get(&(conversation, who)).copied().unwrap_or_default()
    }

    /// Who has sent how many, where, that are not counted yet; from now on they are.
    pub fn take_own(&self) -> HashMap<(ConversationId, AccountId), i64> {
        self.own.take()
    }

    /// Something waits there to be told by mail; was that not known yet?
    pub fn note_held(&self, conversation: ConversationId) -> bool {
        self.held.borrow_mut().insert(conversation)
    }

    /// What waits to be told by mail has changed.
    pub fn forget_held(&self) {
        self.held.borrow_mut().clear();
    }

    /// What was written has been undone.
    pub fn forget(&self) {
        self.forget_held();
        self.own.borrow_mut().clear();
        self.places.borrow_mut().clear();
        self.ends.borrow_mut().clear();
        self.position.set(None);
        self.gone_on.set(false);
        self.said.set(0);
    }
}
