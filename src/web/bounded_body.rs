//! How many bytes of a form does the parser get? Bounded at a time, in all, and until it has found a part or content.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use super::call::Body;
use crate::core::error::{Error, Result};

/// How many bytes the head of a part may have, with its boundary.
pub const HEAD: usize = 16 << 10;
/// How many bytes the parser is given at a time.
const PIECE: usize = 8 << 10;

/// A body that the parser reads piece by piece.
pub struct BoundedBody {
    body: Body,
    /// What came in and was not handed to the parser yet.
    rest: Bytes,
    /// The parser reads until the stream is pending, and only then parses. So every piece is followed by one `Pending`.
    rests: bool,
    /// How many bytes may still come.
    left: u64,
    /// Bytes that were handed on since the parser last found a part or content.
    head: Arc<AtomicUsize>,
}

impl BoundedBody {
    /// This body, limited to `most` bytes; and the count of bytes without a find, which [`Form`](super::forms::Form) sets to 0
    /// when the parser has found a part or content.
    pub fn new(body: Body, most: u64) -> (Self, Arc<AtomicUsize>) {
        let head = Arc::<AtomicUsize>::default();
        let counted = Self {
            body,
            rest: Bytes::new(),
            rests: false,
            left: most,
            head: head.clone(),
        };
        (counted, head)
    }
}

impl Stream for BoundedBody {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if std::mem::take(&mut self.rests) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.head.load(Ordering::Relaxed) >= HEAD {
            return Poll::Ready(Some(Err(Error::TooLarge(format!(
                "The head of a form's field must be at most {HEAD} bytes"
            )))));
        }
        while self.rest.is_empty() {
            match self.body.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) => self.rest = bytes,
                other => return other,
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        let Some(left) = self.left.checked_sub(length as u64) else {
            return Poll::Ready(Some(Err(Error::TooLarge("The form is too large".into()))));
        };
        (self.left, self.rests) = (left, true);
        self.head.fetch_add(length, Ordering::Relaxed);
        Poll::Ready(Some(Ok(piece)))
    }
}
