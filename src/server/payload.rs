//! Does an old client's payload end its packets where a letter ends?
//!
//! Engine.IO 3 writes a packet's length before it, in UTF-16 units: `6:4hello`. Where such a length ends in the middle of
//! a letter of two units and more follows, engineioxide's decoder (0.2.3) turns in a circle for ever and keeps a thread
//! of the server for itself; as many such requests as there are threads, from anybody, and nothing is served any more.
//! So what comes is counted here first, and ends as a broken body where it does not add up.
//!
//! And what such a client brings into a namespace in a query is made what Socket.IO reads, as in a websocket's [`frames`].
//!
//! [`frames`]: super::frames

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::engine_request::{is_small, version};
use super::frames::without_query;

/// A request's body, counted where it must be.
#[derive(Debug)]
pub struct Payload {
    body: Incoming,
    count: Option<Count>,
    /// Until it has come whole.
    unread: Arc<AtomicBool>,
    /// What has come of a payload that is looked into as a whole.
    gathered: Option<Vec<u8>>,
}

impl Payload {
    /// The same request; `for_sockets` where Socket.IO answers it. That it is `unread` is over when it has come whole.
    pub fn of(
        request: Request<Incoming>,
        for_sockets: bool,
        unread: Arc<AtomicBool>,
    ) -> Request<Payload> {
        let counts = for_sockets && is_old_text(&request);
        let count = counts.then(Count::default);
        let looked_into = counts && is_small(&request);
        let gathered = looked_into.then(Vec::new);
        request.map(|body| Payload {
            body,
            count,
            unread,
            gathered,
        })
    }
}

/// Will the decoder of Engine.IO 3's text payloads read it? The same questions as engineioxide asks.
fn is_old_text<B>(request: &Request<B>) -> bool {
    let binary = HeaderValue::from_static("application/octet-stream");
    request.method() == Method::POST
        && version(request.uri().query()) != Some("4")
        && request.headers().get(header::CONTENT_TYPE) != Some(&binary)
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
                self.unread.store(false, Ordering::Relaxed);
            }
            let Some(frame) = polled.transpose()? else {
                let mut whole = self.gathered.take().unwrap_or_default();
                enter_without_query(&mut whole);
                let whole = (!whole.is_empty()).then(|| Ok(Frame::data(whole.into())));
                return Poll::Ready(whole);
            };
            let Some(bytes) = frame.data_ref() else {
                return Poll::Ready(Some(Ok(frame)));
            };
            if let Some(count) = &mut self.count
                && !count.adds_up(bytes)
            {
                let wrong =
                    io::Error::new(io::ErrorKind::InvalidData, "a length ends within a letter");
                return Poll::Ready(Some(Err(wrong.into())));
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

/// Looks for packets that enter a namespace, and makes of their query what is read.
fn enter_without_query(payload: &mut [u8]) {
    let mut count = Count::default();
    let mut begun = 0;
    for at in 0..payload.len() {
        let Some(next) = count.after(payload[at]) else {
            return;
        };
        if let (Count::Length(_), Count::Packet(_)) = (count, next) {
            begun = at + 1;
        }
        count = next;
        if let Count::Packet(0) = count
            && let packet = &mut payload[begun..=at]
            && packet.starts_with(b"40/")
            && packet.is_ascii()
        {
            without_query(packet);
        }
    }
}

/// Where in a payload one is.
#[derive(Debug, Clone, Copy)]
enum Count {
    /// In a length, of which this has been read.
    Length(Option<usize>),
    /// In a packet, of which so many units are still to come. At 0 only the rest of the last letter may.
    Packet(usize),
}

impl Default for Count {
    fn default() -> Self {
        Self::Length(None)
    }
}

impl Count {
    /// Counts on; `false` where it does not add up.
    fn adds_up(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| match self.after(*byte) {
            Some(next) => {
                *self = next;
                true
            }
            None => false,
        })
    }

    fn after(self, byte: u8) -> Option<Self> {
        let goes_on = matches!(byte, 0x80..=0xbf);
        match self {
            Self::Packet(_) if goes_on => Some(self),
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
    fn who_enters_brings_no_query() {
        let mut payload = "16:40/chat?token=T,7:42[\"€\"]15:40/chat?token=T"
            .as_bytes()
            .to_vec();
        enter_without_query(&mut payload);
        assert_eq!(
            String::from_utf8_lossy(&payload),
            "16:40/chat,[\"T\"]   7:42[\"€\"]15:40/chat,[\"T\"]  "
        );
    }

    #[test]
    fn what_adds_up_is_told_from_what_does_not() {
        for (payload, well) in [
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
            assert_eq!(whole, well, "{payload}");
            // However it is cut on its way.
            let mut count = Count::default();
            let bytewise = payload.as_bytes().chunks(1).all(|byte| count.adds_up(byte));
            assert_eq!(bytewise, well, "{payload}");
        }
    }
}
