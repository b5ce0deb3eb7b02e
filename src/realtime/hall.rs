//! Who hears what, in which order? The one fan-out task: it owns who listens where, takes what became true in commit
//! order, and emits a whole commit's events before it yields, so that several for one socket share a write.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::catch_up::{self, Behind, tell_one};
use super::guest::{Guest, ear, whose};
use super::outbox::Told;
use super::seats::{Room, Seats};
use super::typing::TypingNow;
use super::{Shared, Word};
use crate::core::model::{AccountId, ConversationId, Ear, Event, Notice, Time};
use crate::core::{News, notice};
use crate::dialects::telling::{Audience, Telling};
use crate::dialects::{ALL, Dialect, Namespace};
use crate::web::watch::{Passing, Question, Questions, SocketCount};

/// How often what ends by itself is looked for.
const TICK: Duration = Duration::from_millis(250);

/// All who listen, and what they are told.
pub struct Hall {
    shared: Arc<Shared>,
    seats: Seats,
    typing: TypingNow,
    /// Who is being told what they missed, and what has happened there meanwhile.
    behind: Behind,
    /// For what is done beside the hall and comes back to it.
    words: mpsc::UnboundedSender<Word>,
    /// When tokens end, soonest first.
    endings: BinaryHeap<Reverse<(Time, u64)>>,
}

impl Hall {
    pub fn new(shared: Arc<Shared>, words: mpsc::UnboundedSender<Word>) -> Self {
        Self {
            shared,
            seats: Seats::default(),
            typing: TypingNow::default(),
            behind: Behind::default(),
            words,
            endings: BinaryHeap::new(),
        }
    }

    /// Runs until the core has closed.
    pub async fn run(
        mut self,
        mut news: News,
        mut words: mpsc::UnboundedReceiver<Word>,
        mut questions: Questions,
    ) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                commit = news.recv() => {
                    let Some(commit) = commit else { break };
                    // Whoever joins in this batch has come in before.
                    while let Ok(word) = words.try_recv() {
                        self.take(word);
                    }
                    for event in commit.events() {
                        self.happened(event);
                    }
                    // Those who made it happen are answered.
                    drop(commit);
                    // The sockets' tasks now write what they were given, before the next commit adds to it.
                    tokio::task::yield_now().await;
                }
                Some(word) = words.recv() => self.take(word),
                Some(question) = questions.recv() => self.answer(question),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    fn take(&mut self, word: Word) {
        match word {
            Word::Admitted(guest, expires_at) => {
                self.endings.push(Reverse((expires_at, guest.number)));
                self.seats.admit(guest);
            }
            Word::Inside(number) => {
                if let Some(seat) = self.seats.get_mut(number) {
                    seat.inside = true;
                    seat.guest.enter();
                }
            }
            Word::CaughtUp(number, room, upto) => self.caught_up(number, room, upto),
            Word::Gone(number) => self.gone(number),
        }
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::Listening { ear, conversation } => return self.join(*ear, *conversation),
            Event::NotListening { ear, conversation } => return self.leave(*ear, *conversation),
            Event::NoticesWaiting { ear, notices } => return self.tell_waiting(*ear, notices),
            Event::NoticeMade(made) => self.note_heard(made),
            Event::Typing {
                place,
                who,
                ear,
                on,
            } => self.typing.note(*place, *who, *ear, *on),
            Event::DeviceEnded { device, account } => {
                return self.end(*account, |guest| guest.me.device == *device);
            }
            Event::AccountChanged(account) => {
                let shared = self.shared.clone();
                let may_not_stay =
                    |guest: &Guest| shared.core.directory().still(&guest.me).is_err();
                return self.end(*account, may_not_stay);
            }
            Event::MemberJoined {
                conversation,
                account,
            } => {
                for ear in self
                    .seats
                    .of(*account)
                    .iter()
                    .flat_map(|guest| joining_by_itself(guest))
                    .collect::<Vec<_>>()
                {
                    self.join(ear, *conversation);
                }
                return;
            }
            Event::MemberLeft {
                conversation,
                account,
            } => self.remove(*account, *conversation),
            Event::MessagePosted(_)
            | Event::FileShared { .. }
            | Event::MessagesRead { .. }
            | Event::DeviceMade { .. } => {}
        }
        self.behind.note(event);
        self.retell(event);
        if let Event::MessagePosted(message) = event {
            for dialect in 0..ALL.len() {
                self.behind
                    .come_to(&(dialect, message.place.id), message.seq);
            }
        }
    }

    /// Has each dialect tell the event to those who listen in it.
    fn retell(&self, event: &Event) {
        let conversation = event.conversation();
        for (index, dialect) in ALL.iter().enumerate() {
            let room = conversation.and_then(|id| self.seats.listeners(&(index, id)));
            let is_new_to = |guest: &&Arc<Guest>| match event {
                Event::MessagePosted(message) => {
                    let room = (index, message.place.id);
                    !self.behind.has_heard(&room, guest.number, message.seq)
                }
                _ => true,
            };
            // A document's clients connect to its namespace, and know its words.
            let namespace = dialect.namespace();
            let there = |who| {
                self.seats
                    .of(who)
                    .iter()
                    .filter(move |guest| guest.namespace == namespace)
            };
            let is_there = |who| there(who).next().is_some();
            let core = &self.shared.core;
            let mut telling =
                Telling::new(core.spelling(), core.directory(), room.is_some(), &is_there);
            dialect.retell(event, &mut telling);
            for told in telling.into_told() {
                let room = room.unwrap_or_default().iter().filter(is_new_to);
                let word = Arc::new(Told {
                    event: told.event,
                    body: told.body,
                });
                let (audience, to) = match told.to {
                    Audience::Room => ("room", say(room, None, &word)),
                    Audience::Others(than) => ("others", say(room, Some(than), &word)),
                    Audience::Person(who) => ("person", say(there(who), None, &word)),
                };
                let watch = &self.shared.watch;
                watch.delivers(to);
                if watch.is_watched() {
                    watch.passes(Passing {
                        at: Time::now(),
                        dialect: dialect.name(),
                        event: told.event,
                        conversation,
                        audience,
                        to,
                        body: word.body.clone(),
                    });
                }
            }
        }
    }

    /// Tells one socket the notifications that nobody had heard; what was made since it came in, it has heard already.
    fn tell_waiting(&self, ear: Ear, notices: &[Arc<Notice>]) {
        let Some(seat) = self.seats.get(whose(ear).0) else {
            return;
        };
        let missed = notices
            .iter()
            .filter(|notice| seat.first_notice.is_none_or(|first| notice.id < first))
            .cloned();
        let event = Event::NoticesWaiting {
            ear,
            notices: missed.collect(),
        };
        let here = |dialect: &(usize, &&dyn Dialect)| dialect.1.namespace() == seat.guest.namespace;
        for (index, _) in ALL.iter().enumerate().filter(here) {
            tell_one(&self.shared, &seat.guest, index, &event);
        }
    }

    /// What whoever runs it asks.
    fn answer(&mut self, question: Question) {
        // Whoever asked may have gone.
        match question {
            Question::Count(answer) => answer.send(self.count()).ok(),
            Question::Sockets(answer) => {
                let seen = self.seats.all().map(|seat| seat.guest.seen(&seat.joined));
                answer.send(seen.collect()).ok()
            }
            Question::End(number, answer) => {
                let guest = self.seats.get(number).map(|seat| seat.guest.clone());
                if let Some(guest) = &guest {
                    self.send_away(guest);
                }
                answer.send(guest.is_some()).ok()
            }
        };
    }

    fn count(&self) -> SocketCount {
        let mut count = SocketCount::default();
        for seat in self.seats.all() {
            match seat.guest.is_websocket() {
                true => count.websocket += 1,
                false => count.polling += 1,
            }
            match seat.guest.namespace {
                Namespace::Main => count.main += 1,
                Namespace::Chat => count.chat += 1,
            }
        }
        count
    }

    fn note_heard(&mut self, made: &Notice) {
        let numbers: Vec<_> = self
            .seats
            .of(made.account)
            .iter()
            .map(|guest| guest.number)
            .collect();
        for number in &numbers {
            if let Some(seat) = self.seats.get_mut(*number) {
                seat.first_notice.get_or_insert(made.id);
            }
        }
        if !numbers.is_empty() {
            let id = made.id;
            drop(self.shared.core.write(move |tx| notice::heard(tx, id)));
        }
    }

    fn join(&mut self, ear: Ear, conversation: ConversationId) {
        let (number, dialect) = whose(ear);
        let Some(seat) = self.seats.get_mut(number) else {
            return;
        };
        let room = (dialect, conversation);
        if seat.joined.contains(&room) || seat.guest.has_ended() {
            return;
        }
        seat.joined.push(room);
        let guest = seat.guest.clone();
        match guest.position.filter(|_| seat.caught_up.insert(room)) {
            None => self.seats.listen(room, guest),
            Some(position) => {
                let wanted = self.behind.begin(room, guest.clone());
                let (shared, words) = (self.shared.clone(), self.words.clone());
                catch_up::start(shared, words, guest, room, position, wanted);
            }
        }
    }

    fn caught_up(&mut self, number: u64, room: Room, upto: i64) {
        let Some((guest, since)) = self.behind.end(&room, number) else {
            return;
        };
        for event in &since {
            match event {
                Event::MessagePosted(message) if message.seq <= upto => {}
                event => tell_one(&self.shared, &guest, room.0, event),
            }
        }
        let has_come =
            |event: &Event| matches!(event, Event::MessagePosted(last) if last.seq >= upto);
        if !since.iter().any(has_come) {
            self.behind.note_ahead(room, number, upto);
        }
        self.seats.listen(room, guest);
    }

    fn leave(&mut self, ear: Ear, conversation: ConversationId) {
        let (number, dialect) = whose(ear);
        if let Some(seat) = self.seats.get_mut(number) {
            seat.joined
                .retain(|joined| *joined != (dialect, conversation));
            self.deafen(&(dialect, conversation), number);
        }
    }

    /// Somebody belongs to a conversation no more.
    fn remove(&mut self, account: AccountId, conversation: ConversationId) {
        let numbers: Vec<_> = self
            .seats
            .of(account)
            .iter()
            .map(|guest| guest.number)
            .collect();
        for number in numbers {
            for dialect in 0..ALL.len() {
                self.leave(ear(number, dialect), conversation);
            }
        }
    }

    /// This socket hears nothing more of this.
    fn deafen(&mut self, room: &Room, number: u64) {
        self.seats.deafen(room, number);
        self.behind.end(room, number);
    }

    fn gone(&mut self, number: u64) {
        let Some(seat) = self.seats.remove(number) else {
            return;
        };
        for room in &seat.joined {
            self.behind.end(room, number);
        }
        for stopped in self.typing.stop_at(number) {
            self.retell(&stopped);
        }
    }

    /// Ends sockets of a person. They hear nothing more from this moment, whether or not their transport notices.
    fn end(&mut self, account: AccountId, which: impl Fn(&Guest) -> bool) {
        let ended = self
            .seats
            .of(account)
            .iter()
            .filter(|guest| which(guest))
            .cloned();
        for guest in ended.collect::<Vec<_>>() {
            self.send_away(&guest);
        }
    }

    fn send_away(&mut self, guest: &Arc<Guest>) {
        self.gone(guest.number);
        guest.send_away();
    }

    /// Looks for what ends by itself: typing, tokens, and whoever stays in the doorway.
    fn tick(&mut self) {
        for stopped in self.typing.stop_overdue() {
            self.retell(&stopped);
        }
        let now = Time::now();
        while let Some(Reverse((at, number))) = self.endings.peek().copied() {
            if at > now {
                break;
            }
            self.endings.pop();
            if let Some(guest) = self.seats.get(number).map(|seat| seat.guest.clone()) {
                self.send_away(&guest);
            }
        }
        for number in self.seats.lost() {
            self.gone(number);
        }
    }
}

/// This socket's ears in the dialects of its namespace whose clients join everything that is theirs without asking.
pub fn joining_by_itself(guest: &Guest) -> Vec<Ear> {
    let joins = |dialect: &&(usize, &&dyn Dialect)| {
        dialect.1.namespace() == guest.namespace && dialect.1.joins_by_itself()
    };
    let all: Vec<_> = ALL.iter().enumerate().collect();
    all.iter()
        .filter(joins)
        .map(|(index, _)| ear(guest.number, *index))
        .collect()
}

fn say<'g>(
    guests: impl IntoIterator<Item = &'g Arc<Guest>>,
    except: Option<AccountId>,
    told: &Arc<Told>,
) -> usize {
    let mut to = 0;
    for guest in guests {
        if except != Some(guest.me.id) && !guest.has_ended() {
            guest.tell(told);
            to += 1;
        }
    }
    to
}
