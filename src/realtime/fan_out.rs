//! Who hears what, in which order? The one fan-out task owns the registry of who listens where. It takes commits in their
//! order and emits all events of a commit before it yields, so that several packets for one socket share a write.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::backlog::{Backlog, CaughtUp, Newer};
use super::catch_up;
use super::client::{Client, socket_and_dialect, subscriber};
use super::context::Context;
use super::introducing::{self, Introductions};
use super::joining::joining_by_itself;
use super::presence::{PresenceNow, TURN};
use super::registry::{Registry, Room};
use super::retelling::{note_told, retell, tell_one, tell_waiting};
use super::signal::{Introduction, JoinPage, Signal, Signals};
use super::typing::TypingNow;
use crate::core::model::{
    AccountId, Announcement, Arrival, ConversationId, DeviceId, Event, Notice, Position, Question,
    Reply, RestraintKind, SocketSeen, StateChange, SubscriberId, Time,
};
use crate::core::{News, notice, presence, questions};
use crate::dialects::{ALL, Namespace};
use crate::web::watch::{Queries, Query, SocketCount};

/// How often typing, tokens and connects that are over are looked for.
const TICK: Duration = Duration::from_millis(250);

/// How often stalled sockets are looked for.
const STALL_CHECK: Duration = Duration::from_secs(10);

/// The fan-out, with all that it knows of the sockets.
pub struct FanOut {
    context: Arc<Context>,
    registry: Registry,
    typing: TypingNow,
    /// The sockets that are being told what they missed, and what has happened meanwhile.
    backlog: Backlog,
    presence: PresenceNow,
    /// The position of the last event that was told.
    told: Option<Position>,
    /// How many commits have been told.
    commits: u64,
    /// A socket that came after a commit which has not been told yet. All other signals wait behind it.
    early: Option<Signal>,
    introductions: Introductions,
    /// To itself, for tasks that it starts.
    signals: Signals,
    stalls_checked: Instant,
    /// When the tokens of all sockets expire, soonest first.
    expiries: BTreeSet<(Time, u64)>,
}

impl FanOut {
    pub fn new(context: Arc<Context>, signals: Signals) -> Self {
        Self {
            told: context.core.last_before(),
            context,
            commits: 0,
            early: None,
            registry: Registry::default(),
            typing: TypingNow::default(),
            backlog: Backlog::default(),
            presence: PresenceNow::default(),
            introductions: Introductions::default(),
            signals,
            stalls_checked: Instant::now(),
            expiries: BTreeSet::new(),
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
        let mut turn = tokio::time::interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                commit = news.recv() => {
                    let Some(commit) = commit else { break };
                    // A socket that joins in this commit was admitted before it. Signals that come meanwhile are handled
                    // later: sockets that join very much send them without end.
                    for _ in 0..signals.len() {
                        if self.early.is_none()
                            && let Ok(signal) = signals.try_recv()
                        {
                            self.take_signal(signal);
                        }
                    }
                    for announcement in commit.announced() {
                        match announcement {
                            Announcement::Event(event) => self.handle_event(event),
                            Announcement::StateChange(change) => self.handle_change(change),
                        }
                    }
                    self.commits += 1;
                    if let Some(signal) = self.early.take() {
                        self.take_signal(signal);
                    }
                    commit.answer();
                    // The sockets' tasks write these events before the next commit adds to them.
                    tokio::task::yield_now().await;
                }
                Some(signal) = signals.recv(), if self.early.is_none() => self.take_signal(signal),
                Some(query) = queries.recv() => self.answer(query),
                () = std::future::ready(()), if self.registry.has_leaving() => {
                    self.leave_some();
                    tokio::task::yield_now().await;
                }
                _ = turn.tick(), if self.presence.has_work() => self.tell_presence(),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    /// Handles a signal in its turn: a socket hears nothing that was acknowledged before it came.
    fn take_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Admitted(_, _, before) if before > self.commits => self.early = Some(signal),
            signal => self.handle_signal(signal),
        }
    }

    fn handle_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Admitted(client, expires_at, _) => {
                if self.context.core.directory().still(&client.me).is_err() {
                    // Its token has ended since it was asked for.
                    return client.disconnect();
                }
                self.expiries.insert((expires_at, client.number));
                let joins = !joining_by_itself(&client).is_empty();
                self.registry.admit(client, expires_at, joins);
            }
            Signal::Connected(number) => {
                if let Some(entry) = self.registry.get_mut(number) {
                    entry.connected = true;
                    entry.client.connected();
                    let account = entry.client.me.id;
                    if self.presence.came(self.context.core.directory(), account) {
                        self.context.core.tell_peers(account);
                    }
                }
            }
            Signal::Joins(page) => {
                self.join_page(page);
                // So that sockets leave as fast as others join.
                self.leave_some();
            }
            Signal::CaughtUp(number, handled, newer) => {
                self.caught_up(number, handled, &newer);
            }
            Signal::Circle(who, circle) => {
                self.presence
                    .begin(self.context.core.directory(), who, circle);
            }
            Signal::Introduces(page) => self.introduce(page),
            Signal::Introduced => {
                let next = self.introductions.next();
                self.begin_to_introduce(next);
            }
            Signal::NoNotices(number) => self.tell_notices(subscriber(number, 0), &[]),
            Signal::Disconnected(number) => self.remove(number),
        }
    }

    fn handle_event(&mut self, event: &Event) {
        match event {
            Event::NoticesWaiting {
                subscriber,
                notices,
            } => {
                return self.tell_notices(*subscriber, notices);
            }
            Event::NoticeMade(made) => self.mark_heard(made),
            Event::Typing {
                place,
                who,
                subscriber,
                on,
            } => {
                self.typing.note(*place, *who, *subscriber, *on);
                let (number, _) = socket_and_dialect(*subscriber);
                if *on && !subscriber.is_elsewhere() && self.registry.get(number).is_none() {
                    // It was gone before this is told.
                    self.tell(event);
                    return self.stop_typing(number);
                }
            }
            Event::MemberJoined {
                conversation,
                account,
                arrival,
            } => {
                for client in self.registry.of(*account).to_vec() {
                    for subscriber in joining_by_itself(&client) {
                        self.join(subscriber, *conversation);
                    }
                }
                if *arrival != Arrival::TakenIn {
                    // Only the new member is told, so no backlog has to keep it.
                    return retell(&self.context, &self.registry, event);
                }
            }
            Event::MemberLeft {
                conversation,
                account,
            } => self.remove_member(*account, *conversation),
            Event::RestraintChanged {
                conversation,
                account,
                kind,
                until,
                ..
            } => {
                if *kind == RestraintKind::Ban && until.is_some() {
                    // Also who was no member of a room may have listened.
                    self.remove_member(*account, *conversation);
                }
            }
            Event::MessagePosted(_)
            | Event::MessageUpdated(_)
            | Event::MessageDeleted(_)
            | Event::FileShared { .. }
            | Event::MessagesRead { .. }
            | Event::SettingsChanged { .. }
            | Event::BlockChanged { .. }
            | Event::PresenceChanged(_)
            | Event::ConversationChanged(_)
            | Event::PersonChanged(_) => {}
        }
        self.tell(event);
        if let Some(position) = event.position() {
            self.told = Some(position);
        }
    }

    fn handle_change(&mut self, change: &StateChange) {
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
                self.presence.look(self.context.core.directory(), *account);
            }
            StateChange::ProfileChanged(account) => {
                let first = self.introductions.note(*account);
                self.begin_to_introduce(first);
            }
            StateChange::Attended { account, .. } => {
                self.presence.look(self.context.core.directory(), *account);
            }
            StateChange::ServerGone { accounts, .. } => {
                for account in accounts {
                    self.presence.look(self.context.core.directory(), *account);
                }
            }
            StateChange::Asked {
                number,
                by,
                question,
            } if *by != self.context.core.server() => self.reply(*number, question.clone()),
            StateChange::Replied { number, by, reply } => {
                self.context.core.note_reply(*number, *by, reply);
            }
            StateChange::Asked { .. }
            | StateChange::DeviceMade { .. }
            | StateChange::UnwantedChanged => {}
        }
    }

    /// Another server asks.
    fn reply(&mut self, number: u64, question: Question) {
        let core = self.context.core.clone();
        match question {
            Question::Sockets { q, most } => {
                let seen = self.sockets();
                tokio::spawn(async move {
                    core.reply(number, questions::sockets_reply(seen, q.as_deref(), most));
                });
            }
            Question::EndSocket {
                server,
                number: socket,
            } if server == core.server() => {
                core.reply(number, Reply::SocketEnded(self.end_socket(socket)));
            }
            Question::EndSocket { .. } => {}
        }
    }

    fn begin_to_introduce(&mut self, who: Option<AccountId>) {
        if let Some(who) = who {
            let (context, signals) = (self.context.clone(), self.signals.clone());
            tokio::spawn(introducing::introduce(context, signals, who));
        }
    }

    /// Tells those who listen to these conversations of a new name or picture. It has no position in the log, so who is being
    /// told what they missed hears it at once.
    fn introduce(&mut self, page: Introduction) {
        self.introductions.begin_page(page.person);
        for dialect in 0..ALL.len() {
            for conversation in &page.conversations {
                let room = (dialect, *conversation);
                let live = self.registry.subscribers(&room).unwrap_or_default();
                let clients = live.iter().chain(self.backlog.subscribers(&room));
                let (to, packet) = self.introductions.tell(&self.context, dialect, clients);
                let Some(packet) = packet.filter(|_| to > 0) else {
                    continue;
                };
                let place = (Some(*conversation), "room");
                note_told(&self.context, dialect, place, &packet, to);
            }
        }
        // The task that reads the pages may have been stopped.
        page.told.send(()).ok();
    }

    /// Tells an event to all who listen. A socket that is being told what it missed hears it afterwards.
    fn tell(&mut self, event: &Event) {
        self.backlog.note(event);
        retell(&self.context, &self.registry, event);
    }

    /// Answers what whoever runs the server asks. It may no longer wait for the answer.
    fn answer(&mut self, query: Query) {
        match query {
            Query::Count(answer) => answer.send(self.count()).ok(),
            Query::Sockets(answer) => answer.send(self.sockets()).ok(),
            Query::End(number, answer) => answer.send(self.end_socket(number)).ok(),
        };
    }

    fn sockets(&self) -> Vec<SocketSeen> {
        let all = self.registry.all();
        all.map(|entry| entry.seen(&self.context)).collect()
    }

    /// `false` if there is none of this number.
    fn end_socket(&mut self, number: u64) -> bool {
        let client = self.registry.get(number).map(|entry| entry.client.clone());
        if let Some(client) = &client {
            self.disconnect(client);
        }
        client.is_some()
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

    /// Tells a socket the notifications that nobody had heard, and those that were made since it came in, the oldest first. From
    /// here on it hears new ones when they are made.
    fn tell_notices(&mut self, subscriber: SubscriberId, unheard: &[Arc<Notice>]) {
        let (number, _) = socket_and_dialect(subscriber);
        let Some(entry) = self.registry.get_mut(number) else {
            return;
        };
        let mut notices = entry.held_notices.take().unwrap_or_default();
        notices.extend_from_slice(unheard);
        notices.sort_by_key(|notice| notice.id);
        notices.dedup_by_key(|notice| notice.id);
        if !notices.is_empty() {
            tell_waiting(&self.context, &entry.client, subscriber, notices);
        }
    }

    /// If an account has a socket, its new notification counts as heard.
    fn mark_heard(&mut self, made: &Arc<Notice>) {
        let id = made.id;
        self.registry.each_of(made.account, |entry| {
            if let Some(held) = &mut entry.held_notices {
                held.push(made.clone());
            }
        });
        if !self.registry.of(made.account).is_empty() {
            drop(self.context.core.write(move |tx| notice::heard(tx, id)));
        }
    }

    /// Joins a page of conversations that was read from the database. What happened since it was read has been told here
    /// already: conversations that the account has left since are skipped, and those that it has joined since are joined.
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
        // The socket may have disconnected.
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
        entry.dialects |= 1 << dialect;
        let client = entry.client.clone();
        let before = client.position.filter(|_| entry.caught_up.insert(room));
        match (before, self.told) {
            (Some(before), Some(told)) => {
                // Even if it missed nothing here: it may have missed something in the conversation that it joins next.
                self.catch_up(&client, told);
                // A position that another server made may lie ahead of the log.
                self.backlog.follow(room, number, before.min(told), told);
            }
            (None, Some(told)) if self.backlog.has(number) => {
                self.backlog.follow(room, number, told, told);
            }
            _ => self.registry.subscribe(room, client),
        }
    }

    /// Has this socket told what it missed. What it listens to already is put aside until then, so that nothing live
    /// overtakes what it missed.
    fn catch_up(&mut self, client: &Arc<Client>, told: Position) {
        if self.backlog.has(client.number) {
            return;
        }
        let requests = self.backlog.begin(client.clone(), told);
        let (context, signals) = (self.context.clone(), self.signals.clone());
        catch_up::start(context, signals, client.clone(), requests);
        for room in self.registry.unsubscribe_from_all(client.number) {
            self.backlog.follow(room, client.number, told, told);
        }
    }

    fn caught_up(&mut self, number: u64, handled: usize, newer: &Newer) {
        let Some(CaughtUp {
            client,
            rooms,
            since,
        }) = self.backlog.end(number, handled, newer)
        else {
            return;
        };
        for (dialect, event) in &since {
            tell_one(&self.context, &client, *dialect, event);
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

    /// An account is no longer a member of a conversation, or may not hear it any more.
    fn remove_member(&mut self, account: AccountId, conversation: ConversationId) {
        self.registry.each_of(account, |entry| {
            entry.left.as_mut().map(|left| left.insert(conversation));
        });
        for client in self.registry.of(account).to_vec() {
            for dialect in 0..ALL.len() {
                self.leave(subscriber(client.number, dialect), conversation);
            }
        }
    }

    /// This socket hears nothing more of this room.
    fn unsubscribe(&mut self, room: &Room, number: u64) {
        self.registry.unsubscribe(room, number);
        self.backlog.leave(room, number);
    }

    fn remove(&mut self, number: u64) {
        let Some(entry) = self.registry.remove(number) else {
            return;
        };
        entry.client.note_gone();
        if entry.connected {
            // They were there until now.
            self.context.core.note_use(entry.client.me.device);
            self.presence.went(entry.client.me.id);
        }
        self.expiries.remove(&(entry.expires_at, number));
        self.backlog.remove(number);
        self.stop_typing(number);
    }

    /// Nobody types at this socket any more.
    fn stop_typing(&mut self, number: u64) {
        for stopped in self.typing.stop_at(number) {
            // The others tell it too, or would when typing lasts no longer.
            if !self.context.core.announce_to_peers(&stopped) {
                self.tell(&stopped);
            }
        }
    }

    /// Takes sockets that are gone out of some of their rooms.
    fn leave_some(&mut self) {
        let (number, rooms) = self.registry.leave_some();
        for room in &rooms {
            self.backlog.remove_from(room, number);
        }
    }

    /// Tells some sockets who has come or gone, and has somebody's conversations read for that.
    fn tell_presence(&mut self) {
        self.presence
            .tell_some(&self.context, &self.registry, &self.backlog);
        if let Some(who) = self.presence.next() {
            let (context, signals) = (self.context.clone(), self.signals.clone());
            tokio::spawn(async move {
                let circle = context.core.read(move |view| presence::circle(view, who));
                signals.send(Signal::Circle(who, circle.await.ok())).ok();
            });
        }
    }

    /// The token of this device's sockets expires later.
    fn prolong(&mut self, account: AccountId, device: DeviceId, expires_at: Time) {
        self.registry.each_of(account, |entry| {
            if entry.client.me.device == device {
                let number = entry.client.number;
                self.expiries.remove(&(entry.expires_at, number));
                self.expiries.insert((expires_at, number));
                entry.expires_at = expires_at;
            }
        });
    }

    /// Ends sockets of an account. They hear nothing more from now on, whether or not their transport notices.
    fn end(&mut self, account: AccountId, which: impl Fn(&Client) -> bool) {
        for client in self.registry.of(account).to_vec() {
            if which(&client) {
                self.disconnect(&client);
            }
        }
    }

    fn disconnect(&mut self, client: &Arc<Client>) {
        self.remove(client.number);
        client.disconnect();
    }

    /// Ends what is over: typing, expired tokens, sockets that never connected and sockets that take nothing.
    fn tick(&mut self) {
        for stopped in self.typing.stop_overdue() {
            self.tell(&stopped);
        }
        for account in self.presence.settle(self.context.core.directory()) {
            self.context.core.tell_peers(account);
        }
        let now = Time::now();
        while let Some((at, number)) = self.expiries.first().copied() {
            if at > now {
                break;
            }
            self.expiries.pop_first();
            if let Some(client) = self.registry.get(number).map(|entry| entry.client.clone()) {
                self.disconnect(&client);
            }
        }
        for number in self.registry.never_connected() {
            self.remove(number);
        }
        if self.stalls_checked.elapsed() >= STALL_CHECK {
            self.stalls_checked = Instant::now();
            let clients = self.registry.all().map(|entry| &entry.client);
            let stalled = clients.filter(|client| client.is_stalled()).cloned();
            for client in stalled.collect::<Vec<_>>() {
                self.remove(client.number);
                client.end_as_too_slow();
            }
        }
    }
}
