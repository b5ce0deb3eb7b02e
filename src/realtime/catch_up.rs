//! What did a client miss? A socket that comes with a position is told what has happened since in all conversations that
//! it listens to, in the order of the log, page by page, and no faster than it takes it.

use std::mem::take;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::backlog::{Newer, Request};
use super::client::Client;
use super::context::Context;
use super::retelling::tell_one;
use super::sending::hand_on;
use super::signal::{Signal, Signals};
use crate::core::error::Result;
use crate::core::missed::{self, Bookmark};
use crate::core::model::{Event, MessageId, Position};

/// Events that are read at once. They stay in memory until they are told, which may take long.
const PAGE: usize = 64;
/// A client joins its conversations one after another, and what it missed in all of them is told in one order. So telling
/// begins when nothing was joined for this long: longer than the 40 ms for which the client's system may hold back a packet
/// until the one before is acknowledged (Nagle), plus some time on the way.
const JOIN_DEBOUNCE: Duration = Duration::from_millis(100);
/// Telling begins after this long, even if the client goes on joining.
const JOIN_DEBOUNCE_MAX: Duration = Duration::from_millis(500);
/// Both are waited for in turns of this length: one in which the whole server stood still counts as one, because joins that
/// came meanwhile are read behind it.
const TURN: Duration = Duration::from_millis(25);

/// Starts a task that tells a socket what it missed, as the requests say, until nobody can send more of them.
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
        newer: Newer::new(),
    };
    tokio::spawn(async move {
        if let Err(error) = catch_up.run(&signals).await {
            // It would hear what happens next without what it missed. Its client reconnects and asks again.
            let socket = catch_up.client.number;
            tracing::warn!(%error, socket, "a socket could not catch up and is ended");
            catch_up.client.cut();
        }
    });
}

/// What one socket missed, and how far it has been told.
struct CatchUp {
    context: Arc<Context>,
    client: Arc<Client>,
    requests: mpsc::UnboundedReceiver<Request>,
    /// How many of them it has read.
    handled: usize,
    bookmarks: Vec<Bookmark>,
    /// For each bookmark the dialect in which it is told, and what lives as long as the socket listens there.
    subscribers: Vec<(usize, Weak<()>)>,
    upto: Option<Position>,
    newer: Newer,
}

impl CatchUp {
    async fn run(&mut self, signals: &Signals) -> Result<()> {
        self.gather().await;
        loop {
            self.handle_requests();
            let page = self.read().await?;
            let is_last = page.len() < PAGE;
            for (at, event) in page {
                if self.is_over() {
                    return Ok(());
                }
                let (dialect, wanted) = &self.subscribers[at];
                if wanted.strong_count() > 0 {
                    self.newer.extend(newer_than(self.upto, &event));
                    tell_one(&self.context, &self.client, *dialect, &event);
                    while self.client.is_behind() && !self.is_over() {
                        hand_on(self.client.clone()).await;
                    }
                }
            }
            if is_last {
                signals
                    .send(Signal::CaughtUp(
                        self.client.number,
                        self.handled,
                        self.newer.clone(),
                    ))
                    .ok();
                match self.requests.recv().await {
                    Some(request) => self.handle(request),
                    None => return Ok(()),
                }
            }
        }
    }

    /// Waits until nothing was joined for [`JOIN_DEBOUNCE`] and all is done that the client has asked for: its joins may have
    /// to wait for the database, and that time does not count.
    async fn gather(&mut self) {
        let mut waited = Duration::ZERO;
        loop {
            let mut quiet = Duration::ZERO;
            while quiet < JOIN_DEBOUNCE && waited < JOIN_DEBOUNCE_MAX {
                let turn = Instant::now();
                match timeout(TURN, self.requests.recv()).await {
                    Ok(Some(request)) => {
                        self.handle(request);
                        quiet = Duration::ZERO;
                    }
                    Ok(None) => return,
                    Err(_) => quiet += TURN,
                }
                waited += turn.elapsed().min(TURN);
            }
            let handled = self.handled;
            self.handle_until_done().await;
            if self.handled == handled || waited >= JOIN_DEBOUNCE_MAX {
                return;
            }
        }
    }

    /// Handles what is requested until all is done that the client has asked for until now.
    async fn handle_until_done(&mut self) {
        let client = self.client.clone();
        let mut done = pin!(client.done());
        loop {
            tokio::select! {
                () = &mut done => break,
                request = self.requests.recv() => match request {
                    Some(request) => self.handle(request),
                    None => return,
                },
            }
        }
        self.handle_requests();
    }

    /// Handles what was requested until now.
    fn handle_requests(&mut self) {
        while let Ok(request) = self.requests.try_recv() {
            self.handle(request);
        }
    }

    fn handle(&mut self, request: Request) {
        self.handled += 1;
        self.upto = self.upto.max(Some(request.upto));
        if let Some(replay) = request.room {
            let (dialect, conversation) = replay.room;
            self.bookmarks
                .push(Bookmark::behind(conversation, replay.after));
            self.subscribers.push((dialect, replay.wanted));
        }
    }

    /// Reads the next page, of events and the index of their bookmarks, when it has a permit. The permit is held for the
    /// read alone: a slow client holds up nobody.
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
        let _permit = self.context.catching_up.acquire().await;
        let read = self.context.core.read(move |view| {
            let page = missed::read_on(view, who, &mut bookmarks, upto, PAGE)?;
            Ok((bookmarks, page))
        });
        let (bookmarks, page) = read.await?;
        self.bookmarks = bookmarks;
        Ok(page)
    }

    /// Has the socket been ended, or has it disconnected?
    fn is_over(&self) -> bool {
        self.client.has_ended() || self.requests.is_closed()
    }
}

/// A message that was read as it was after a later change than this position.
fn newer_than(upto: Option<Position>, event: &Event) -> Option<(MessageId, Position)> {
    let (Event::MessagePosted(message) | Event::MessageUpdated(message)) = event else {
        return None;
    };
    let changed = message.changed.filter(|changed| Some(*changed) > upto)?;
    Some((message.id, changed))
}
