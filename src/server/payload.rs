//! Do the lengths in an Engine.IO 3 client's payload end its packets where a character ends?
//!
//! Engine.IO 3 writes the length of a packet before it, in UTF-16 units: `6:4hello`. If such a length ends in the middle of
//! a character of two units and more follows, engineioxide's decoder (0.2.3) loops for ever and occupies a thread of the
//! server. As many such requests as there are threads, from anybody, would stop the server. So what comes is counted here
//! first, and is read as a broken body if it does not add up.
//!
//! A client's query behind a namespace is changed into what Socket.IO reads, as in a websocket's [`frames`].
//!
//! [`frames`]: super::frames

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::engine_request::{is_small, parameter};
use super::frames::without_query;
use super::messages::{Messages, is_binary};
use super::unfinished::MessageCount;

/// A request's body.
#[derive(Debug)]
pub struct Payload {
    body: Incoming,
    /// `None` if it is not text of Engine.IO 3.
    count: Option<Count>,
    /// Its messages; `None` if it is no packet of a session.
    messages: Option<Messages>,
    /// Cleared when the body is complete.
    is_incomplete: Arc<AtomicBool>,
    /// What has come of a payload in which namespaces are looked for.
    gathered: Option<Vec<u8>>,
}

impl Payload {
    /// The same request with such a body; `for_sockets` if Socket.IO answers it. The flag is cleared when the body is complete.
    /// With a count, the messages in it are counted.
    pub fn of(
        request: Request<Incoming>,
        for_sockets: bool,
        is_incomplete: Arc<AtomicBool>,
        count_messages: Option<MessageCount>,
    ) -> Request<Payload> {
        let messages = count_messages.map(|count| Messages::of(&request, count));
        let counts = for_sockets && is_old_text(&request);
        let count = counts.then(Count::default);
        let gathered = (counts && is_small(&request)).then(Vec::new);
        request.map(|body| Payload {
            body,
            count,
            messages,
            is_incomplete,
            gathered,
        })
    }
}

/// Does the decoder of Engine.IO 3's text payloads read it? The same conditions as in engineioxide.
fn is_old_text<B>(request: &Request<B>) -> bool {
    request.method() == Method::POST
        && parameter(request.uri().query(), "EIO") != Some("4")
        && !is_binary(request)
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            let polled = ready!(Pin::new(&mut self.body).poll_frame(cx));
            if polled.is_none() || self.body.is_end_stream() {
                self.is_incomplete.store(false, Ordering::Relaxed);
            }
            let Some(frame) = polled.transpose()? else {
                if let Some(messages) = &mut self.messages {
                    messages.end();
                }
                let mut whole = self.gathered.take().unwrap_or_default();
                move_queries(&mut whole);
                let whole = (!whole.is_empty()).then(|| Ok(Frame::data(whole.into())));
                return Poll::Ready(whole);
            };
            let Some(bytes) = frame.data_ref() else {
                return Poll::Ready(Some(Ok(frame)));
            };
            if let Some(count) = &mut self.count
                && !count.adds_up(bytes)
            {
                let wrong = io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a length ends within a character",
                );
                return Poll::Ready(Some(Err(wrong.into())));
            }
            if let Some(messages) = &mut self.messages
                && !messages.hold(bytes)
            {
                // Socket.IO ends the session.
                let full = io::Error::new(
                    io::ErrorKind::StorageFull,
                    "the client's unfinished packets are too large",
                );
                return Poll::Ready(Some(Err(full.into())));
            }
            match &mut self.gathered {
                Some(gathered) => gathered.extend_from_slice(bytes),
                None => return Poll::Ready(Some(Ok(frame))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.gathered.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Looks for packets that connect to a namespace, and changes their query into what Socket.IO reads.
fn move_queries(payload: &mut [u8]) {
    let mut count = Count::default();
    let mut begin = 0;
    for at in 0..payload.len() {
        let Some(next) = count.after(payload[at]) else {
            return;
        };
        if let (Count::Length(_), Count::Packet(_)) = (count, next) {
            begin = at + 1;
        }
        count = next;
        if let Count::Packet(0) = count
            && let packet = &mut payload[begin..=at]
            && packet.starts_with(b"40/")
            && packet.is_ascii()
        {
            without_query(packet);
        }
    }
}

/// A place in a payload.
#[derive(Debug, Clone, Copy)]
enum Count {
    /// In a length; so much of it has been read.
    Length(Option<usize>),
    /// In a packet with so many units to come. At 0 the last character may still go on.
    Packet(usize),
}

impl Default for Count {
    fn default() -> Self {
        Self::Length(None)
    }
}

impl Count {
    /// Counts on; `false` if a packet does not end with a character.
    fn adds_up(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| match self.after(*byte) {
            Some(next) => {
                *self = next;
                true
            }
            None => false,
        })
    }

    /// The place after one more byte; `None` if there can be none.
    fn after(self, byte: u8) -> Option<Self> {
        let continues = matches!(byte, 0x80..=0xbf);
        match self {
            Self::Packet(_) if continues => Some(self),
            Self::Packet(0) => Self::default().after(byte),
            Self::Packet(left) => {
                let units = if byte >= 0xf0 { 2 } else { 1 };
                left.checked_sub(units).map(Self::Packet)
            }
            Self::Length(Some(length)) if byte == b':' => Some(Self::Packet(length)),
            Self::Length(before) if byte.is_ascii_digit() => {
                let length = before.unwrap_or(0).checked_mul(10)?;
                Some(Self::Length(Some(
                    length.checked_add(usize::from(byte - b'0'))?,
                )))
            }
            Self::Length(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_behind_a_namespace_becomes_auth() {
        let mut payload = "16:40/chat?token=T,7:42[\"€\"]15:40/chat?token=T"
            .as_bytes()
            .to_vec();
        move_queries(&mut payload);
        assert_eq!(
            String::from_utf8_lossy(&payload),
            "16:40/chat,[\"T\"]   7:42[\"€\"]15:40/chat,[\"T\"]  "
        );
    }

    #[test]
    fn only_what_ends_with_a_character_adds_up() {
        for (payload, adds_up) in [
            ("", true),
            ("6:4hello", true),
            ("6:4hello2:4€", true),
            ("3:4🚀2:4€1:2", true),
            ("0:1:2", true),
            ("19:not all of", true),
            ("2:4🚀x", false),
            ("1:🚀", false),
            ("2:4🚀2:4€", false),
            ("6:4hello x:", false),
            ("+1:2", false),
            (":2", false),
            ("99999999999999999999:2", false),
        ] {
            let whole = Count::default().adds_up(payload.as_bytes());
            assert_eq!(whole, adds_up, "{payload}");
            // However it is split on its way.
            let mut count = Count::default();
            let bytewise = payload.as_bytes().chunks(1).all(|byte| count.adds_up(byte));
            assert_eq!(bytewise, adds_up, "{payload}");
        }
    }
}
