//! The connection under requests and websockets. It can be cut from outside, even if the client has stopped reading, and it
//! reports how much the client takes.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::frames::{Frames, Framing};
use super::unfinished::SessionPackets;
use crate::core::limits::JSON_BYTES;
use crate::core::model::AccountId;
use crate::realtime::transport::{Progress, STALL, Transport};

/// Bytes that a client may send on a websocket before it is let in: one event, and the frames around it.
const STRANGER_BYTES: u64 = JSON_BYTES as u64 + 1_024;
/// The allowance of a client that is let in: more bytes than anybody sends.
const UNLIMITED: u64 = u64::MAX;

/// Whether a connection writes for an Engine.IO session that uses several connections.
#[derive(Debug)]
enum ReportsTo {
    /// It writes the answer to a poll of that session, and then something else.
    Once(Weak<Progress>),
    /// It is that session's websocket.
    Always(Weak<Progress>),
}

/// The state of one connection, for those who do not read or write it.
#[derive(Debug)]
pub struct Connection {
    cut: AtomicBool,
    /// Bytes that the client may still send.
    allowance: AtomicU64,
    progress: Progress,
    /// The session that its progress is reported to, too.
    reports_to: Mutex<Option<ReportsTo>>,
    /// Set when it has become a websocket.
    framing: OnceLock<Framing>,
    /// The unfinished packets of the session whose websocket it is, or is about to become.
    packets: Mutex<Option<Arc<SessionPackets>>>,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            cut: AtomicBool::default(),
            allowance: UNLIMITED.into(),
            progress: Progress::default(),
            reports_to: Mutex::default(),
            framing: OnceLock::new(),
            packets: Mutex::default(),
            reader: AtomicWaker::default(),
            writer: AtomicWaker::default(),
        }
    }
}

impl Connection {
    /// From now on the client is a stranger, which may send no more than an event: a message stays in memory until it is
    /// complete.
    pub fn distrust(&self) {
        self.allowance.store(STRANGER_BYTES, Ordering::Release);
    }

    /// From now on the client may send as much as it likes.
    pub fn trust(&self) {
        self.allowance.store(UNLIMITED, Ordering::Release);
    }

    /// If it becomes a websocket, what it holds of packets is counted here.
    pub fn count_packets(&self, of_session: Arc<SessionPackets>) {
        *self.packets.lock() = Some(of_session);
    }

    /// What is read from now on are a websocket's frames.
    pub fn becomes_websocket(&self, framing: Framing) {
        // It becomes one only once.
        self.framing.set(framing).ok();
    }

    /// Has it become a websocket?
    pub fn is_websocket(&self) -> bool {
        self.framing.get().is_some()
    }

    /// Counts bytes that were read. Too many from a stranger cut the connection.
    fn count_read(&self, bytes: u64) -> io::Result<()> {
        let allowance = self.allowance.load(Ordering::Acquire);
        if allowance == UNLIMITED || bytes == 0 {
            return Ok(());
        }
        match allowance.checked_sub(bytes) {
            Some(less) => {
                // Only the reader counts down. If the client is let in at this moment, it stays so.
                let counted = self.allowance.compare_exchange(
                    allowance,
                    less,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                );
                counted.map(drop).or(Ok(()))
            }
            None => {
                self.cut();
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    /// The next answer is for the session with this progress.
    pub fn report_once(&self, session: &Arc<Progress>) {
        *self.reports_to.lock() = Some(ReportsTo::Once(Arc::downgrade(session)));
    }

    /// Everything that is written from now on is for the session with this progress.
    pub fn report_always(&self, session: &Arc<Progress>) {
        *self.reports_to.lock() = Some(ReportsTo::Always(Arc::downgrade(session)));
    }

    /// What is written from now on is for no session.
    pub fn stop_reporting(&self) {
        *self.reports_to.lock() = None;
    }

    /// Everything that was written has gone out.
    fn note_flush(&self) {
        self.progress.note();
        let mut reports_to = self.reports_to.lock();
        let Some(ReportsTo::Once(session) | ReportsTo::Always(session)) = &*reports_to else {
            return;
        };
        if let Some(session) = session.upgrade() {
            session.note();
        }
        if let Some(ReportsTo::Once(_)) = &*reports_to {
            *reports_to = None;
        }
    }

    fn check(&self, waker: &AtomicWaker, cx: &Context<'_>) -> io::Result<()> {
        waker.register(cx.waker());
        if self.cut.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

/// A session that began as a websocket has this one connection.
impl Transport for Connection {
    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn enter(&self, who: AccountId) {
        self.trust();
        if let Some(packets) = &*self.packets.lock() {
            packets.belong_to(who);
        }
    }

    fn is_known(&self) -> bool {
        self.allowance.load(Ordering::Acquire) == UNLIMITED
    }

    fn leave(&self) {}

    fn is_gone(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }
}

/// Bytes that are read at once, however few are asked for.
const AHEAD: usize = 8 << 10;

/// Reads and writes a connection, and keeps a guard for as long as it is open.
///
/// It reads ahead, so a websocket's own buffer may be small without further system calls.
pub struct ConnectionIo<S, G> {
    stream: S,
    connection: Arc<Connection>,
    /// Bytes that were read and not asked for yet.
    ahead: Bytes,
    /// The state of a websocket's frames.
    frames: Option<Frames>,
    /// Runs out when the client has taken nothing of what waits for [`STALL`].
    stall: Option<Pin<Box<Sleep>>>,
    _guard: G,
}

impl<S, G> ConnectionIo<S, G> {
    pub fn new(stream: S, connection: Arc<Connection>, guard: G) -> Self {
        Self {
            stream,
            connection,
            ahead: Bytes::new(),
            frames: None,
            stall: None,
            _guard: guard,
        }
    }

    /// Cuts the connection if the client takes nothing of what waits for it for [`STALL`].
    fn check_stall<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stall.as_mut().poll(cx));
        self.connection.cut();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads ahead, through a websocket's frames, until there is something to return.
    fn poll_ahead(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncRead + Unpin,
    {
        loop {
            let mut ahead = [MaybeUninit::uninit(); AHEAD];
            let mut ahead = ReadBuf::uninit(&mut ahead);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut ahead))?;
            let mut read = ahead.filled_mut();
            self.connection.count_read(read.len() as u64)?;
            let is_over = read.is_empty();
            let mut held;
            if let Some(frames) = &mut self.frames {
                held = frames.take_held();
                if !held.is_empty() {
                    held.extend_from_slice(read);
                    read = &mut held;
                }
                let count = frames.pass(read);
                if frames.is_too_much() {
                    tracing::info!("a connection held too much of unfinished packets and is cut");
                    self.connection.cut();
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                read = &mut read[..count];
            }
            // At the end of the stream nothing was read. If the frames left nothing of what was, there is more to read.
            if read.is_empty() && !is_over {
                continue;
            }
            let (asked, more) = read.split_at(read.len().min(buf.remaining()));
            buf.put_slice(asked);
            if !more.is_empty() {
                self.ahead = Bytes::copy_from_slice(more);
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// Puts bytes back, which are then read first.
    pub fn put_back(&mut self, read: &[u8]) {
        // A copy, because the bytes are a part of a larger buffer.
        self.ahead = [read, &self.ahead].concat().into();
    }
}

impl<S, G> Drop for ConnectionIo<S, G> {
    fn drop(&mut self) {
        self.connection.cut.store(true, Ordering::Release);
        // A session keeps the connection of its first request for as long as it lives, and a waker keeps the memory of its
        // task, 5 kB, after that task has ended.
        self.connection.reader.take();
        self.connection.writer.take();
    }
}

impl<S: AsyncRead + Unpin, G: Unpin> AsyncRead for ConnectionIo<S, G> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.connection.check(&self.connection.reader, cx)?;
        if self.ahead.is_empty() {
            if self.frames.is_none() {
                let framing = self.connection.framing.get();
                let packets = self.connection.packets.lock().clone();
                let both = framing.zip(packets);
                self.frames = both.map(|(framing, packets)| Frames::new(*framing, packets.count()));
            }
            if self.frames.is_none() && buf.remaining() >= AHEAD {
                let before = buf.filled().len();
                let read = Pin::new(&mut self.stream).poll_read(cx, buf);
                self.connection
                    .count_read((buf.filled().len() - before) as u64)?;
                return read;
            }
            return self.poll_ahead(cx, buf);
        }
        let asked = self.ahead.len().min(buf.remaining());
        buf.put_slice(&self.ahead.split_to(asked));
        if self.ahead.is_empty() {
            // An empty slice would keep the whole buffer.
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, G: Unpin> AsyncWrite for ConnectionIo<S, G> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.connection.check(&self.connection.writer, cx)?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.check_stall(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.check(&self.connection.writer, cx)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.check_stall(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.check(&self.connection.writer, cx)?;
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            self.connection.note_flush();
        }
        self.check_stall(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.check(&self.connection.writer, cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_reader_of_a_cut_connection_is_woken() {
        let (here, _there) = tokio::io::duplex(16);
        let connection = Arc::new(Connection::default());
        let mut io = ConnectionIo::new(here, connection.clone(), ());
        let reading = tokio::spawn(async move { io.read_u8().await });
        tokio::task::yield_now().await;
        connection.cut();
        assert!(reading.await.expect("the reader ends").is_err());
    }

    #[tokio::test]
    async fn a_closed_connection_keeps_no_task() {
        struct Task;
        impl std::task::Wake for Task {
            fn wake(self: Arc<Self>) {}
        }
        let task = Arc::new(Task);
        let waker = task.clone().into();
        let (here, there) = tokio::io::duplex(16);
        let connection = Arc::new(Connection::default());
        let mut io = ConnectionIo::new(here, connection.clone(), ());
        let mut byte = [0];
        let read = Pin::new(&mut io).poll_read(
            &mut Context::from_waker(&waker),
            &mut ReadBuf::new(&mut byte),
        );
        assert!(read.is_pending());
        drop((io, there, waker));
        assert_eq!(Arc::strong_count(&task), 1);
        assert_eq!(Arc::strong_count(&connection), 1);
    }

    #[tokio::test]
    async fn what_is_read_ahead_comes_in_order() {
        use tokio::io::AsyncWriteExt;
        let (here, mut there) = tokio::io::duplex(64);
        let mut io = ConnectionIo::new(here, Arc::new(Connection::default()), ());
        io.put_back(b"0123");
        there.write_all(b"456789").await.expect("there is room");
        drop(there);
        let mut heard = Vec::new();
        let mut piece = [0; 3];
        loop {
            match io.read(&mut piece).await.expect("nothing is cut") {
                0 => break,
                count => heard.push(piece[..count].to_vec()),
            }
        }
        assert_eq!(heard, [&b"012"[..], b"3", b"456", b"789"]);
    }

    #[tokio::test]
    async fn a_stranger_may_send_so_much_and_no_more() {
        let (here, mut there) = tokio::io::duplex(64);
        let connection = Arc::new(Connection::default());
        let mut io = ConnectionIo::new(here, connection.clone(), ());
        let said = vec![b'x'; STRANGER_BYTES as usize + 1];
        for (trusted, whole) in [(true, true), (false, false)] {
            connection.distrust();
            if trusted {
                connection.trust();
            }
            let mut heard = vec![0; said.len()];
            let (read, _) = tokio::join!(io.read_exact(&mut heard), async {
                use tokio::io::AsyncWriteExt;
                let writing = there.write_all(&said);
                tokio::time::timeout(std::time::Duration::from_millis(200), writing).await
            });
            assert_eq!(read.is_ok(), whole);
        }
    }
}
