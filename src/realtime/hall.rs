//! Who hears what, in which order? The one fan-out task: it owns who listens where, takes what became true in commit
//! order, and emits a whole commit's events before it yields, so that several for one socket share a write.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::behind::{Behind, CaughtUp};
use super::guest::{Guest, ear, whose};
use super::joining::Piece;
use super::seats::{Room, Seats};
use super::typing::TypingNow;
use super::{Shared, Word, catch_up, crier};
use crate::core::model::{AccountId, ConversationId, DeviceId, Ear, Event, Notice, Position, Time};
use crate::core::{News, notice};
use crate::dialects::{ALL, Dialect, Namespace};
use crate::web::watch::{Question, Questions, SocketCount};

/// How often what ends by itself is looked for.
const TICK: Duration = Duration::from_millis(250);

/// How often somebody looks who takes nothing any more.
const LOOK: Duration = Duration::from_secs(10);

/// All who listen, and what they are told.
pub struct Hall {
    shared: Arc<Shared>,
    seats: Seats,
    typing: TypingNow,
    /// Who is being told what they missed, and what has happened there meanwhile.
    behind: Behind,
    /// How far in the log it has come.
    come_to: Option<Position>,
    /// For what is done beside the hall and comes back to it.
    words: mpsc::UnboundedSender<Word>,
    /// When somebody last looked who takes nothing any more.
    looked: Instant,
    /// When the tokens of those who are here end, soonest first.
    endings: BTreeSet<(Time, u64)>,
}

impl Hall {
    pub fn new(shared: Arc<Shared>, words: mpsc::UnboundedSender<Word>) -> Self {
        Self {
            come_to: shared.core.last_before(),
            shared,
            seats: Seats::default(),
            typing: TypingNow::default(),
            behind: Behind::default(),
            words,
            looked: Instant::now(),
            endings: BTreeSet::new(),
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
                self.endings.insert((expires_at, guest.number));
                let joins = !joining_by_itself(&guest).is_empty();
                self.seats.admit(guest, expires_at, joins);
            }
            Word::Inside(number) => {
                if let Some(seat) = self.seats.get_mut(number) {
                    seat.inside = true;
                    seat.guest.enter();
                }
            }
            Word::Joins(piece) => self.join_piece(piece),
            Word::CaughtUp(number, obeyed) => self.caught_up(number, obeyed),
            Word::Gone(number) => self.gone(number),
        }
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::Listening { ear, conversation } => return self.join(*ear, *conversation),
            Event::NotListening { ear, conversation } => return self.leave(*ear, *conversation),
            Event::NoticesWaiting { ear, notices } => {
                return crier::tell_waiting(&self.shared, &self.seats, *ear, notices);
            }
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
            Event::DeviceProlonged {
                device,
                account,
                expires_at,
            } => return self.prolong(*account, *device, *expires_at),
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
                // To whom it happened and to nobody else: no room has to put it aside.
                return crier::retell(&self.shared, &self.seats, event);
            }
            Event::MemberLeft {
                conversation,
                account,
            } => self.remove(*account, *conversation),
            Event::MessagePosted(_)
            | Event::MessageDeleted(_)
            | Event::FileShared { .. }
            | Event::MessagesRead { .. }
            | Event::DeviceMade { .. } => {}
        }
        self.tell(event);
        if let Some(position) = event.position() {
            self.come_to = Some(position);
        }
    }

    /// Tells all who listen; those who are still told what they missed, afterwards.
    fn tell(&mut self, event: &Event) {
        self.behind.note(event);
        crier::retell(&self.shared, &self.seats, event);
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

    /// What a reader found that this socket is to hear. It may be older than what has happened here since: what its
    /// person has left is left, and what was joined again has been joined by the news of it.
    fn join_piece(&mut self, piece: Piece) {
        if let Some(seat) = self.seats.get_mut(piece.number) {
            let left = match piece.is_last {
                true => seat.left.take(),
                false => seat.left.clone(),
            };
            let left = left.unwrap_or_default();
            let ears = joining_by_itself(&seat.guest);
            for conversation in piece.conversations {
                if !left.contains(&conversation) {
                    ears.iter().for_each(|ear| self.join(*ear, conversation));
                }
            }
        }
        // Whoever joins may have gone.
        piece.taken.send(()).ok();
    }

    fn join(&mut self, ear: Ear, conversation: ConversationId) {
        let (number, dialect) = whose(ear);
        let Some(seat) = self.seats.get_mut(number) else {
            return;
        };
        let room = (dialect, conversation);
        if seat.guest.has_ended() || !seat.joined.insert(room) {
            return;
        }
        let guest = seat.guest.clone();
        let before = guest.position.filter(|_| seat.caught_up.insert(room));
        match (before, self.come_to) {
            (Some(before), Some(come_to)) => {
                // Also where nothing was missed: what is missed in the conversation that it joins next would be late.
                self.fall_behind(&guest, come_to);
                // A position from elsewhere may lie ahead of all that is known here.
                self.behind
                    .follow(room, number, before.min(come_to), come_to);
            }
            (None, Some(come_to)) if self.behind.has(number) => {
                self.behind.follow(room, number, come_to, come_to);
            }
            _ => self.seats.listen(room, guest),
        }
    }

    /// This socket is told what it missed first. Nothing live overtakes that: it hears what it listens to afterwards.
    fn fall_behind(&mut self, guest: &Arc<Guest>, come_to: Position) {
        if self.behind.has(guest.number) {
            return;
        }
        let orders = self.behind.begin(guest.clone(), come_to);
        let (shared, words) = (self.shared.clone(), self.words.clone());
        catch_up::start(shared, words, guest.clone(), orders);
        for room in self.seats.deafen_to_all(guest.number) {
            self.behind.follow(room, guest.number, come_to, come_to);
        }
    }

    fn caught_up(&mut self, number: u64, obeyed: usize) {
        let Some(CaughtUp {
            guest,
            rooms,
            since,
        }) = self.behind.end(number, obeyed)
        else {
            return;
        };
        for (dialect, event) in &since {
            crier::tell_one(&self.shared, &guest, *dialect, event);
        }
        for room in rooms {
            self.seats.listen(room, guest.clone());
        }
    }

    fn leave(&mut self, ear: Ear, conversation: ConversationId) {
        let (number, dialect) = whose(ear);
        if let Some(seat) = self.seats.get_mut(number) {
            seat.joined.remove(&(dialect, conversation));
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
            let seat = self.seats.get_mut(number);
            if let Some(left) = seat.and_then(|seat| seat.left.as_mut()) {
                left.insert(conversation);
            }
            for dialect in 0..ALL.len() {
                self.leave(ear(number, dialect), conversation);
            }
        }
    }

    /// This socket hears nothing more of this.
    fn deafen(&mut self, room: &Room, number: u64) {
        self.seats.deafen(room, number);
        self.behind.leave(room, number);
    }

    fn gone(&mut self, number: u64) {
        let Some(seat) = self.seats.remove(number) else {
            return;
        };
        self.endings.remove(&(seat.expires_at, number));
        self.behind.gone(number);
        for stopped in self.typing.stop_at(number) {
            self.tell(&stopped);
        }
    }

    /// This device's sockets end later.
    fn prolong(&mut self, account: AccountId, device: DeviceId, expires_at: Time) {
        let of_it = |guest: &&Arc<Guest>| guest.me.device == device;
        let guests = self.seats.of(account).iter().filter(of_it);
        for number in guests.map(|guest| guest.number).collect::<Vec<_>>() {
            if let Some(seat) = self.seats.get_mut(number) {
                self.endings.remove(&(seat.expires_at, number));
                self.endings.insert((expires_at, number));
                seat.expires_at = expires_at;
            }
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
            self.tell(&stopped);
        }
        let now = Time::now();
        while let Some((at, number)) = self.endings.first().copied() {
            if at > now {
                break;
            }
            self.endings.pop_first();
            if let Some(guest) = self.seats.get(number).map(|seat| seat.guest.clone()) {
                self.send_away(&guest);
            }
        }
        for number in self.seats.lost() {
            self.gone(number);
        }
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            let stalled = self.seats.all().filter(|seat| seat.guest.is_stalled());
            for guest in stalled.map(|seat| seat.guest.clone()).collect::<Vec<_>>() {
                self.gone(guest.number);
                guest.is_too_slow();
            }
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
