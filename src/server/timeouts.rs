//! How long may a client take? Ten seconds for the head of a request, and `--keep-alive` between two requests. A client
//! that is refused while it is still sending is read from a little longer, so that it gets the answer.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::connection::Connection;
use super::slots::Idleness;

/// How long the head of a request, or a TLS handshake, may take.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that are still read, and dropped, of a request that was refused before its body was complete.
const DRAIN_BYTES: usize = 4 << 20;
/// For how long they are read. Closing a connection while the client still sends would take the answer from it.
const LINGER: Duration = Duration::from_secs(2);

/// What one connection is doing, as far as time-outs depend on it.
pub struct Timeouts {
    pub connection: Arc<Connection>,
    keep_alive: Duration,
    idleness: Idleness,
    /// Counts when a request begins and when it ends, so it is odd while a request is served.
    steps: AtomicU64,
    /// The body of the request is not complete.
    is_incomplete: Arc<AtomicBool>,
    reader: AtomicWaker,
}

impl Timeouts {
    pub fn new(connection: Arc<Connection>, keep_alive: Duration, idleness: Idleness) -> Arc<Self> {
        idleness.begin();
        Arc::new(Self {
            connection,
            keep_alive,
            idleness,
            steps: AtomicU64::new(0),
            is_incomplete: Arc::default(),
            reader: AtomicWaker::default(),
        })
    }

    /// A request is served until what this returns is dropped.
    pub fn begin_request(self: &Arc<Self>) -> ActiveRequest {
        self.idleness.end();
        self.steps.fetch_add(1, Ordering::Relaxed);
        ActiveRequest(self.clone())
    }

    /// Says whether the request has a body. The flag that this returns is to be cleared when the body is complete.
    pub fn expect_body(&self, has_body: bool) -> Arc<AtomicBool> {
        self.is_incomplete.store(has_body, Ordering::Relaxed);
        self.is_incomplete.clone()
    }

    /// Waits until somebody else needs the connection's slot.
    pub async fn slot_needed(&self) {
        self.idleness.slot_needed().await;
    }
}

/// A request that is being served.
pub struct ActiveRequest(Arc<Timeouts>);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        if self.0.connection.is_websocket() {
            // No head follows, and the connection is not idle: its one request lasts until it closes.
            return;
        }
        self.0.steps.fetch_add(1, Ordering::Relaxed);
        self.0.idleness.begin();
        // Wakes the reader, which starts the keep-alive time-out.
        self.0.reader.wake();
    }
}

/// A stream whose reads end when the client takes too long.
pub struct TimedIo<S> {
    stream: S,
    timeouts: Arc<Timeouts>,
    /// What the deadline is for: a step, and whether some of a head has come in it.
    waiting: (u64, bool),
    deadline: Option<Pin<Box<Sleep>>>,
    drained: usize,
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S> TimedIo<S> {
    pub fn new(stream: S, timeouts: Arc<Timeouts>) -> Self {
        Self {
            stream,
            timeouts,
            waiting: (0, false),
            deadline: None,
            drained: 0,
            linger: None,
        }
    }

    pub fn into_inner(self) -> S {
        self.stream
    }

    /// `Ready` if the client has taken too long.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let step = self.timeouts.steps.load(Ordering::Relaxed);
        if step % 2 == 1 {
            // Whatever serves the request has its own time-outs.
            self.deadline = None;
            return Poll::Pending;
        }
        if self.waiting.0 != step {
            (self.waiting, self.deadline) = ((step, false), None);
        }
        let (step, has_begun) = self.waiting;
        let timeout = match has_begun || step == 0 {
            true => HEAD_TIMEOUT,
            false => self.timeouts.keep_alive,
        };
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep(timeout)));
        deadline.as_mut().poll(cx)
    }

    /// Some bytes have been read.
    fn note_read(&mut self) {
        let step = self.timeouts.steps.load(Ordering::Relaxed);
        if step.is_multiple_of(2) && self.waiting != (step, true) {
            (self.waiting, self.deadline) = ((step, true), None);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.timeouts.reader.register(cx.waker());
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Pending => {
                ready!(self.poll_deadline(cx));
                // The end of the stream, as if the client had closed it.
                Poll::Ready(Ok(()))
            }
            read => {
                if buf.filled().len() > before {
                    self.note_read();
                }
                read
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if !self.timeouts.is_incomplete.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        let linger = this.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if linger.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut dropped = [MaybeUninit::uninit(); 8 << 10];
        while this.drained < DRAIN_BYTES {
            let mut read = ReadBuf::uninit(&mut dropped);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => this.drained += read.filled().len(),
                // The client has sent everything, or has gone.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
        Poll::Pending
    }
}
