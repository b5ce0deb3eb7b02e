//! How does a socket come to hear everything that its person belongs to? In pieces, before its CONNECT is answered.
//!
//! A piece is read on a reader and goes to the fan-out, not through the writer: however much somebody belongs to, nobody
//! else's write waits for it, and for the fan-out there is other work between two pieces. The cut is exact all the same: who
//! joins is known to the fan-out before the first piece is read, so whatever a piece does not know yet comes to the fan-out as
//! news, and what it knows no longer is in [`Entry::left`](super::registry::Entry::left).

use std::sync::{Arc, Weak};

use tokio::sync::oneshot;

use super::client::{Client, subscriber};
use super::context::Context;
use super::signal::{JoinPage, Signal, Signals};
use crate::core::conversation;
use crate::core::error::{Error, Result};
use crate::core::model::{AccountId, SubscriberId};
use crate::dialects::{ALL, Dialect};

/// Conversations in one piece: some 100 microseconds of the fan-out.
const PIECE: u32 = 256;
/// Conversations that are on their way to the fan-out at the same time, for all sockets together: the others wait their turn.
pub const AT_ONCE: usize = 4 * PIECE as usize;

/// Has a socket, which the fan-out knows already, hear all that its person belongs to. Ends early where it has gone.
///
/// # Errors
/// What a reader refuses.
pub async fn join_all(
    context: &Context,
    signals: &Signals,
    client: &Weak<Client>,
    who: AccountId,
) -> Result<()> {
    let mut after = None;
    loop {
        let page = context
            .core
            .read_inline(move |view| conversation::memberships(view, who, after, PIECE));
        let conversations = page.await?;
        after = conversations.last().copied();
        let is_last = conversations.len() < PIECE as usize;
        let _turn = context
            .joining
            .acquire_many(conversations.len().max(1) as u32);
        let _turn = _turn.await;
        let Some(client) = client.upgrade().filter(|client| !client.has_gone()) else {
            return Ok(());
        };
        let (joined, answer) = oneshot::channel();
        let number = client.number;
        drop(client);
        let page = JoinPage {
            number,
            conversations,
            is_last,
            joined,
        };
        signals.send(Signal::Joins(page)).ok();
        let stopping = |_| Error::Overloaded("The server is stopping");
        answer.await.map_err(stopping)?;
        if is_last {
            return Ok(());
        }
    }
}

/// Ends a socket that could not hear everything: better that its client comes again.
pub async fn join_all_or_end(
    context: &Arc<Context>,
    signals: &Signals,
    client: &Weak<Client>,
    who: AccountId,
) {
    let joined = join_all(context, signals, client, who).await;
    let Some(client) = client.upgrade() else {
        return;
    };
    if let Err(error) = joined {
        tracing::info!(%error, socket = client.number, "a socket could not join and is ended");
        client.cut();
    }
    if client.has_gone() {
        // Nobody else says so: its CONNECT has not been answered.
        signals.send(Signal::Disconnected(client.number)).ok();
    }
}

/// This socket's subscribers in the dialects of its namespace whose clients join everything that is theirs without asking.
pub fn joining_by_itself(client: &Client) -> Vec<SubscriberId> {
    let joins = |dialect: &&(usize, &&dyn Dialect)| {
        dialect.1.namespace() == client.namespace && dialect.1.joins_by_itself()
    };
    let all: Vec<_> = ALL.iter().enumerate().collect();
    all.iter()
        .filter(joins)
        .map(|(index, _)| subscriber(client.number, *index))
        .collect()
}
