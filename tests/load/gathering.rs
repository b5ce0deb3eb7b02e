//! Who is there once everybody has come: people with sockets in rooms, and voices that post by REST?

use std::time::{Duration, Instant};

use crate::crowd::{self, SOCKETS_PER_ACCOUNT};
use crate::line::Line;
use crate::mark::Agenda;
use crate::person::{Person, Tally};
use crate::server::Server;
use crate::shape::{By, Dialect, Shape};
use crate::voice::Voice;
use crate::websocket::Socket;
use crate::wire::Wire;

pub struct Gathering {
    pub people: Vec<Person>,
    pub voices: Vec<Voice>,
    /// Their ids.
    pub rooms: Vec<String>,
    sent: u64,
    turn: usize,
}

impl Gathering {
    pub fn of(server: &Server, shape: &Shape) -> anyhow::Result<Self> {
        let count = shape.crowd();
        // In a large crowd people have several sockets each: only those cost what is measured.
        let accounts = if count > 100 && !shape.group {
            count.div_ceil(SOCKETS_PER_ACCOUNT)
        } else {
            count
        };
        let tokens = (0..accounts)
            .map(|number| crowd::sign_up(server, number))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let seats = shape.seats();
        let agendas = agendas(shape, &seats);
        let mut rooms = Vec::new();
        for (room, sitting) in seats.iter().enumerate() {
            let host = &tokens[sitting[0] % accounts];
            rooms.push(if shape.group && server.has_groups {
                crowd::gather(server, host, sitting, room)?
            } else {
                crowd::open_room(server, host, room)?
            });
        }
        let mut people = Vec::with_capacity(count);
        let here: Vec<_> = (0..count).filter(|one| shape.is_here(*one)).collect();
        for number in here.iter().copied() {
            let (at, address) = server.of(number);
            let socket = Socket::open(address, &tokens[number % accounts])?;
            let mut person = Person::new(socket, (at, server.count()));
            let mine = (0..seats.len()).filter(|room| seats[*room].contains(&number));
            let mine: Vec<_> = mine.collect();
            let ids: Vec<_> = mine.iter().map(|room| rooms[*room].as_str()).collect();
            crowd::join(shape.dialect, &mut person.socket, &ids)?;
            for room in mine {
                person.sit(room, &agendas);
            }
            person.socket.never_wait()?;
            people.push(person);
        }
        let mut voices = Vec::new();
        for agenda in agendas {
            match shape.by {
                By::Socket => {
                    let at = here.binary_search(&agenda.sender);
                    let at = at.map_err(|_| anyhow::anyhow!("a sender is away"))?;
                    people[at].agenda = Some(agenda);
                }
                By::Rest => voices.push(Voice {
                    line: Line::open(server.of(agenda.sender).1)?,
                    token: {
                        let members = &seats[agenda.homes[0]];
                        tokens[members[agenda.sender % members.len()] % accounts].clone()
                    },
                    agenda,
                    waiting: None,
                }),
            }
        }
        Ok(Self {
            people,
            voices,
            rooms,
            sent: 0,
            turn: 0,
        })
    }

    pub fn listen(
        &mut self,
        scratch: &mut [u8],
        dialect: Dialect,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        for person in &mut self.people {
            person.listen(scratch, dialect, tally)?;
        }
        for voice in &mut self.voices {
            voice.listen(scratch, tally)?;
        }
        Ok(())
    }

    /// Says what may be said now: what is due at this rate, or as much as may be under way.
    pub fn send(&mut self, shape: &Shape, begin: Instant) {
        let now = Instant::now();
        if let Some(rate) = shape.rate {
            let due = (begin.elapsed().as_secs_f64() * f64::from(rate)) as u64;
            while self.sent < due {
                let count = self.people.len();
                let mut round = (self.turn..self.turn + count).map(|at| at % count);
                let Some(next) = round.find(|at| self.people[*at].agenda.is_some()) else {
                    return;
                };
                self.people[next].send_one(shape, &self.rooms, now);
                (self.turn, self.sent) = (next + 1, self.sent + 1);
            }
            return;
        }
        for person in &mut self.people {
            person.send(shape, &self.rooms, now);
        }
        for voice in &mut self.voices {
            voice.send(&self.rooms, shape.text as usize, now);
        }
    }

    /// How long nothing is to be sent.
    pub fn until_next(&self, shape: &Shape, begin: Instant) -> Duration {
        let longest = Duration::from_millis(20);
        let Some(rate) = shape.rate else {
            return longest;
        };
        #[allow(clippy::cast_precision_loss)] // a few thousand
        let due = Duration::from_secs_f64((self.sent + 1) as f64 / f64::from(rate));
        due.saturating_sub(begin.elapsed()).min(longest)
    }

    pub fn flush(&mut self) -> anyhow::Result<()> {
        for person in &mut self.people {
            person.socket.flush()?;
        }
        for voice in &mut self.voices {
            voice.line.wire.flush()?;
        }
        Ok(())
    }

    pub fn wires(&self) -> impl Iterator<Item = &Wire> {
        let sockets = self.people.iter().map(|one| &one.socket.wire);
        sockets.chain(self.voices.iter().map(|one| &one.line.wire))
    }

    pub fn unanswered(&self) -> usize {
        let said: usize = self.people.iter().map(|one| one.waiting.len()).sum();
        let posted = self.voices.iter().filter(|one| one.waiting.is_some());
        said + posted.count()
    }

    pub fn agendas(&self) -> impl Iterator<Item = &Agenda> {
        let said = self.people.iter().filter_map(|one| one.agenda.as_ref());
        said.chain(self.voices.iter().map(|one| &one.agenda))
    }
}

/// Who says what where. By socket a sender is a person; by REST each connection is one, for what goes through
/// several at a time has no order.
fn agendas(shape: &Shape, seats: &[Vec<usize>]) -> Vec<Agenda> {
    let taken: usize = seats.iter().map(Vec::len).sum();
    let even = taken.is_multiple_of(shape.crowd());
    let mut agendas = Vec::new();
    for person in (0..shape.crowd()).filter(|person| shape.sends(*person)) {
        let mut homes: Vec<_> = (0..seats.len())
            .filter(|room| seats[*room].contains(&person))
            .collect();
        if !even {
            homes.truncate(1);
        }
        let voices = match shape.by {
            By::Socket => 1,
            By::Rest => shape.in_flight,
        };
        for _ in 0..voices {
            let sender = match shape.by {
                By::Socket => person,
                By::Rest => agendas.len(),
            };
            agendas.push(Agenda {
                sender,
                homes: homes.clone(),
                sent: 0,
            });
        }
    }
    agendas
}
