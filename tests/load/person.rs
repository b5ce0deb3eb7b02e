//! What does one person say and hear, and was it the right thing?

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::mark::{self, Agenda, Mark};
use crate::shape::{Dialect, Shape};
use crate::websocket::Socket;

/// Somebody with a socket.
pub struct Person {
    pub socket: Socket,
    /// The number of the server, and how many there are.
    pub server: (usize, usize),
    /// What this person says, unless only listening.
    pub agenda: Option<Agenda>,
    /// By room, in order.
    seats: Vec<Seat>,
    /// Numbers under way, and since when.
    pub waiting: VecDeque<(u32, Instant)>,
    guess: usize,
}

/// What one person heard in one room.
pub struct Seat {
    pub room: usize,
    pub heard: u64,
    /// Grows out of every message in turn: equal in all seats of a room if they heard the same in the same order.
    pub order: u64,
    /// By sender: the next number to hear.
    next: Vec<u32>,
    /// From one number of a sender's to the next.
    step: u32,
}

/// What came back, from everybody together.
#[derive(Default)]
pub struct Tally {
    pub acknowledged: u64,
    pub delivered: u64,
    pub latencies: Vec<Duration>,
    /// How long after it was sent a message was heard at another server than its sender's.
    pub crossings: Vec<Duration>,
    /// The first thing that went wrong, and how often anything did.
    pub wrong: Option<String>,
    pub wrongs: u64,
}

impl Person {
    pub fn new(socket: Socket, server: (usize, usize)) -> Self {
        Self {
            socket,
            server,
            agenda: None,
            seats: Vec::new(),
            waiting: VecDeque::new(),
            guess: 0,
        }
    }

    /// Takes a seat in a room, where these may speak.
    pub fn sit(&mut self, room: usize, agendas: &[Agenda]) {
        let senders = agendas.iter().map(|one| one.sender + 1).max();
        let mut next = vec![0; senders.unwrap_or(0)];
        for agenda in agendas {
            next[agenda.sender] = agenda.first_in(room).unwrap_or(0);
        }
        let at = self.seats.partition_point(|seat| seat.room < room);
        self.seats.insert(
            at,
            Seat {
                room,
                heard: 0,
                order: 0,
                next,
                step: agendas.first().map_or(1, Agenda::step),
            },
        );
    }

    pub fn seat_in(&self, room: usize) -> Option<&Seat> {
        let at = self.seats.binary_search_by_key(&room, |seat| seat.room);
        at.ok().map(|at| &self.seats[at])
    }

    /// Fills up what may be under way.
    pub fn send(&mut self, shape: &Shape, rooms: &[String], now: Instant) {
        if self.agenda.is_some() {
            while self.waiting.len() < shape.in_flight as usize {
                self.send_one(shape, rooms, now);
            }
        }
    }

    /// Sends one more, whatever is under way.
    pub fn send_one(&mut self, shape: &Shape, rooms: &[String], now: Instant) {
        let Some(agenda) = &mut self.agenda else {
            return;
        };
        let mark = agenda.next();
        let packet = mark.packet(shape.dialect, &rooms[mark.room], shape.text as usize);
        self.socket.say(&packet);
        self.waiting.push_back((mark.number, now));
    }

    /// Hears what has come, and holds it against what should.
    pub fn listen(
        &mut self,
        scratch: &mut [u8],
        dialect: Dialect,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let Self {
            socket,
            server: (server, servers),
            seats,
            waiting,
            guess,
            ..
        } = self;
        let now = if *servers > 1 { mark::now() } else { 0 };
        let (said, presence): (&[u8], &[u8]) = match dialect {
            Dialect::Rooms => (b"42[\"message\",", b"42[\"userPresence\","),
            Dialect::Direct => (b"42[\"new_message\",", b"42[\"user_presence\","),
        };
        socket.look(scratch, |packet| {
            if packet.starts_with(said) {
                tally.delivered += 1;
                let mark = Mark::find(packet, guess);
                let heard = mark.and_then(|mark| {
                    if *servers > 1 && mark.sender % *servers != *server {
                        let crossing = Duration::from_micros(now.saturating_sub(mark.sent));
                        tally.crossings.push(crossing);
                    }
                    let at = seats.binary_search_by_key(&mark.room, |seat| seat.room);
                    Some(seats[at.ok()?].hear(mark))
                });
                if heard != Some(true) {
                    tally.blame("not the next of its sender", packet);
                }
            } else if let Some(answer) = packet.strip_prefix(b"43") {
                match acknowledged(answer).and_then(|number| take(waiting, number)) {
                    Some(since) => {
                        tally.acknowledged += 1;
                        tally.latencies.push(since.elapsed());
                    }
                    None => tally.blame("no acknowledgement", packet),
                }
            } else if !packet.starts_with(presence) {
                // Who shares a closed group hears who comes and goes.
                tally.blame("not expected", packet);
            }
        })
    }
}

/// Takes out what waited under this number; it is nearly always the first.
fn take(waiting: &mut VecDeque<(u32, Instant)>, number: u32) -> Option<Instant> {
    let at = waiting.iter().position(|(waits, _)| *waits == number)?;
    waiting.remove(at).map(|(_, since)| since)
}

/// The number that `<number>[{…"ok":true…}]` acknowledges. `ok` stands first or last;
/// only where someone writes it into the middle is that searched.
fn acknowledged(answer: &[u8]) -> Option<u32> {
    let ok = b"\"ok\":true";
    let digits = answer.iter().position(|byte| *byte == b'[')?;
    let (number, answer) = answer.split_at(digits);
    let fine = answer.starts_with(b"[{\"ok\":true")
        || answer.ends_with(b"\"ok\":true}]")
        || answer.windows(ok.len()).any(|part| part == ok);
    if fine {
        str::from_utf8(number).ok()?.parse().ok()
    } else {
        None
    }
}

impl Seat {
    /// False where something is missing, came twice or overtook.
    fn hear(&mut self, mark: Mark) -> bool {
        self.heard += 1;
        let one = ((mark.sender as u64) << 32) | u64::from(mark.number);
        self.order = (self.order.rotate_left(5) ^ one).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let Some(next) = self.next.get_mut(mark.sender) else {
            return false;
        };
        let right = *next == mark.number;
        *next = mark.number + self.step;
        right
    }
}

impl Tally {
    pub fn blame(&mut self, why: &str, packet: &[u8]) {
        self.wrongs += 1;
        self.wrong
            .get_or_insert_with(|| format!("{why}: {}", String::from_utf8_lossy(packet)));
    }
}
