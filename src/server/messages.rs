//! Where do the messages of a polling payload begin and end? What is held of them is counted, as it is of a websocket's frames.

use http::{HeaderValue, Request, header};

use super::engine_request::parameter;
use super::unfinished::MessageCount;

/// Between two packets of an Engine.IO 4 client.
const SEPARATOR: u8 = 0x1e;
/// The kind of a binary packet in a binary payload, and what stands behind the length of each.
const BINARY: u8 = 1;
const LENGTH_END: u8 = 0xff;

/// The messages of one payload.
#[derive(Debug)]
pub struct Messages {
    count: MessageCount,
    place: Place,
}

/// A place in a payload, by its encoding.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Engine.IO 4: packets with a separator between them.
    Separated,
    /// Engine.IO 3: each packet behind its length in UTF-16 units, in decimal, and a colon.
    Length(usize),
    /// In such a packet. A character that it ends with may go on where no unit is left.
    Text(usize),
    /// Engine.IO 3, binary: each packet behind its kind, its length in bytes that are digits, and an end.
    BinaryHead(Option<u8>, usize),
    /// In such a packet, which is binary or text, with so many bytes to come.
    Binary(bool, usize),
}

/// What comes next in a payload.
struct Step {
    /// Bytes of the message, and whether it ends with them.
    of_message: usize,
    ends: bool,
    /// Bytes behind them that belong to no message.
    between: usize,
    /// The place after all of them.
    place: Place,
}

impl Messages {
    /// The messages of this request's body.
    pub fn of<B>(request: &Request<B>, count: MessageCount) -> Self {
        let place = match parameter(request.uri().query(), "EIO") {
            Some("4") => Place::Separated,
            _ if is_binary(request) => Place::BinaryHead(None, 0),
            _ => Place::Length(0),
        };
        Self { count, place }
    }

    /// Counts bytes that have come; `false` if they are too many to be held.
    pub fn hold(&mut self, came: &[u8]) -> bool {
        let mut rest = came;
        while !rest.is_empty() {
            let step = self.place.step(rest);
            if !self.count.hold(&rest[..step.of_message], |_, byte| byte) {
                return false;
            }
            if step.ends {
                self.end();
            }
            self.place = step.place;
            rest = &rest[step.of_message + step.between..];
        }
        true
    }

    /// The message has come completely: its end has, or that of the body.
    pub fn end(&mut self) {
        let bytes = self.count.bytes();
        let attached = match self.place {
            Place::Binary(is_binary, _) => is_binary.then_some(bytes),
            // As Base64.
            _ => (self.count.head()[0] == b'b').then_some(bytes / 4 * 3),
        };
        self.count.end(attached);
    }
}

impl Place {
    /// What comes next in these bytes, of which there is at least one. What is no payload ends the session elsewhere.
    fn step(self, came: &[u8]) -> Step {
        let between = |place| Step {
            of_message: 0,
            ends: false,
            between: 1,
            place,
        };
        match self {
            Self::Separated => {
                let end = came.iter().position(|byte| *byte == SEPARATOR);
                Step {
                    of_message: end.unwrap_or(came.len()),
                    ends: end.is_some(),
                    between: usize::from(end.is_some()),
                    place: self,
                }
            }
            Self::Length(length) => between(match came[0] {
                b':' => Self::Text(length),
                digit => Self::Length(longer(length, digit.wrapping_sub(b'0'))),
            }),
            Self::Text(units) => {
                let (of_message, left) = text(came, units);
                let ends = of_message < came.len();
                Step {
                    of_message,
                    ends,
                    between: 0,
                    place: if ends {
                        Self::Length(0)
                    } else {
                        Self::Text(left)
                    },
                }
            }
            Self::BinaryHead(None, length) => between(Self::BinaryHead(Some(came[0]), length)),
            Self::BinaryHead(Some(kind), length) => between(match came[0] {
                LENGTH_END => Self::Binary(kind == BINARY, length),
                digit => Self::BinaryHead(Some(kind), longer(length, digit)),
            }),
            Self::Binary(is_binary, left) => {
                let of_message = left.min(came.len());
                let left = left - of_message;
                Step {
                    of_message,
                    ends: left == 0,
                    between: 0,
                    place: match left {
                        0 => Self::BinaryHead(None, 0),
                        left => Self::Binary(is_binary, left),
                    },
                }
            }
        }
    }
}

/// A length, with one more digit.
fn longer(length: usize, digit: u8) -> usize {
    length.saturating_mul(10).saturating_add(digit.into())
}

/// How many of these bytes belong to a text of so many units, and how many units are left behind them.
fn text(came: &[u8], mut units: usize) -> (usize, usize) {
    for (at, byte) in came.iter().enumerate() {
        // The other bytes of a character count for nothing.
        if !matches!(byte, 0x80..=0xbf) {
            if units == 0 {
                return (at, 0);
            }
            units = units.saturating_sub(if *byte >= 0xf0 { 2 } else { 1 });
        }
    }
    (came.len(), units)
}

/// Does the decoder of Engine.IO 3's binary payloads read it? The same condition as in engineioxide.
pub fn is_binary<B>(request: &Request<B>) -> bool {
    let binary = HeaderValue::from_static("application/octet-stream");
    request.headers().get(header::CONTENT_TYPE) == Some(&binary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::unfinished::UnfinishedPackets;

    /// What is held of an event with two attachments of 200,000 bytes, the second of which has not come: of the first alone,
    /// and of half of the second as well, however it comes.
    #[track_caller]
    fn holds(query: &str, content_type: &str, first: Vec<u8>, half: Vec<u8>, rest: Vec<u8>) {
        let held = |all: &UnfinishedPackets| all.held() / 1_000;
        for piece in [1, 7, 8_192, usize::MAX] {
            let all = UnfinishedPackets::new(0);
            let session = all.session([127, 0, 0, 1].into());
            let request = Request::post(format!("/socket.io/?{query}"))
                .header(header::CONTENT_TYPE, content_type)
                .body(());
            let request = request.expect("a request");
            let mut messages = Messages::of(&request, session.count());
            let mut come = |bytes: &[u8]| {
                assert!(
                    bytes
                        .chunks(piece.min(bytes.len()))
                        .all(|one| messages.hold(one))
                );
            };
            come(&first);
            assert_eq!(held(&all), 200, "{query}");
            come(&half);
            assert!(held(&all) >= 300, "{query}");
            come(&rest);
            messages.end();
            assert_eq!(held(&all), 0, "{query}");
            drop(messages);
            assert_eq!(held(&all), 0, "{query}");
        }
    }

    const EVENT: &str = "452-[\"files €🚀\"]";

    #[test]
    fn an_engine_io_4_clients_messages_are_found() {
        let file = "A".repeat(200_000 / 3 * 4 + 4);
        let (one, other) = file.split_at(file.len() / 2);
        let first = format!("2\u{1e}{EVENT}\u{1e}b{file}\u{1e}");
        holds(
            "EIO=4",
            "text/plain;charset=UTF-8",
            first.into(),
            format!("b{one}").into(),
            other.as_bytes().to_vec(),
        );
    }

    #[test]
    fn an_engine_io_3_clients_messages_are_found() {
        let file = "A".repeat(200_000 / 3 * 4 + 4);
        let (one, other) = file.split_at(file.len() / 2);
        let length = file.len() + 2;
        let units = EVENT.encode_utf16().count();
        let first = format!("1:2{units}:{EVENT}{length}:b4{file}{length}:");
        holds(
            "EIO=3",
            "text/plain;charset=UTF-8",
            first.into(),
            format!("b4{one}").into(),
            other.as_bytes().to_vec(),
        );
    }

    #[test]
    fn an_engine_io_3_clients_binary_messages_are_found() {
        let head = |kind: u8, length: usize| {
            let digits = length.to_string();
            let digits = digits.bytes().map(|digit| digit - b'0');
            [&[kind][..], &digits.collect::<Vec<_>>(), &[LENGTH_END]].concat()
        };
        let first = [
            &head(0, EVENT.len())[..],
            EVENT.as_bytes(),
            &head(BINARY, 200_001),
            &[4; 200_001],
            &head(BINARY, 200_001),
        ];
        holds(
            "EIO=3",
            "application/octet-stream",
            first.concat(),
            vec![4; 100_000],
            vec![4; 100_001],
        );
    }
}
