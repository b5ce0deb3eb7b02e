//! Who says how much to whom? The shape of a load.

use clap::{Args, ValueEnum};

#[derive(Args, Clone)]
pub struct Shape {
    /// How many people send.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub senders: u32,
    /// How many messages each of them has under way at a time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub in_flight: u32,
    /// How many sockets hear each message, the sender's among them.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub room_size: u32,
    /// How many rooms there are, if more than it takes to seat everybody.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub rooms: Option<u32>,
    /// How many people there are, if more than send.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub people: Option<u32>,
    /// Closed groups instead of open rooms, where a server has them; each member is an account of its own.
    #[arg(long)]
    pub group: bool,
    /// Only those who send are there; the others belong to the room and are away.
    #[arg(long)]
    pub away: bool,
    /// How messages are sent; they are heard by socket in any case.
    #[arg(long, value_enum, default_value_t = By::Socket)]
    pub by: By,
    /// Messages per second, instead of as many as go.
    #[arg(long, conflicts_with = "in_flight", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,
    /// How long to measure.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// How long to send before measuring.
    #[arg(long, default_value_t = 1.0)]
    pub warm_up: f64,
    /// Bytes in a message.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(32..=8000))]
    pub text: u32,
    /// By whose events people join and send.
    #[arg(long, value_enum, default_value_t = Dialect::Rooms)]
    pub dialect: Dialect,
    /// Microseconds from one look at all sockets to the next: also how coarse the latencies are.
    /// 0 looks whenever something has come, which costs this program more the more sockets there are.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub sweep_us: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    Rooms,
    Direct,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Socket,
    Rest,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            senders: 64,
            in_flight: 8,
            room_size: 10,
            rooms: None,
            people: None,
            group: false,
            away: false,
            by: By::Socket,
            rate: None,
            seconds: 8,
            warm_up: 1.0,
            text: 64,
            dialect: Dialect::Rooms,
            sweep_us: 500,
        }
    }
}

impl Shape {
    /// How many people there are.
    pub fn crowd(&self) -> usize {
        let given = self.people.unwrap_or(0);
        given.max(self.senders).max(self.room_size) as usize
    }

    /// Is this person there at all?
    pub fn is_here(&self, person: usize) -> bool {
        !self.away || self.sends(person)
    }

    /// How many hear each message. Whoever is away belongs to the one room that there is then.
    pub fn heard_by(&self) -> u32 {
        if self.away {
            self.senders
        } else {
            self.room_size
        }
    }

    /// Which rooms there are and who sits in them: `room_size` seats each, every sender in one room at least.
    /// Whoever fills the last room up sits in the first one too.
    pub fn seats(&self) -> Vec<Vec<usize>> {
        let (people, size) = (self.crowd(), self.room_size as usize);
        let rooms = self
            .rooms
            .map_or(people.div_ceil(size), |rooms| rooms as usize);
        let seat = |room: usize, at: usize| (room * size + at) % people;
        (0..rooms)
            .map(|room| (0..size).map(|at| seat(room, at)).collect())
            .collect()
    }

    /// Who sends: as many as asked for, spread over everybody.
    pub fn sends(&self, person: usize) -> bool {
        let senders = self.senders as usize;
        let apart = self.crowd() / senders;
        person.is_multiple_of(apart) && person / apart < senders
    }
}
