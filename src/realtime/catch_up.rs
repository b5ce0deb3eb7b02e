//! What did they miss? A socket that comes back with a position is told what came since in all that it listens to, in the
//! order of the log, page by page, no faster than it takes it.

use std::mem::take;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{Instant as Moment, sleep, timeout_at};

use super::behind::Order;
use super::crier::tell_one;
use super::guest::Guest;
use super::{Shared, Word};
use crate::core::error::Result;
use crate::core::missed::{self, Bookmark};
use crate::core::model::{Event, Position};

/// What is read at once, messages and the like: held until it is told, and that may take long.
const PAGE: usize = 64;
/// A client that joins several conversations says so in one breath. So much later the breath is over, and what was missed
/// in all of them is told together. It outlasts the 40 ms for which a client's system may hold back the second word until
/// the first is acknowledged, and then some for the way.
const BREATH: Duration = Duration::from_millis(100);
/// Whoever goes on joining is not waited for any longer.
const LONGEST_BREATH: Duration = Duration::from_millis(500);
/// How long what was handed to a wire may take to reach the client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells a socket what it missed, as it is ordered to, in a task of its own; until nobody gives orders any more.
pub fn start(
    shared: Arc<Shared>,
    words: mpsc::UnboundedSender<Word>,
    guest: Arc<Guest>,
    orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut absence = Absence {
        shared,
        guest,
        orders,
        obeyed: 0,
        bookmarks: Vec::new(),
        ears: Vec::new(),
        upto: None,
    };
    tokio::spawn(async move {
        if let Err(error) = absence.is_told(&words).await {
            // It would hear what comes without what came: better that it asks again.
            let socket = absence.guest.number;
            tracing::warn!(%error, socket, "a socket could not catch up and is ended");
            absence.guest.cut();
        }
    });
}

/// What one socket missed, and how far it was told.
struct Absence {
    shared: Arc<Shared>,
    guest: Arc<Guest>,
    orders: mpsc::UnboundedReceiver<Order>,
    /// So many of them.
    obeyed: usize,
    bookmarks: Vec<Bookmark>,
    /// For each of them the dialect in which it is told, and what lives for as long as that is wanted.
    ears: Vec<(usize, Weak<()>)>,
    upto: Option<Position>,
}

impl Absence {
    async fn is_told(&mut self, words: &mpsc::UnboundedSender<Word>) -> Result<()> {
        self.gather().await;
        loop {
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order);
            }
            let page = self.read().await?;
            let is_last = page.len() < PAGE;
            for (at, event) in page {
                if self.is_over() {
                    return Ok(());
                }
                let (dialect, wanted) = &self.ears[at];
                if wanted.strong_count() > 0 {
                    tell_one(&self.shared, &self.guest, *dialect, &event);
                    self.taken().await;
                }
            }
            if is_last {
                words
                    .send(Word::CaughtUp(self.guest.number, self.obeyed))
                    .ok();
                match self.orders.recv().await {
                    Some(order) => self.obey(order),
                    None => return Ok(()),
                }
            }
        }
    }

    /// Waits until nothing more is ordered for a breath.
    async fn gather(&mut self) {
        let begun = Moment::now();
        loop {
            let over = (Moment::now() + BREATH).min(begun + LONGEST_BREATH);
            match timeout_at(over, self.orders.recv()).await {
                Ok(Some(order)) => self.obey(order),
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn obey(&mut self, order: Order) {
        self.obeyed += 1;
        self.upto = self.upto.max(Some(order.upto));
        if let Some(follow) = order.follow {
            let (dialect, conversation) = follow.room;
            self.bookmarks
                .push(Bookmark::behind(conversation, follow.after));
            self.ears.push((dialect, follow.wanted));
        }
    }

    /// Reads when it is its turn. The turn ends with the read: who takes long to listen holds up nobody.
    async fn read(&mut self) -> Result<Vec<(usize, Event)>> {
        let is_wanted = |(bookmark, ear): &(Bookmark, (usize, Weak<()>))| {
            !bookmark.is_closed() && ear.1.strong_count() > 0
        };
        let all = take(&mut self.bookmarks)
            .into_iter()
            .zip(take(&mut self.ears));
        let (mut bookmarks, ears): (Vec<_>, Vec<_>) = all.filter(is_wanted).unzip();
        self.ears = ears;
        let is_behind = |upto: &Position| bookmarks.iter().any(|one| one.is_before(*upto));
        let Some(upto) = self.upto.filter(is_behind) else {
            self.bookmarks = bookmarks;
            return Ok(Vec::new());
        };
        let who = self.guest.me.id;
        let _turn = self.shared.catching_up.acquire().await;
        let read = self.shared.core.read(move |view| {
            let page = missed::read_on(view, who, &mut bookmarks, upto, PAGE)?;
            Ok((bookmarks, page))
        });
        let (bookmarks, page) = read.await?;
        self.bookmarks = bookmarks;
        Ok(page)
    }

    /// Has the socket gone?
    fn is_over(&self) -> bool {
        self.guest.has_ended() || self.orders.is_closed()
    }

    /// Waits until everything that the socket was told has been handed to its wire.
    async fn taken(&self) {
        let guest = &self.guest;
        let (mut since, mut before) = (Instant::now(), guest.progress());
        while guest.is_behind() && !self.is_over() {
            sleep(Duration::from_millis(1)).await;
            let now = guest.progress();
            if now != before {
                (since, before) = (Instant::now(), now);
            } else if since.elapsed() > PATIENCE {
                return guest.cut();
            }
        }
    }
}
