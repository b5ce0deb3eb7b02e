//! Which message is this? What leads every text, and in which order a sender says what where.

use std::sync::LazyLock;
use std::time::Instant;

use crate::shape::Dialect;

/// What tells one message from another, where a listener finds it without parsing.
#[derive(Clone, Copy)]
pub struct Mark {
    pub room: usize,
    pub sender: usize,
    pub number: u32,
    /// When it was sent: microseconds since this program began.
    pub sent: u64,
}

impl Mark {
    /// Stands in no other text of a packet.
    const SIGN: u8 = b'~';
    const LENGTH: usize = 1 + 5 + 5 + 9 + 12;

    /// The text of this message, so many bytes long.
    pub fn text(self, length: usize) -> String {
        let Self {
            room,
            sender,
            number,
            sent,
        } = self;
        let filling = length - Self::LENGTH;
        format!(
            "~{room:05}{sender:05}{number:09}{sent:012}{:.<filling$}",
            ""
        )
    }

    /// The packet that says this message, acknowledged under its number.
    pub fn packet(self, dialect: Dialect, room: &str, text: usize) -> String {
        let (event, place) = match dialect {
            Dialect::Rooms => ("message", "roomId"),
            Dialect::Direct => ("send_message", "conversationId"),
        };
        let (number, text) = (self.number, self.text(text));
        format!("42{number}[\"{event}\",{{\"{place}\":\"{room}\",\"content\":\"{text}\"}}]")
    }

    /// Finds the mark in a packet. It mostly stands where it stood in the last one, which is tried first.
    pub fn find(packet: &[u8], guess: &mut usize) -> Option<Self> {
        if packet.get(*guess) != Some(&Self::SIGN) {
            *guess = packet.iter().position(|byte| *byte == Self::SIGN)?;
        }
        let digits = packet.get(*guess + 1..*guess + Self::LENGTH)?;
        let number = |digits: &[u8]| {
            digits.iter().fold(0, |sum: u64, digit| {
                sum * 10 + u64::from(digit.wrapping_sub(b'0'))
            })
        };
        Some(Self {
            room: number(&digits[..5]) as usize,
            sender: number(&digits[5..10]) as usize,
            number: u32::try_from(number(&digits[10..19])).ok()?,
            sent: number(&digits[19..]),
        })
    }
}

/// Microseconds since this program began, or nearly.
pub fn now() -> u64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGIN.elapsed().as_micros()).unwrap_or(0)
}

/// What a sender says: numbered messages, to each of these rooms in turn.
#[derive(Clone)]
pub struct Agenda {
    pub sender: usize,
    pub homes: Vec<usize>,
    pub sent: u32,
}

impl Agenda {
    pub fn next(&mut self) -> Mark {
        let number = self.sent;
        self.sent += 1;
        Mark {
            room: self.homes[number as usize % self.homes.len()],
            sender: self.sender,
            number,
            sent: now(),
        }
    }

    /// The first number that this room hears.
    pub fn first_in(&self, room: usize) -> Option<u32> {
        let at = self.homes.iter().position(|home| *home == room)?;
        u32::try_from(at).ok()
    }

    /// From one number that a room hears to the next.
    pub fn step(&self) -> u32 {
        u32::try_from(self.homes.len()).expect("rooms are counted in a u32")
    }

    /// How many messages this room should have heard.
    pub fn said_in(&self, room: usize) -> u64 {
        self.first_in(room).map_or(0, |first| {
            u64::from(self.sent.saturating_sub(first).div_ceil(self.step()))
        })
    }
}
