//! What did they miss? A socket that comes back with a position is told what came since, page by page, no faster than
//! it takes it.
//!
//! The cut is exact: the hall puts aside what happens in the conversation from the moment of joining on, this reads from
//! the database what is there from that moment or later, and the hall drops of what it put aside what was told here.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::value::to_raw_value;
use tokio::sync::mpsc;

use super::guest::Guest;
use super::{Shared, Word};
use crate::core::error::Result;
use crate::core::message;
use crate::core::model::{ConversationId, Event, Message, MessageId};
use crate::dialects::ALL;
use crate::dialects::telling::{Audience, Telling};

/// Messages that are told at once: well below what may wait for a socket.
const PAGE: u32 = 256;
/// How long a page may take to reach the client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells a socket what it missed in one conversation, in one dialect, in a task of its own; for as long as that is
/// `wanted`, that is until the socket leaves.
pub fn start(
    shared: Arc<Shared>,
    words: mpsc::UnboundedSender<Word>,
    guest: Arc<Guest>,
    key: (usize, ConversationId),
    position: MessageId,
    wanted: Weak<()>,
) {
    tokio::spawn(async move {
        match tell_missed(&shared, &guest, key, position, &wanted).await {
            Ok(upto) => drop(words.send(Word::CaughtUp(guest.number, key, upto))),
            Err(error) => {
                // It would hear what comes without what came: better that it asks again.
                tracing::warn!(%error, socket = guest.number, "a socket could not catch up and is ended");
                guest.cut();
            }
        }
    });
}

/// Answers the sequence number up to which everything was told.
async fn tell_missed(
    shared: &Shared,
    guest: &Guest,
    (dialect, conversation): (usize, ConversationId),
    position: MessageId,
    wanted: &Weak<()>,
) -> Result<i64> {
    let _turn = shared.catching_up.acquire().await;
    let who = guest.me.id;
    let mut past = shared
        .core
        .read(move |view| message::seq_at(view, who, conversation, position))
        .await?;
    loop {
        let page: Vec<Message> = shared
            .core
            .read(move |view| message::after(view, who, conversation, past, PAGE))
            .await?;
        let before = guest.progress();
        let last_page = page.len() < PAGE as usize;
        for message in page {
            past = message.seq;
            tell_one(
                shared,
                guest,
                dialect,
                &Event::MessagePosted(Arc::new(message)),
            );
        }
        if last_page || guest.has_ended() || wanted.strong_count() == 0 {
            return Ok(past);
        }
        taken(guest, before).await;
    }
}

/// Waits until the socket has taken what it was told.
async fn taken(guest: &Guest, before: u64) {
    let since = Instant::now();
    while guest.progress() == before && !guest.has_ended() {
        if since.elapsed() > PATIENCE {
            return guest.cut();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Tells one socket an event in one dialect, as the conversation's listeners hear it.
pub fn tell_one(shared: &Shared, guest: &Guest, dialect: usize, event: &Event) {
    // What goes to a person goes to all their sockets, when it happens.
    let nobody = |_| false;
    let core = &shared.core;
    let mut telling = Telling::new(core.spelling(), core.directory(), true, &nobody);
    ALL[dialect].retell(event, &mut telling);
    for told in telling.into_told() {
        if told.to == Audience::Others(guest.me.id) {
            continue;
        }
        match to_raw_value(&told.body) {
            Ok(body) => guest.tell(told.event, &body),
            Err(error) => {
                tracing::error!(%error, event = told.event, "a shape could not be encoded")
            }
        }
    }
}
