//! Who hears what, in which order? The one fan-out task: it owns who listens where, takes what became true in commit
//! order, and emits a whole commit's events before it yields, so that several for one socket share a write.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::backlog::{Backlog, CaughtUp};
use super::client::{Client, socket_and_dialect, subscriber};
use super::context::Context;
use super::joining::joining_by_itself;
use super::registry::{Registry, Room};
use super::signal::{JoinPage, Signal, Signals};
use super::typing::TypingNow;
use super::{catch_up, retelling};
use crate::core::model::{
    AccountId, Announcement, ConversationId, DeviceId, Event, Notice, Position, StateChange,
    SubscriberId, Time,
};
use crate::core::{News, notice};
use crate::dialects::{ALL, Namespace};
use crate::web::watch::{Queries, Query, SocketCount};

/// How often what ends by itself is looked for.
const TICK: Duration = Duration::from_millis(250);

/// How often somebody looks who takes nothing any more.
const LOOK: Duration = Duration::from_secs(10);

/// All who listen, and what they are told.
pub struct FanOut {
    context: Arc<Context>,
    registry: Registry,
    typing: TypingNow,
    /// Who is being told what they missed, and what has happened there meanwhile.
    backlog: Backlog,
    /// How far in the log it has come.
    come_to: Option<Position>,
    /// For what is done beside the fan-out and comes back to it.
    signals: Signals,
    /// When somebody last looked who takes nothing any more.
    looked: Instant,
    /// When the tokens of those who are here end, soonest first.
    endings: BTreeSet<(Time, u64)>,
}

impl FanOut {
    pub fn new(context: Arc<Context>, signals: Signals) -> Self {
        Self {
            come_to: context.core.last_before(),
            context,
            registry: Registry::default(),
            typing: TypingNow::default(),
            backlog: Backlog::default(),
            signals,
            looked: Instant::now(),
            endings: BTreeSet::new(),
        }
    }

    /// Runs until the core has closed.
    pub async fn run(
        mut self,
        mut news: News,
        mut signals: mpsc::UnboundedReceiver<Signal>,
        mut queries: Queries,
    ) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                commit = news.recv() => {
                    let Some(commit) = commit else { break };
                    // Whoever joins in this batch has come in before.
                    while let Ok(signal) = signals.try_recv() {
                        self.take(signal);
                    }
                    for announcement in commit.announced() {
                        match announcement {
                            Announcement::Event(event) => self.happened(event),
                            Announcement::StateChange(change) => self.changed(change),
                        }
                    }
                    commit.answer();
                    // The sockets' tasks now write what they were given, before the next commit adds to it.
                    tokio::task::yield_now().await;
                }
                Some(signal) = signals.recv() => self.take(signal),
                Some(query) = queries.recv() => self.answer(query),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Admitted(client, expires_at) => {
                self.endings.insert((expires_at, client.number));
                let joins = !joining_by_itself(&client).is_empty();
                self.registry.admit(client, expires_at, joins);
            }
            Signal::Connected(number) => {
                if let Some(entry) = self.registry.get_mut(number) {
                    entry.connected = true;
                    entry.client.connected();
                }
            }
            Signal::Joins(page) => self.join_page(page),
            Signal::CaughtUp(number, handled) => self.caught_up(number, handled),
            Signal::Disconnected(number) => self.gone(number),
        }
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::NoticesWaiting {
                subscriber,
                notices,
            } => {
                return retelling::tell_waiting(
                    &self.context,
                    &self.registry,
                    *subscriber,
                    notices,
                );
            }
            Event::NoticeMade(made) => self.note_heard(made),
            Event::Typing {
                place,
                who,
                subscriber,
                on,
            } => self.typing.note(*place, *who, *subscriber, *on),
            Event::MemberJoined {
                conversation,
                account,
            } => {
                for subscriber in self
                    .registry
                    .of(*account)
                    .iter()
                    .flat_map(|client| joining_by_itself(client))
                    .collect::<Vec<_>>()
                {
                    self.join(subscriber, *conversation);
                }
                // To whom it happened and to nobody else: no room has to put it aside.
                return retelling::retell(&self.context, &self.registry, event);
            }
            Event::MemberLeft {
                conversation,
                account,
            } => self.remove(*account, *conversation),
            Event::MessagePosted(_)
            | Event::MessageDeleted(_)
            | Event::FileShared { .. }
            | Event::MessagesRead { .. } => {}
        }
        self.tell(event);
        if let Some(position) = event.position() {
            self.come_to = Some(position);
        }
    }

    fn changed(&mut self, change: &StateChange) {
        match change {
            StateChange::Subscribed {
                subscriber,
                conversation,
            } => self.join(*subscriber, *conversation),
            StateChange::Unsubscribed {
                subscriber,
                conversation,
            } => self.leave(*subscriber, *conversation),
            StateChange::DeviceEnded { device, account } => {
                self.end(*account, |client| client.me.device == *device);
            }
            StateChange::DeviceProlonged {
                device,
                account,
                expires_at,
            } => self.prolong(*account, *device, *expires_at),
            StateChange::AccountChanged(account) => {
                let context = self.context.clone();
                let may_not_stay =
                    |client: &Client| context.core.directory().still(&client.me).is_err();
                self.end(*account, may_not_stay);
            }
            StateChange::DeviceMade { .. } => {}
        }
    }

    /// Tells all who listen; those who are still told what they missed, afterwards.
    fn tell(&mut self, event: &Event) {
        self.backlog.note(event);
        retelling::retell(&self.context, &self.registry, event);
    }

    /// What whoever runs it asks.
    fn answer(&mut self, query: Query) {
        // Whoever asked may have gone.
        match query {
            Query::Count(answer) => answer.send(self.count()).ok(),
            Query::Sockets(answer) => {
                let seen = self.registry.all().map(|entry| entry.seen(&self.context));
                answer.send(seen.collect()).ok()
            }
            Query::End(number, answer) => {
                let client = self.registry.get(number).map(|entry| entry.client.clone());
                if let Some(client) = &client {
                    self.disconnect(client);
                }
                answer.send(client.is_some()).ok()
            }
        };
    }

    fn count(&self) -> SocketCount {
        let mut count = SocketCount::default();
        for entry in self.registry.all() {
            match entry.client.is_websocket() {
                true => count.websocket += 1,
                false => count.polling += 1,
            }
            match entry.client.namespace {
                Namespace::Main => count.main += 1,
                Namespace::Chat => count.chat += 1,
            }
        }
        count
    }

    fn note_heard(&mut self, made: &Notice) {
        let numbers: Vec<_> = self
            .registry
            .of(made.account)
            .iter()
            .map(|client| client.number)
            .collect();
        for number in &numbers {
            if let Some(entry) = self.registry.get_mut(*number) {
                entry.first_notice.get_or_insert(made.id);
            }
        }
        if !numbers.is_empty() {
            let id = made.id;
            drop(self.context.core.write(move |tx| notice::heard(tx, id)));
        }
    }

    /// What a reader found that this socket is to hear. It may be older than what has happened here since: what its
    /// person has left is left, and what was joined again has been joined by the news of it.
    fn join_page(&mut self, page: JoinPage) {
        if let Some(entry) = self.registry.get_mut(page.number) {
            let left = match page.is_last {
                true => entry.left.take(),
                false => entry.left.clone(),
            };
            let left = left.unwrap_or_default();
            let subscribers = joining_by_itself(&entry.client);
            for conversation in page.conversations {
                if !left.contains(&conversation) {
                    subscribers
                        .iter()
                        .for_each(|subscriber| self.join(*subscriber, conversation));
                }
            }
        }
        // Whoever joins may have gone.
        page.joined.send(()).ok();
    }

    fn join(&mut self, subscriber: SubscriberId, conversation: ConversationId) {
        let (number, dialect) = socket_and_dialect(subscriber);
        let Some(entry) = self.registry.get_mut(number) else {
            return;
        };
        let room = (dialect, conversation);
        if entry.client.has_ended() || !entry.joined.insert(room) {
            return;
        }
        let client = entry.client.clone();
        let before = client.position.filter(|_| entry.caught_up.insert(room));
        match (before, self.come_to) {
            (Some(before), Some(come_to)) => {
                // Also where nothing was missed: what is missed in the conversation that it joins next would be late.
                self.fall_behind(&client, come_to);
                // A position from elsewhere may lie ahead of all that is known here.
                self.backlog
                    .follow(room, number, before.min(come_to), come_to);
            }
            (None, Some(come_to)) if self.backlog.has(number) => {
                self.backlog.follow(room, number, come_to, come_to);
            }
            _ => self.registry.subscribe(room, client),
        }
    }

    /// This socket is told what it missed first. Nothing live overtakes that: it hears what it listens to afterwards.
    fn fall_behind(&mut self, client: &Arc<Client>, come_to: Position) {
        if self.backlog.has(client.number) {
            return;
        }
        let requests = self.backlog.begin(client.clone(), come_to);
        let (context, signals) = (self.context.clone(), self.signals.clone());
        catch_up::start(context, signals, client.clone(), requests);
        for room in self.registry.unsubscribe_from_all(client.number) {
            self.backlog.follow(room, client.number, come_to, come_to);
        }
    }

    fn caught_up(&mut self, number: u64, handled: usize) {
        let Some(CaughtUp {
            client,
            rooms,
            since,
        }) = self.backlog.end(number, handled)
        else {
            return;
        };
        for (dialect, event) in &since {
            retelling::tell_one(&self.context, &client, *dialect, event);
        }
        for room in rooms {
            self.registry.subscribe(room, client.clone());
        }
    }

    fn leave(&mut self, subscriber: SubscriberId, conversation: ConversationId) {
        let (number, dialect) = socket_and_dialect(subscriber);
        if let Some(entry) = self.registry.get_mut(number) {
            entry.joined.remove(&(dialect, conversation));
            self.unsubscribe(&(dialect, conversation), number);
        }
    }

    /// Somebody belongs to a conversation no more.
    fn remove(&mut self, account: AccountId, conversation: ConversationId) {
        let numbers: Vec<_> = self
            .registry
            .of(account)
            .iter()
            .map(|client| client.number)
            .collect();
        for number in numbers {
            let entry = self.registry.get_mut(number);
            if let Some(left) = entry.and_then(|entry| entry.left.as_mut()) {
                left.insert(conversation);
            }
            for dialect in 0..ALL.len() {
                self.leave(subscriber(number, dialect), conversation);
            }
        }
    }

    /// This socket hears nothing more of this.
    fn unsubscribe(&mut self, room: &Room, number: u64) {
        self.registry.unsubscribe(room, number);
        self.backlog.leave(room, number);
    }

    fn gone(&mut self, number: u64) {
        let Some(entry) = self.registry.remove(number) else {
            return;
        };
        self.endings.remove(&(entry.expires_at, number));
        self.backlog.gone(number);
        for stopped in self.typing.stop_at(number) {
            self.tell(&stopped);
        }
    }

    /// This device's sockets end later.
    fn prolong(&mut self, account: AccountId, device: DeviceId, expires_at: Time) {
        let of_it = |client: &&Arc<Client>| client.me.device == device;
        let clients = self.registry.of(account).iter().filter(of_it);
        for number in clients.map(|client| client.number).collect::<Vec<_>>() {
            if let Some(entry) = self.registry.get_mut(number) {
                self.endings.remove(&(entry.expires_at, number));
                self.endings.insert((expires_at, number));
                entry.expires_at = expires_at;
            }
        }
    }

    /// Ends sockets of a person. They hear nothing more from this moment, whether or not their transport notices.
    fn end(&mut self, account: AccountId, which: impl Fn(&Client) -> bool) {
        let ended = self
            .registry
            .of(account)
            .iter()
            .filter(|client| which(client))
            .cloned();
        for client in ended.collect::<Vec<_>>() {
            self.disconnect(&client);
        }
    }

    fn disconnect(&mut self, client: &Arc<Client>) {
        self.gone(client.number);
        client.disconnect();
    }

    /// Looks for what ends by itself: typing, tokens, and whoever never finishes connecting.
    fn tick(&mut self) {
        for stopped in self.typing.stop_overdue() {
            self.tell(&stopped);
        }
        let now = Time::now();
        while let Some((at, number)) = self.endings.first().copied() {
            if at > now {
                break;
            }
            self.endings.pop_first();
            if let Some(client) = self.registry.get(number).map(|entry| entry.client.clone()) {
                self.disconnect(&client);
            }
        }
        for number in self.registry.never_connected() {
            self.gone(number);
        }
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            let stalled = self
                .registry
                .all()
                .filter(|entry| entry.client.is_stalled());
            for client in stalled
                .map(|entry| entry.client.clone())
                .collect::<Vec<_>>()
            {
                self.gone(client.number);
                client.end_as_too_slow();
            }
        }
    }
}
