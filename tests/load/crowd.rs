//! Who takes part: which accounts there are, in which rooms they sit, and how they say things?

use anyhow::Context;
use serde_json::{Value, json};

use crate::Dialect;
use crate::server::Server;
use crate::websocket::Socket;

/// Signs up a person who is new to the server, and returns the token.
pub fn sign_up(server: &Server, number: usize) -> anyhow::Result<String> {
    let (email, password) = (format!("load{number}@example.test"), "correct horse");
    let account =
        json!({ "username": format!("load{number}"), "email": email, "password": password });
    server.post("/api/auth/signup", &account, None)?;
    let login = json!({ "email": email, "password": password });
    let answer = server.post("/api/auth/login", &login, None)?;
    text(&answer["token"])
}

/// Opens a room and returns its id, in the spelling that every dialect takes.
pub fn open_room(server: &Server, token: &str, number: usize) -> anyhow::Result<String> {
    let name = format!("Load {number}");
    let room = json!({ "name": name, "description": name });
    let answer = server.post("/api/rooms", &room, Some(token))?;
    text(&answer["data"]["_id"])
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value
        .as_str()
        .context("a token or an id is a string")?
        .to_owned())
}

/// Makes the socket a listener of the room.
pub fn join(dialect: Dialect, socket: &mut Socket, room: &str) -> anyhow::Result<()> {
    socket.ask(&match dialect {
        Dialect::Rooms => format!("[\"joinRoom\",{{\"roomId\":\"{room}\"}}]"),
        Dialect::Direct => format!("[\"join_conversation\",\"{room}\"]"),
    })
}

/// Which rooms there are and who sits in them: `room_size` seats each, every sender in one room at least.
/// Whoever fills the last room up sits in the first one too.
pub fn seats(people: usize, room_size: usize) -> Vec<Vec<usize>> {
    let rooms = people.div_ceil(room_size);
    let seat = |room: usize, at: usize| (room * room_size + at) % people;
    (0..rooms)
        .map(|room| (0..room_size).map(|at| seat(room, at)).collect())
        .collect()
}

/// What tells one message from another: it leads every text, so that a listener finds it without parsing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub room: usize,
    pub sender: usize,
    pub number: u32,
}

impl Mark {
    /// Stands in no other text of a packet.
    const SIGN: u8 = b'~';
    const LENGTH: usize = 1 + 5 + 5 + 9;

    /// The packet that says this message, acknowledged under its number.
    pub fn packet(self, dialect: Dialect, room: &str, text: usize) -> String {
        let (event, place) = match dialect {
            Dialect::Rooms => ("message", "roomId"),
            Dialect::Direct => ("send_message", "conversationId"),
        };
        let Self {
            room: at,
            sender,
            number,
        } = self;
        let filling = text - Self::LENGTH;
        format!(
            "42{number}[\"{event}\",{{\"{place}\":\"{room}\",\"content\":\"~{at:05}{sender:05}{number:09}{:.<filling$}\"}}]",
            ""
        )
    }

    /// Finds the mark in a packet. It mostly stands where it stood in the last one, which is tried first.
    pub fn find(packet: &[u8], guess: &mut usize) -> Option<Self> {
        if packet.get(*guess) != Some(&Self::SIGN) {
            *guess = packet.iter().position(|byte| *byte == Self::SIGN)?;
        }
        let digits = packet.get(*guess + 1..*guess + Self::LENGTH)?;
        let number = |digits: &[u8]| {
            digits.iter().fold(0, |sum, digit| {
                sum * 10 + u32::from(digit.wrapping_sub(b'0'))
            })
        };
        Some(Self {
            room: number(&digits[..5]) as usize,
            sender: number(&digits[5..10]) as usize,
            number: number(&digits[10..]),
        })
    }
}
