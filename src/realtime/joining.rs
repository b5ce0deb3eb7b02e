//! How does a socket join all conversations of its account? Page by page, before its CONNECT is answered.
//!
//! The pages are read from the database and go to the fan-out without the writer, so however many conversations somebody
//! has, nobody's write waits for them, and the fan-out does other work between two pages. It is exact all the same: the
//! fan-out knows the socket before the first page is read. A conversation that is joined after a page was read comes to it
//! as an event, and one that is left stands in [`Entry::left`](super::registry::Entry::left).

use std::sync::{Arc, Weak};

use tokio::sync::oneshot;

use super::client::{Client, subscriber};
use super::context::Context;
use super::signal::{JoinPage, Signal, Signals};
use crate::core::conversation;
use crate::core::error::{Error, Result};
use crate::core::model::{AccountId, SubscriberId};
use crate::dialects::ALL;

/// Conversations in one page: about 100 µs of the fan-out's time.
const PAGE: u32 = 256;
/// Conversations that may be on their way to the fan-out at the same time, for all sockets together.
pub const AT_ONCE: usize = 4 * PAGE as usize;

/// Has a socket that the fan-out knows join all conversations of its account. Stops if the socket has gone.
///
/// # Errors
/// Those of reading, and `Overloaded` if the server is stopping.
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
            .read_inline(move |view| conversation::memberships(view, who, after, PAGE));
        let conversations = page.await?;
        after = conversations.last().copied();
        let is_last = conversations.len() < PAGE as usize;
        let _permit = context
            .joining
            .acquire_many(conversations.len().max(1) as u32);
        let _permit = _permit.await;
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

/// [Joins all](join_all), or ends the socket: its client reconnects.
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
        // Socket.IO does not say so, because its CONNECT has not been answered.
        signals.send(Signal::Disconnected(client.number)).ok();
    }
}

/// The subscribers of a socket that join all conversations of its account without asking, one for each such dialect of its
/// namespace.
pub fn joining_by_itself(client: &Client) -> Vec<SubscriberId> {
    let here = ALL.iter().enumerate();
    let here = here.filter(|(_, dialect)| dialect.namespace() == client.namespace);
    here.filter(|(_, dialect)| dialect.joins_by_itself())
        .map(|(index, _)| subscriber(client.number, index))
        .collect()
}
