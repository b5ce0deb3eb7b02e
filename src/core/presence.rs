//! Who is there? A person with a socket, and for a few seconds after the last one has gone.
//!
//! It may be known to whoever shares a direct, group or session conversation with that person; open rooms do not count.
//! Memory knows who is there; when somebody was last there stands in the database too, to the minute.

use std::collections::HashSet;

use super::error::Result;
use super::may::may_know;
use super::model::{AccountId, ConversationId, Me, Presence, StateChange};
use super::store::{Tx, View};

/// Of somebody's conversations, the latest so many count: what one person costs others must not grow with them.
const CONVERSATIONS: u32 = 1_000;

/// Which of these people are there, without those of whom the asking person may not know it.
pub fn of(view: &View<'_>, me: &Me, people: &[AccountId]) -> Result<Vec<Presence>> {
    let own: HashSet<_> = view
        .memberships(me.id, None, u32::MAX)?
        .into_iter()
        .collect();
    let mut known = Vec::new();
    for who in people {
        let latest = || view.latest_memberships(*who, CONVERSATIONS);
        if may_know(view, (me.id, &own), *who, latest)? {
            known.push(view.directory.presence(*who));
        }
    }
    Ok(known)
}

/// The conversations whose members may know whether this person is there, the latest first.
pub fn circle(view: &View<'_>, who: AccountId) -> Result<Vec<ConversationId>> {
    view.closed_conversations(who, CONVERSATIONS)
}

/// From now on this person tells nobody whether they are there, or tells it again.
pub fn hide(tx: &Tx<'_>, me: &Me, hidden: bool) -> Result<()> {
    if tx.hide_presence(me.id, hidden)? {
        tx.announce(StateChange::AccountChanged(me.id));
    }
    Ok(())
}
