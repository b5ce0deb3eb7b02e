//! How much of a form gets to its parser? So much at once, so much in all, and so much before it has found something.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use super::call::Body;
use crate::core::error::{Error, Result};

/// Bytes that the head of a part may have, with its boundary.
pub const HEAD: usize = 16 << 10;
/// What the parser is given at once.
const PIECE: usize = 8 << 10;

/// A body on its way to the parser, piece by piece.
pub struct BoundedBody {
    body: Body,
    /// Of what came in, what has not been handed on.
    rest: Bytes,
    /// The parser takes all that it can get before it looks at it: so there is nothing more until it has looked.
    rests: bool,
    /// Bytes that may still come.
    left: u64,
    /// Bytes that were handed on since the parser last found a part or a content.
    head: Arc<AtomicUsize>,
}

impl BoundedBody {
    /// This body, of at most so many bytes. Who knows that the parser has found something sets the other count to 0.
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
