//! Does an old client's payload end its packets where a letter ends?
//!
//! Engine.IO 3 writes a packet's length before it, in UTF-16 units: `6:4hello`. Where such a length ends in the middle of
//! a letter of two units and more follows, engineioxide's decoder (0.2.3) turns in a circle for ever and keeps a thread
//! of the server for itself; as many such requests as there are threads, from anybody, and nothing is served any more.
//! So what comes is counted here first, and ends as a broken body where it does not add up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// A request's body, counted where it must be.
#[derive(Debug)]
pub struct Payload {
    body: Incoming,
    count: Option<Count>,
    /// Until it has come whole.
    unread: Arc<AtomicBool>,
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
        request.map(|body| Payload {
            body,
            count,
            unread,
        })
    }
}

/// Will the decoder of Engine.IO 3's text payloads read it? The same questions as engineioxide asks.
fn is_old_text<B>(request: &Request<B>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let version = query.split('&').find_map(|pair| pair.strip_prefix("EIO="));
    let binary = HeaderValue::from_static("application/octet-stream");
    request.method() == Method::POST
        && version != Some("4")
        && request.headers().get(header::CONTENT_TYPE) != Some(&binary)
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.unread.store(false, Ordering::Relaxed);
        }
        if let (Poll::Ready(Some(Ok(frame))), Some(count)) = (&polled, &mut self.count)
            && let Some(bytes) = frame.data_ref()
            && !count.adds_up(bytes)
        {
            let wrong = io::Error::new(io::ErrorKind::InvalidData, "a length ends within a letter");
            return Poll::Ready(Some(Err(wrong.into())));
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
