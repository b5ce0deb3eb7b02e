//! Who hears what, in which order? The one fan-out task: it owns who listens where, takes what became true in commit
//! order, and emits a whole commit's events before it yields, so that several for one socket share a write.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::mpsc;

use super::catch_up::{self, tell_one};
use super::guest::{Guest, ear, whose};
use super::{Shared, Word};
use crate::core::model::{AccountId, ConversationId, DeviceId, Ear, Event, NoticeId, Place};
use crate::core::{News, conversation, limits, notice};
use crate::dialects::telling::{Audience, Telling};
use crate::dialects::{ALL, Dialect};

/// How often what ends by itself is looked for.
const TICK: Duration = Duration::from_millis(250);
/// A socket that was admitted but never came in is forgotten after this.
const DOORWAY: Duration = Duration::from_secs(15);

/// Events that may wait behind what somebody is still being told; who is further behind is too slow.
const MOST_BEHIND: usize = 10_000;

/// All who listen, and where.
pub struct Hall {
    shared: Arc<Shared>,
    seats: HashMap<u64, Seat>,
    /// By dialect and conversation.
    rooms: HashMap<(usize, ConversationId), Vec<Arc<Guest>>>,
    people: HashMap<AccountId, Vec<Arc<Guest>>>,
    typing: HashMap<(ConversationId, AccountId), TypingNow>,
    /// Who is being told what they missed, and what has happened there meanwhile.
    catching_up: HashMap<(usize, ConversationId), Vec<CatchingUp>>,
    /// For what is done beside the hall and comes back to it.
    words: mpsc::UnboundedSender<Word>,
    /// When tokens end, soonest first.
    endings: BinaryHeap<Reverse<(i64, u64)>>,
}

struct Seat {
    guest: Arc<Guest>,
    since: Instant,
    /// CONNECT has been answered.
    inside: bool,
    joined: Vec<(usize, ConversationId)>,
    /// Where it has caught up, or needs not: only the first joining does.
    caught_up: HashSet<(usize, ConversationId)>,
    /// From this notification on it has heard all of them as they were made.
    first_notice: Option<NoticeId>,
}

struct CatchingUp {
    guest: Arc<Guest>,
    /// While this lives, the telling goes on.
    wanted: Arc<()>,
    /// Told once everything before it has been.
    since: Vec<Event>,
}

struct TypingNow {
    place: Place,
    ear: Ear,
    until: Instant,
}

impl Hall {
    pub fn new(shared: Arc<Shared>, words: mpsc::UnboundedSender<Word>) -> Self {
        Self {
            shared,
            seats: HashMap::new(),
            rooms: HashMap::new(),
            people: HashMap::new(),
            typing: HashMap::new(),
            catching_up: HashMap::new(),
            words,
            endings: BinaryHeap::new(),
        }
    }

    /// Runs until the core has closed.
    pub async fn run(mut self, mut news: News, mut words: mpsc::UnboundedReceiver<Word>) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                batch = news.recv() => {
                    let Some(batch) = batch else { break };
                    // Whoever joins in this batch has come in before.
                    while let Ok(word) = words.try_recv() {
                        self.take(word);
                    }
                    for event in &batch {
                        self.happened(event);
                    }
                    // The sockets' tasks now write what they were given, before the next commit adds to it.
                    tokio::task::yield_now().await;
                }
                Some(word) = words.recv() => self.take(word),
                _ = tick.tick() => self.tick(),
            }
        }
    }

    fn take(&mut self, word: Word) {
        match word {
            Word::Admitted(guest, expires_at) => {
                let (number, account) = (guest.number, guest.me.id);
                self.endings.push(Reverse((expires_at.0, number)));
                self.people.entry(account).or_default().push(guest.clone());
                let seat = Seat {
                    guest,
                    since: Instant::now(),
                    inside: false,
                    joined: Vec::new(),
                    caught_up: HashSet::new(),
                    first_notice: None,
                };
                self.seats.insert(number, seat);
                let core = &self.shared.core;
                drop(core.write(move |tx| notice::catch_up(tx, account, ear(number, 0))));
                for index in self.joining_by_itself(number) {
                    let ear = ear(number, index);
                    drop(core.write(move |tx| conversation::listen_to_all(tx, account, ear)));
                }
            }
            Word::Inside(number) => {
                if let Some(seat) = self.seats.get_mut(&number) {
                    seat.inside = true;
                    seat.guest.enter();
                }
            }
            Word::CaughtUp(number, key, upto) => self.caught_up(number, key, upto),
            Word::Gone(number) => self.gone(number),
        }
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::Listening { ear, conversation } => return self.join(*ear, *conversation),
            Event::NotListening { ear, conversation } => return self.leave(*ear, *conversation),
            Event::NoticesWaiting { ear, notices } => {
                let (number, _) = whose(*ear);
                let Some(seat) = self.seats.get(&number) else {
                    return;
                };
                // What was made since it came in, it has heard already.
                let missed = notices
                    .iter()
                    .filter(|notice| seat.first_notice.is_none_or(|first| notice.id < first))
                    .cloned()
                    .collect();
                let guest = seat.guest.clone();
                let event = Event::NoticesWaiting {
                    ear: *ear,
                    notices: missed,
                };
                return self.retell(&event, Some(&guest));
            }
            Event::NoticeMade(made) => {
                let guests = self
                    .people
                    .get(&made.account)
                    .map_or(&[][..], Vec::as_slice);
                for guest in guests {
                    if let Some(seat) = self.seats.get_mut(&guest.number) {
                        seat.first_notice.get_or_insert(made.id);
                    }
                }
                if !guests.is_empty() {
                    let id = made.id;
                    drop(self.shared.core.write(move |tx| notice::heard(tx, id)));
                }
            }
            Event::Typing {
                place,
                who,
                ear,
                on,
            } => {
                let key = (place.id, *who);
                if *on {
                    let until = Instant::now() + limits::TYPING_LASTS;
                    self.typing.insert(
                        key,
                        TypingNow {
                            place: *place,
                            ear: *ear,
                            until,
                        },
                    );
                } else {
                    self.typing.remove(&key);
                }
            }
            Event::DeviceEnded { device, account } => return self.end_device(*account, *device),
            Event::AccountChanged(account) => return self.end_whoever_may_not_stay(*account),
            Event::MemberJoined {
                conversation,
                account,
            } => {
                let guests = self.people.get(account).cloned().unwrap_or_default();
                for guest in guests {
                    for index in self.joining_by_itself(guest.number) {
                        self.join(ear(guest.number, index), *conversation);
                    }
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
        self.wait_behind(event);
        self.retell(event, None);
    }

    /// Has each dialect tell the event to those who listen in it; `only` to this socket where one is given.
    fn retell(&self, event: &Event, only: Option<&Arc<Guest>>) {
        let conversation = event.conversation();
        for (index, dialect) in ALL.iter().enumerate() {
            let room = conversation.and_then(|id| self.rooms.get(&(index, id)));
            let namespace = dialect.namespace();
            // A document's clients connect to its namespace, and know its words.
            let here = |who: AccountId| {
                let guests = self.people.get(&who).into_iter().flatten();
                guests.into_iter().any(|guest| guest.namespace == namespace)
            };
            let core = &self.shared.core;
            let mut telling =
                Telling::new(core.spelling(), core.directory(), room.is_some(), &here);
            dialect.retell(event, &mut telling);
            for told in telling.into_told() {
                let body = match to_raw_value(&told.body) {
                    Ok(body) => body,
                    Err(error) => {
                        tracing::error!(%error, event = told.event, "a shape could not be encoded");
                        continue;
                    }
                };
                let room = room.map_or(&[][..], Vec::as_slice);
                match (told.to, only) {
                    (_, Some(guest)) if guest.namespace != namespace => {}
                    (_, Some(guest)) => say([guest], None, told.event, &body),
                    (Audience::Room, None) => say(room, None, told.event, &body),
                    (Audience::Others(than), None) => say(room, Some(than), told.event, &body),
                    (Audience::Person(who), None) => {
                        let person = self.people.get(&who).into_iter().flatten();
                        let there = person.filter(|guest| guest.namespace == namespace);
                        say(there, None, told.event, &body);
                    }
                }
            }
        }
    }

    /// The dialects of this socket's namespace whose clients join everything that is theirs without asking.
    fn joining_by_itself(&self, number: u64) -> Vec<usize> {
        let Some(seat) = self.seats.get(&number) else {
            return Vec::new();
        };
        let namespace = seat.guest.namespace;
        let joins = |(_, dialect): &(usize, &&dyn Dialect)| {
            dialect.namespace() == namespace && dialect.joins_by_itself()
        };
        ALL.iter()
            .enumerate()
            .filter(joins)
            .map(|(index, _)| index)
            .collect()
    }

    fn join(&mut self, ear: Ear, conversation: ConversationId) {
        let (number, dialect) = whose(ear);
        let Some(seat) = self.seats.get_mut(&number) else {
            return;
        };
        let key = (dialect, conversation);
        if seat.joined.contains(&key) || seat.guest.has_ended() {
            return;
        }
        seat.joined.push(key);
        let guest = seat.guest.clone();
        match guest.position.filter(|_| seat.caught_up.insert(key)) {
            None => self.rooms.entry(key).or_default().push(guest),
            Some(position) => {
                let wanted = Arc::new(());
                let (shared, words) = (self.shared.clone(), self.words.clone());
                catch_up::start(
                    shared,
                    words,
                    guest.clone(),
                    key,
                    position,
                    Arc::downgrade(&wanted),
                );
                let behind = CatchingUp {
                    guest,
                    wanted,
                    since: Vec::new(),
                };
                self.catching_up.entry(key).or_default().push(behind);
            }
        }
    }

    /// What happens where somebody is still being told what they missed waits until that is done.
    fn wait_behind(&mut self, event: &Event) {
        if self.catching_up.is_empty() {
            return;
        }
        let Some(conversation) = event.conversation() else {
            return;
        };
        for index in 0..ALL.len() {
            for behind in self
                .catching_up
                .get_mut(&(index, conversation))
                .into_iter()
                .flatten()
            {
                behind.since.push(event.clone());
                if behind.since.len() > MOST_BEHIND {
                    behind.guest.cut();
                }
            }
        }
    }

    fn caught_up(&mut self, number: u64, key: (usize, ConversationId), upto: i64) {
        let Some(behind) = self.stop_catching_up(&key, number) else {
            return;
        };
        drop(behind.wanted);
        for event in &behind.since {
            match event {
                Event::MessagePosted(message) if message.seq <= upto => {}
                event => tell_one(&self.shared, &behind.guest, key.0, event),
            }
        }
        self.rooms.entry(key).or_default().push(behind.guest);
    }

    fn stop_catching_up(
        &mut self,
        key: &(usize, ConversationId),
        number: u64,
    ) -> Option<CatchingUp> {
        let list = self.catching_up.get_mut(key)?;
        let at = list
            .iter()
            .position(|behind| behind.guest.number == number)?;
        let behind = list.swap_remove(at);
        if list.is_empty() {
            self.catching_up.remove(key);
        }
        Some(behind)
    }

    fn leave(&mut self, ear: Ear, conversation: ConversationId) {
        let (number, dialect) = whose(ear);
        let key = (dialect, conversation);
        if let Some(seat) = self.seats.get_mut(&number) {
            seat.joined.retain(|joined| *joined != key);
            self.deafen(&key, number);
        }
    }

    /// This socket hears nothing more of this.
    fn deafen(&mut self, key: &(usize, ConversationId), number: u64) {
        take_out(&mut self.rooms, key, number);
        self.stop_catching_up(key, number);
    }

    fn remove(&mut self, account: AccountId, conversation: ConversationId) {
        let guests = self.people.get(&account).cloned().unwrap_or_default();
        for guest in guests {
            let Some(seat) = self.seats.get_mut(&guest.number) else {
                continue;
            };
            let left = seat
                .joined
                .extract_if(.., |(_, joined)| *joined == conversation);
            for key in left.collect::<Vec<_>>() {
                self.deafen(&key, guest.number);
            }
        }
    }

    fn gone(&mut self, number: u64) {
        let Some(seat) = self.seats.remove(&number) else {
            return;
        };
        for key in &seat.joined {
            self.deafen(key, number);
        }
        take_out(&mut self.people, &seat.guest.me.id, number);
        self.shared.lines.forget(&seat.guest.socket);
        self.stop_typing(|typing| whose(typing.ear).0 == number);
    }

    fn end_device(&mut self, account: AccountId, device: DeviceId) {
        let ended: Vec<_> = self.seats_of(account, |guest| guest.me.device == device);
        self.end(ended);
    }

    fn end_whoever_may_not_stay(&mut self, account: AccountId) {
        let shared = self.shared.clone();
        let ended = self.seats_of(account, |guest| {
            shared.core.directory().still(&guest.me).is_err()
        });
        self.end(ended);
    }

    /// Sockets in the doorway too, which are nobody's people yet.
    fn seats_of(&self, account: AccountId, which: impl Fn(&Guest) -> bool) -> Vec<Arc<Guest>> {
        let guests = self.seats.values().map(|seat| &seat.guest);
        guests
            .filter(|guest| guest.me.id == account && which(guest))
            .cloned()
            .collect()
    }

    /// Who is ended hears nothing more from this moment, whether or not their transport notices.
    fn end(&mut self, guests: Vec<Arc<Guest>>) {
        for guest in guests {
            self.gone(guest.number);
            guest.send_away();
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        self.stop_typing(|typing| typing.until <= now);

        let clock = crate::core::model::Time::now();
        let mut expired = Vec::new();
        while let Some(Reverse((at, number))) = self.endings.peek().copied() {
            if at > clock.0 {
                break;
            }
            self.endings.pop();
            expired.extend(self.seats.get(&number).map(|seat| seat.guest.clone()));
        }
        self.end(expired);

        let lost: Vec<_> = self
            .seats
            .values()
            .filter(|seat| !seat.inside && seat.since.elapsed() > DOORWAY)
            .map(|seat| seat.guest.number)
            .collect();
        for number in lost {
            self.gone(number);
        }
    }

    fn stop_typing(&mut self, which: impl Fn(&TypingNow) -> bool) {
        let stopped: Vec<_> = self.typing.extract_if(|_, typing| which(typing)).collect();
        for ((_, who), TypingNow { place, ear, .. }) in stopped {
            self.retell(
                &Event::Typing {
                    place,
                    who,
                    ear,
                    on: false,
                },
                None,
            );
        }
    }
}

fn say<'g>(
    guests: impl IntoIterator<Item = &'g Arc<Guest>>,
    except: Option<AccountId>,
    event: &'static str,
    body: &RawValue,
) {
    for guest in guests {
        if except != Some(guest.me.id) && !guest.has_ended() {
            guest.tell(event, body);
        }
    }
}

/// Takes one socket out of a list of them, and an empty list out of its map.
fn take_out<K: std::hash::Hash + Eq>(
    lists: &mut HashMap<K, Vec<Arc<Guest>>>,
    key: &K,
    number: u64,
) {
    if let Some(list) = lists.get_mut(key) {
        list.retain(|guest| guest.number != number);
        if list.is_empty() {
            lists.remove(key);
        }
    }
}
