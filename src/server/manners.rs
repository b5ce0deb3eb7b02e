//! How long is a client waited for? A head has ten seconds once it has begun, a connection between two requests as long as
//! the operator says, and who is refused while still talking is listened to a little longer, so that it hears why.

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
pub const HEAD: Duration = Duration::from_secs(10);
/// Bytes that are still read of a request that was refused before it had come whole, and thrown away.
const DRAINED: usize = 4 << 20;
/// How long such a client may take to read its answer: closing on what it still says would take the answer from it.
const LINGER: Duration = Duration::from_secs(2);

/// What one connection is doing.
pub struct Manners {
    pub connection: Arc<Connection>,
    keep_alive: Duration,
    idleness: Idleness,
    /// Requests that have begun, twice; odd while one is served.
    steps: AtomicU64,
    /// A request has not come whole.
    unread: Arc<AtomicBool>,
    reader: AtomicWaker,
}

impl Manners {
    pub fn new(connection: Arc<Connection>, keep_alive: Duration, idleness: Idleness) -> Arc<Self> {
        idleness.begins();
        Arc::new(Self {
            connection,
            keep_alive,
            idleness,
            steps: AtomicU64::new(0),
            unread: Arc::default(),
            reader: AtomicWaker::default(),
        })
    }

    /// A request is served, until what this returns is dropped.
    pub fn serves(self: &Arc<Self>) -> Serving {
        self.idleness.is_over();
        self.steps.fetch_add(1, Ordering::Relaxed);
        Serving(self.clone())
    }

    /// Says that a request has a body, and is told when that has come whole.
    pub fn brings(&self, a_body: bool) -> Arc<AtomicBool> {
        self.unread.store(a_body, Ordering::Relaxed);
        self.unread.clone()
    }

    /// Waits until somebody else needs its slot.
    pub async fn is_asked_to_end(&self) {
        self.idleness.is_asked_to_end().await;
    }
}

/// A request that is served.
pub struct Serving(Arc<Manners>);

impl Drop for Serving {
    fn drop(&mut self) {
        if self.0.connection.is_websocket() {
            // Served to its end: what comes is no head, and it stands among nobody who is idle. One that began by polling
            // stays where it was when it was a connection for requests.
            return;
        }
        self.0.steps.fetch_add(1, Ordering::Relaxed);
        self.0.idleness.begins();
        // The time between two requests begins.
        self.0.reader.wake();
    }
}

/// A connection that is waited for so long and no longer.
pub struct Mannered<S> {
    stream: S,
    manners: Arc<Manners>,
    /// What is waited for: at which step, with how much of a head, and until when.
    waits: (u64, bool),
    until: Option<Pin<Box<Sleep>>>,
    drained: usize,
    lingers: Option<Pin<Box<Sleep>>>,
}

impl<S> Mannered<S> {
    pub fn new(stream: S, manners: Arc<Manners>) -> Self {
        Self {
            stream,
            manners,
            waits: (0, false),
            until: None,
            drained: 0,
            lingers: None,
        }
    }

    pub fn into_inner(self) -> S {
        self.stream
    }

    /// `Ready` where the client has been waited for long enough.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let step = self.manners.steps.load(Ordering::Relaxed);
        if step % 2 == 1 {
            // Serving has time-outs of its own.
            self.until = None;
            return Poll::Pending;
        }
        if self.waits.0 != step {
            (self.waits, self.until) = ((step, false), None);
        }
        let (step, has_begun) = self.waits;
        let patience = match has_begun || step == 0 {
            true => HEAD,
            false => self.manners.keep_alive,
        };
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(patience)));
        until.as_mut().poll(cx)
    }

    /// Some bytes have come.
    fn came(&mut self) {
        let step = self.manners.steps.load(Ordering::Relaxed);
        if step.is_multiple_of(2) && self.waits != (step, true) {
            (self.waits, self.until) = ((step, true), None);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Mannered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.manners.reader.register(cx.waker());
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Pending => {
                ready!(self.poll_patience(cx));
                // As if the client had gone.
                Poll::Ready(Ok(()))
            }
            read => {
                if buf.filled().len() > before {
                    self.came();
                }
                read
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Mannered<S> {
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
        if !self.manners.unread.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        let lingers = this.lingers.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if lingers.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut thrown_away = [MaybeUninit::uninit(); 8 << 10];
        while this.drained < DRAINED {
            let mut read = ReadBuf::uninit(&mut thrown_away);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => this.drained += read.filled().len(),
                // It has said all, or has gone.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
        Poll::Pending
    }
}
