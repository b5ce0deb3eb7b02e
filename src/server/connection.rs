//! The wire under a socket, with a switch: cut, it ends whoever is at the other end, also one that stopped reading.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::frames::{Frames, Framing};
use crate::core::limits::JSON_BYTES;
use crate::realtime::transport::{Progress, STALL, Transport};

/// What a stranger may bring on a websocket before saying who it is: one event, and what frames cost around it.
const FROM_A_STRANGER: u64 = JSON_BYTES as u64 + 1_024;
/// That much from a connection that is not counted: nobody brings it in a lifetime.
const UNCOUNTED: u64 = u64::MAX;

/// What a connection is writing for an Engine.IO session that uses several.
#[derive(Debug)]
enum Serves {
    /// The answer to a poll, and after it something else.
    Poll(Weak<Progress>),
    /// Everything from now on.
    Websocket(Weak<Progress>),
}

/// The switch of one connection.
#[derive(Debug)]
pub struct Connection {
    cut: AtomicBool,
    /// How many bytes may still come in.
    left: AtomicU64,
    progress: Progress,
    /// Whom else its progress is told to.
    serves: Mutex<Option<Serves>>,
    /// Once it is a websocket.
    framing: OnceLock<Framing>,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            cut: AtomicBool::default(),
            left: UNCOUNTED.into(),
            progress: Progress::default(),
            serves: Mutex::default(),
            framing: OnceLock::new(),
            reader: AtomicWaker::default(),
            writer: AtomicWaker::default(),
        }
    }
}

impl Connection {
    /// From here on it is a stranger's, who may bring no more than an event: a server that reads on has to keep it all
    /// until the message is whole.
    pub fn doubt(&self) {
        self.left.store(FROM_A_STRANGER, Ordering::Release);
    }

    /// Somebody has said who they are on it.
    pub fn trust(&self) {
        self.left.store(UNCOUNTED, Ordering::Release);
    }

    /// What comes from now on are a websocket's frames.
    pub fn becomes_websocket(&self, framing: Framing) {
        // A connection becomes one once.
        self.framing.set(framing).ok();
    }

    /// Has it become a websocket?
    pub fn is_websocket(&self) -> bool {
        self.framing.get().is_some()
    }

    /// So many bytes have come in; too many from a stranger end it.
    fn brought(&self, bytes: u64) -> io::Result<()> {
        let left = self.left.load(Ordering::Acquire);
        if left == UNCOUNTED || bytes == 0 {
            return Ok(());
        }
        match left.checked_sub(bytes) {
            Some(less) => {
                // Only the reader counts down. Where it has come to be trusted in this moment, it stays so.
                let counted =
                    self.left
                        .compare_exchange(left, less, Ordering::AcqRel, Ordering::Relaxed);
                counted.map(drop).or(Ok(()))
            }
            None => {
                self.cut();
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    /// The answer to a poll of the session with this progress is written next.
    pub fn serves_poll(&self, session: &Arc<Progress>) {
        *self.serves() = Some(Serves::Poll(Arc::downgrade(session)));
    }

    /// What is written from now on is written for the session with this progress.
    pub fn serves_websocket(&self, session: &Arc<Progress>) {
        *self.serves() = Some(Serves::Websocket(Arc::downgrade(session)));
    }

    /// What is written from now on is written for nobody in particular.
    pub fn serves_nobody(&self) {
        *self.serves() = None;
    }

    fn serves(&self) -> MutexGuard<'_, Option<Serves>> {
        self.serves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was written has gone out.
    fn flushed(&self) {
        self.progress.note();
        let mut serves = self.serves();
        let (Some(Serves::Poll(session)) | Some(Serves::Websocket(session))) = &*serves else {
            return;
        };
        if let Some(session) = session.upgrade() {
            session.note();
        }
        if let Some(Serves::Poll(_)) = &*serves {
            *serves = None;
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

/// Of a session that began as a websocket this is the only connection.
impl Transport for Connection {
    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn enter(&self) {
        self.trust();
    }

    fn is_known(&self) -> bool {
        self.left.load(Ordering::Acquire) == UNCOUNTED
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

/// What is read at once, however little is asked for.
const AHEAD: usize = 8 << 10;

/// A connection with its switch, and what is held for as long as it is open.
///
/// It reads ahead: a websocket's buffer may then be small, and a small one costs no further call of the system.
pub struct ConnectionIo<S, H> {
    stream: S,
    connection: Arc<Connection>,
    /// Has been read and not been asked for yet.
    unread: Bytes,
    /// Where in its frames a websocket is.
    frames: Option<Frames>,
    /// Since when the other end has taken nothing, while something waits for it.
    stalled: Option<Pin<Box<Sleep>>>,
    _held: H,
}

impl<S, H> ConnectionIo<S, H> {
    pub fn new(stream: S, connection: Arc<Connection>, held: H) -> Self {
        Self {
            stream,
            connection,
            unread: Bytes::new(),
            frames: None,
            stalled: None,
            _held: held,
        }
    }

    /// Ends the connection if the other end takes nothing of what waits for it for [`STALL`].
    fn is_taken<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stalled.as_mut().poll(cx));
        self.connection.cut();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads ahead, and through a websocket's frames, until there is something to give.
    fn poll_ahead(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncRead + Unpin,
    {
        loop {
            let mut ahead = [MaybeUninit::uninit(); AHEAD];
            let mut ahead = ReadBuf::uninit(&mut ahead);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut ahead))?;
            let mut read = ahead.filled_mut();
            self.connection.brought(read.len() as u64)?;
            let is_over = read.is_empty();
            let mut held;
            if let Some(frames) = &mut self.frames {
                held = frames.take_held();
                if !held.is_empty() {
                    held.extend_from_slice(read);
                    read = &mut held;
                }
                let count = frames.pass(read);
                read = &mut read[..count];
            }
            // Where nothing has come the other end is done; where nothing is left there is more to come.
            if read.is_empty() && !is_over {
                continue;
            }
            let (asked, more) = read.split_at(read.len().min(buf.remaining()));
            buf.put_slice(asked);
            if !more.is_empty() {
                self.unread = Bytes::copy_from_slice(more);
            }
            return Poll::Ready(Ok(()));
        }
    }

    /// Has this read again, before everything else.
    pub fn put_back(&mut self, read: &[u8]) {
        // A copy: what is given is a part of a larger buffer.
        self.unread = [read, &self.unread].concat().into();
    }
}

impl<S, H> Drop for ConnectionIo<S, H> {
    fn drop(&mut self) {
        self.connection.cut.store(true, Ordering::Release);
        // The session remembers the connection of its first request for as long as it lives, and a waker keeps the memory of
        // the task that it woke, 5 kB of it, long after that task has ended.
        self.connection.reader.take();
        self.connection.writer.take();
    }
}

impl<S: AsyncRead + Unpin, H: Unpin> AsyncRead for ConnectionIo<S, H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.connection.check(&self.connection.reader, cx)?;
        if self.unread.is_empty() {
            if self.frames.is_none() {
                let framing = self.connection.framing.get();
                self.frames = framing.map(|framing| Frames::new(*framing));
            }
            if self.frames.is_none() && buf.remaining() >= AHEAD {
                let before = buf.filled().len();
                let read = Pin::new(&mut self.stream).poll_read(cx, buf);
                self.connection
                    .brought((buf.filled().len() - before) as u64)?;
                return read;
            }
            return self.poll_ahead(cx, buf);
        }
        let asked = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread.split_to(asked));
        if self.unread.is_empty() {
            // An empty piece would keep the whole.
            self.unread = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, H: Unpin> AsyncWrite for ConnectionIo<S, H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.connection.check(&self.connection.writer, cx)?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.is_taken(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.check(&self.connection.writer, cx)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.is_taken(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.check(&self.connection.writer, cx)?;
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            self.connection.flushed();
        }
        self.is_taken(cx, flushed)
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
    async fn who_waits_on_a_cut_line_is_woken() {
        let (here, _there) = tokio::io::duplex(16);
        let connection = Arc::new(Connection::default());
        let mut io = ConnectionIo::new(here, connection.clone(), ());
        let reading = tokio::spawn(async move { io.read_u8().await });
        tokio::task::yield_now().await;
        connection.cut();
        assert!(reading.await.expect("the reader ends").is_err());
    }

    #[tokio::test]
    async fn a_line_that_has_gone_keeps_no_task() {
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
    async fn what_is_read_ahead_comes_in_its_order() {
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
    async fn a_stranger_brings_so_much_and_no_more() {
        let (here, mut there) = tokio::io::duplex(64);
        let connection = Arc::new(Connection::default());
        let mut io = ConnectionIo::new(here, connection.clone(), ());
        let said = vec![b'x'; FROM_A_STRANGER as usize + 1];
        for (trusted, whole) in [(true, true), (false, false)] {
            connection.doubt();
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
