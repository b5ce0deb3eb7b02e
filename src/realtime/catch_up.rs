//! What did they miss? A socket that comes back with a position is told what came since in all that it listens to, in the
//! order of the log, page by page, no faster than it takes it.

use std::mem::take;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::backlog::Request;
use super::client::Client;
use super::context::Context;
use super::retelling::tell_one;
use super::sending::hand_on;
use super::signal::{Signal, Signals};
use crate::core::error::Result;
use crate::core::missed::{self, Bookmark};
use crate::core::model::{Event, Position};

/// What is read at once, messages and the like: held until it is told, and that may take long.
const PAGE: usize = 64;
/// A client that joins several conversations says so in one breath. So much later the breath is over, and what was missed
/// in all of them is told together. It outlasts the 40 ms for which a client's system may hold back the second word until
/// the first is acknowledged, and then some for the way.
const JOIN_DEBOUNCE: Duration = Duration::from_millis(100);
/// Whoever goes on joining is not waited for any longer.
const JOIN_DEBOUNCE_MAX: Duration = Duration::from_millis(500);

/// Tells a socket what it missed, as it is ordered to, in a task of its own; until nobody gives requests any more.
pub fn start(
    context: Arc<Context>,
    signals: Signals,
    client: Arc<Client>,
    requests: mpsc::UnboundedReceiver<Request>,
) {
    let mut catch_up = CatchUp {
        context,
        client,
        requests,
        handled: 0,
        bookmarks: Vec::new(),
        subscribers: Vec::new(),
        upto: None,
    };
    tokio::spawn(async move {
        if let Err(error) = catch_up.is_told(&signals).await {
            // It would hear what comes without what came: better that it asks again.
            let socket = catch_up.client.number;
            tracing::warn!(%error, socket, "a socket could not catch up and is ended");
            catch_up.client.cut();
        }
    });
}

/// What one socket missed, and how far it was told.
struct CatchUp {
    context: Arc<Context>,
    client: Arc<Client>,
    requests: mpsc::UnboundedReceiver<Request>,
    /// So many of them.
    handled: usize,
    bookmarks: Vec<Bookmark>,
    /// For each of them the dialect in which it is told, and what lives for as long as that is wanted.
    subscribers: Vec<(usize, Weak<()>)>,
    upto: Option<Position>,
}

impl CatchUp {
    async fn is_told(&mut self, signals: &Signals) -> Result<()> {
        self.gather().await;
        loop {
            while let Ok(request) = self.requests.try_recv() {
                self.handle(request);
            }
            let page = self.read().await?;
            let is_last = page.len() < PAGE;
            for (at, event) in page {
                if self.is_over() {
                    return Ok(());
                }
                let (dialect, wanted) = &self.subscribers[at];
                if wanted.strong_count() > 0 {
                    tell_one(&self.context, &self.client, *dialect, &event);
                    while self.client.is_behind() && !self.is_over() {
                        hand_on(self.client.clone()).await;
                    }
                }
            }
            if is_last {
                signals
                    .send(Signal::CaughtUp(self.client.number, self.handled))
                    .ok();
                match self.requests.recv().await {
                    Some(request) => self.handle(request),
                    None => return Ok(()),
                }
            }
        }
    }

    /// Waits until nothing more is ordered for a breath.
    async fn gather(&mut self) {
        let begun = Instant::now();
        loop {
            let over = (Instant::now() + JOIN_DEBOUNCE).min(begun + JOIN_DEBOUNCE_MAX);
            match timeout_at(over, self.requests.recv()).await {
                Ok(Some(request)) => self.handle(request),
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn handle(&mut self, request: Request) {
        self.handled += 1;
        self.upto = self.upto.max(Some(request.upto));
        if let Some(follow) = request.follow {
            let (dialect, conversation) = follow.room;
            self.bookmarks
                .push(Bookmark::behind(conversation, follow.after));
            self.subscribers.push((dialect, follow.wanted));
        }
    }

    /// Reads when it is its turn. The turn ends with the read: who takes long to listen holds up nobody.
    async fn read(&mut self) -> Result<Vec<(usize, Event)>> {
        let is_wanted = |(bookmark, subscriber): &(Bookmark, (usize, Weak<()>))| {
            !bookmark.is_closed() && subscriber.1.strong_count() > 0
        };
        let all = take(&mut self.bookmarks)
            .into_iter()
            .zip(take(&mut self.subscribers));
        let (mut bookmarks, subscribers): (Vec<_>, Vec<_>) = all.filter(is_wanted).unzip();
        self.subscribers = subscribers;
        let is_behind = |upto: &Position| bookmarks.iter().any(|one| one.is_before(*upto));
        let Some(upto) = self.upto.filter(is_behind) else {
            self.bookmarks = bookmarks;
            return Ok(Vec::new());
        };
        let who = self.client.me.id;
        let _turn = self.context.catching_up.acquire().await;
        let read = self.context.core.read(move |view| {
            let page = missed::read_on(view, who, &mut bookmarks, upto, PAGE)?;
            Ok((bookmarks, page))
        });
        let (bookmarks, page) = read.await?;
        self.bookmarks = bookmarks;
        Ok(page)
    }

    /// Has the socket gone?
    fn is_over(&self) -> bool {
        self.client.has_ended() || self.requests.is_closed()
    }
}
