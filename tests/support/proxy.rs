//! The way between chat and PostgreSQL, and what can happen there: cut, stalled, slow, or an answer to COMMIT that is lost.
//!
//! Threads and not tasks: half a millisecond is less than a runtime's clock can tell. Connections are without TLS.

use std::collections::VecDeque;
use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// How much may be on its way to the client while that is far away.
const UNDER_WAY: usize = 4_096;
/// So much later than asked a thread wakes, and hands on what it holds.
const LATE: Duration = Duration::from_micros(150);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// What is to happen to a COMMIT, once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// It happens, and nobody hears of it: the connection is cut in the place of the server's answer.
    Answer,
    /// It never comes to the server: the connection is cut in its place.
    Commit,
}

/// Stands before a PostgreSQL server, at a port of its own.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// How many commits were lost so far, and how many connections there were.
    lost: AtomicUsize,
    taken: AtomicUsize,
    is_over: AtomicBool,
}

#[derive(Default)]
struct State {
    stalled: Vec<Way>,
    refuses: bool,
    loss: Option<Loss>,
    delay: Duration,
    version: Option<[u8; 2]>,
    open: Vec<(TcpStream, TcpStream)>,
}

impl Proxy {
    /// Before the server that listens at this port of this machine.
    pub fn before(server: u16) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.is_over.load(Ordering::Relaxed) {
                    return;
                }
                // Whoever hangs up at once, or a server that is not there, is no reason to stop.
                let _ = client.and_then(|client| carry(client, server, &accepting));
            }
        });
        Proxy { port, shared }
    }

    /// The same address, by way of this.
    pub fn url(&self, url: &str) -> String {
        let (front, behind) = url.rsplit_once(':').expect("an address with a port");
        let (_, behind) = behind.split_once('/').expect("an address with a name");
        format!("{front}:{}/{behind}", self.port)
    }

    /// Cuts all connections; new ones may come.
    pub fn cuts(&self) {
        for (client, server) in self.state().open.drain(..) {
            cut(&client, &server);
        }
    }

    /// Cuts all connections, and lets no new ones in until it is told to let them.
    pub fn refuses(&self, refuses: bool) {
        self.state().refuses = refuses;
        if refuses {
            self.cuts();
        }
    }

    /// Nothing goes that way any more; connections stay.
    pub fn stalls(&self, way: Way) {
        self.state().stalled.push(way);
    }

    /// Everything goes on that was stalled.
    pub fn flows(&self) {
        self.state().stalled.clear();
        self.shared.changed.notify_all();
    }

    /// The next commit, on whichever connection, is lost so.
    pub fn loses(&self, loss: Loss) {
        self.state().loss = Some(loss);
    }

    /// How many commits were lost so far.
    pub fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// How many connections came so far.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::Relaxed)
    }

    /// So much longer takes every round trip of a connection that is made from now on.
    pub fn delays(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// The server says from now on that it is of this version, of two digits as its own is.
    pub fn says_it_is_of(&self, version: [u8; 2]) {
        self.state().version = Some(version);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.flows();
        self.cuts();
        // Wakes whoever accepts.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds it")
    }

    /// Waits while nothing goes that way.
    fn waits(&self, way: Way) {
        let stalled = |state: &mut State| state.stalled.contains(&way);
        let waiting = self.changed.wait_while(self.state(), stalled);
        drop(waiting.expect("nothing panics while it holds it"));
    }

    /// Is a commit to be lost so? Then this one is.
    fn takes(&self, loss: Loss) -> bool {
        let is_so = {
            let mut state = self.state();
            let is_so = state.loss == Some(loss);
            state.loss.take_if(|_| is_so);
            is_so
        };
        self.lost.fetch_add(is_so.into(), Ordering::Relaxed);
        is_so
    }
}

fn cut(client: &TcpStream, server: &TcpStream) {
    // One of them may be gone already.
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn carry(client: TcpStream, server: u16, shared: &Arc<Shared>) -> Result<()> {
    if shared.state().refuses {
        return client.shutdown(Shutdown::Both);
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    shared.taken.fetch_add(1, Ordering::Relaxed);
    let delay = {
        let mut state = shared.state();
        let still_open = |(client, _): &(TcpStream, TcpStream)| client.peer_addr().is_ok();
        state.open.retain(still_open);
        state.open.push((client.try_clone()?, server.try_clone()?));
        state.delay
    };
    let (to_server, to_client) = (server.try_clone()?, client.try_clone()?);
    let both = [
        (client, to_server, Way::ToServer),
        (server, to_client, Way::ToClient),
    ];
    for (mut from, mut to, way) in both {
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let _ = match (way, delay) {
                (Way::ToClient, delay) if !delay.is_zero() => later(&mut from, &to, delay, &shared),
                _ => forward(&mut from, &mut to, way, &shared),
            };
            // However it ended: what one side does, the other learns.
            cut(&from, &to);
        });
    }
    Ok(())
}

/// Hands on what comes, in whole messages, until either side ends or a commit is to be lost.
fn forward(from: &mut TcpStream, to: &mut impl Write, way: Way, shared: &Shared) -> Result<()> {
    let mut messages = Messages::of(way);
    let mut some = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut some)?;
        if count == 0 {
            return Ok(());
        }
        messages.came.extend(&some[..count]);
        let whole = messages.whole(|message| match way {
            Way::ToServer => is_commit(message) && shared.takes(Loss::Commit),
            Way::ToClient => is_committed(message) && shared.takes(Loss::Answer),
        });
        shared.waits(way);
        let version = shared.state().version.filter(|_| way == Way::ToClient);
        if let Some(version) = version {
            says(
                &mut messages.came[..whole.bytes],
                b"server_version\0",
                version,
            );
        }
        to.write_all(&messages.came[..whole.bytes])?;
        if whole.ends {
            return Ok(());
        }
        messages.came.drain(..whole.bytes);
    }
}

/// Two other bytes behind this text, wherever it is.
fn says(bytes: &mut [u8], behind: &[u8], other: [u8; 2]) {
    let all = bytes.windows(behind.len()).enumerate();
    let found = all.filter(|(_, part)| *part == behind);
    let found: Vec<_> = found.map(|(at, _)| at + behind.len()).collect();
    for at in found {
        if let Some(place) = bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&other);
        }
    }
}

/// As `forward`, where everything arrives so much later.
fn later(from: &mut TcpStream, to: &TcpStream, delay: Duration, shared: &Shared) -> Result<()> {
    let queue = Queue::default();
    thread::scope(|scope| {
        let mut to = to;
        let queue = &queue;
        scope.spawn(move || {
            while let Some((due, bytes)) = queue.next() {
                thread::sleep(due.saturating_duration_since(Instant::now() + LATE));
                if to.write_all(&bytes).is_err() {
                    queue.ends();
                    // Wakes whoever reads for it.
                    let _ = to.shutdown(Shutdown::Both);
                }
            }
        });
        let mut end = Sending { queue, delay };
        let read = forward(from, &mut end, Way::ToClient, shared);
        queue.ends();
        read
    })
}

/// What is to arrive, and when.
type Piece = (Instant, Vec<u8>);

#[derive(Default)]
struct Queue {
    under_way: Mutex<(VecDeque<Piece>, bool)>,
    changed: Condvar,
}

impl Queue {
    fn next(&self) -> Option<(Instant, Vec<u8>)> {
        let under_way = self.under_way.lock().expect("a queue");
        let empty = |(queue, is_over): &mut (VecDeque<_>, bool)| queue.is_empty() && !*is_over;
        let mut under_way = self.changed.wait_while(under_way, empty).expect("a queue");
        let next = under_way.0.pop_front();
        self.changed.notify_all();
        next
    }

    /// What is under way arrives; nothing more is taken.
    fn ends(&self) {
        self.under_way.lock().expect("a queue").1 = true;
        self.changed.notify_all();
    }
}

struct Sending<'q> {
    queue: &'q Queue,
    delay: Duration,
}

impl Write for Sending<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let due = Instant::now() + self.delay;
        let under_way = self.queue.under_way.lock().expect("a queue");
        let full =
            |(queue, is_over): &mut (VecDeque<_>, bool)| queue.len() >= UNDER_WAY && !*is_over;
        let mut under_way = self
            .queue
            .changed
            .wait_while(under_way, full)
            .expect("a queue");
        if under_way.1 {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        under_way.0.push_back((due, bytes.to_vec()));
        self.queue.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// PostgreSQL's messages, as far as one must know where they end: a letter, and four bytes of length that count themselves.
struct Messages {
    came: Vec<u8>,
    /// The first one of a client has no letter.
    is_first: bool,
}

/// So many bytes go on; behind them nothing does, if it ends there.
struct Whole {
    bytes: usize,
    ends: bool,
}

impl Messages {
    fn of(way: Way) -> Messages {
        Messages {
            came: Vec::new(),
            is_first: way == Way::ToServer,
        }
    }

    /// The messages that are whole, up to one at which it ends.
    fn whole(&mut self, mut ends: impl FnMut(&[u8]) -> bool) -> Whole {
        let mut bytes = 0;
        loop {
            let letter = usize::from(!self.is_first);
            let rest = &self.came[bytes..];
            let Some(length) = rest.get(letter..letter + 4) else {
                return Whole { bytes, ends: false };
            };
            let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
            let Some(message) = rest.get(..letter + length as usize) else {
                return Whole { bytes, ends: false };
            };
            if !self.is_first && ends(message) {
                return Whole { bytes, ends: true };
            }
            self.is_first = false;
            bytes += message.len();
        }
    }
}

/// Does a client commit with this? By a simple query, or by one that it prepares.
fn is_commit(message: &[u8]) -> bool {
    let text = match message[0] {
        b'Q' => message.get(5..),
        // Behind the name of the statement.
        b'P' => message
            .get(5..)
            .and_then(|both| both.splitn(2, |byte| *byte == 0).nth(1)),
        _ => None,
    };
    let text = text.and_then(|text| text.split(|byte| *byte == 0).next());
    let text = text.map(String::from_utf8_lossy).unwrap_or_default();
    let mut statements = text.split(';').map(str::trim);
    statements.any(|one| {
        one.get(..6)
            .is_some_and(|word| word.eq_ignore_ascii_case("commit"))
    })
}

/// Does the server say with this that a transaction is committed?
fn is_committed(message: &[u8]) -> bool {
    message[0] == b'C' && message.get(5..) == Some(b"COMMIT\0")
}

#[test]
fn commits_are_known() {
    let message = |letter: u8, text: &[u8]| {
        let length = u32::try_from(text.len() + 4).expect("a short text");
        [&[letter], &length.to_be_bytes()[..], text].concat()
    };
    assert!(is_commit(&message(b'Q', b"COMMIT\0")));
    assert!(is_commit(&message(
        b'Q',
        b"INSERT INTO a VALUES (1); commit;\0"
    )));
    assert!(is_commit(&message(b'P', b"s1\0COMMIT\0\0\0")));
    assert!(!is_commit(&message(b'Q', b"SELECT 'commit'\0")));
    assert!(!is_commit(&message(b'P', b"commit\0SELECT 1\0\0\0")));
    assert!(is_committed(&message(b'C', b"COMMIT\0")));
    assert!(!is_committed(&message(b'C', b"BEGIN\0")));
    let mut messages = Messages::of(Way::ToClient);
    messages.came = [
        message(b'C', b"BEGIN\0"),
        message(b'C', b"COMMIT\0"),
        vec![b'Z', 0],
    ]
    .concat();
    let whole = messages.whole(is_committed);
    assert_eq!((whole.bytes, whole.ends), (11, true));
    let whole = messages.whole(|_| false);
    assert_eq!((whole.bytes, whole.ends), (23, false));
}
