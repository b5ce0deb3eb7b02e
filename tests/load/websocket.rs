//! How little does a Socket.IO client over a websocket need, and what does each byte cost it?
//!
//! Only what a load needs: text frames, one thread, no waiting once set up. Nothing is parsed beyond
//! frame headers, so this program leaves the processors to the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::wire::Wire;

/// Asks for a websocket, and for nothing else.
pub const UPGRADE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub struct Socket {
    pub wire: Wire,
}

impl Socket {
    /// Connects to the namespace `/` as whoever owns the token, and waits until let in.
    pub fn open(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let mut socket = Self::upgrade(address)?;
        let welcome = socket.wait()?;
        ensure!(welcome.starts_with('0'), "Engine.IO opens, not {welcome}");
        socket.say(&format!("40{{\"token\":\"{token}\"}}"));
        socket.flush()?;
        let answer = socket.wait()?;
        ensure!(answer.starts_with("40"), "refused: {answer}");
        Ok(socket)
    }

    fn upgrade(address: SocketAddr) -> anyhow::Result<Self> {
        // A server may take only so many newcomers at a time; then it says so, and we come back.
        for attempt in 0..100 {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream.write_all(UPGRADE.as_bytes())?;
            let mut head = Vec::new();
            let end = loop {
                if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                    break end + 4;
                }
                let mut more = [0; 1024];
                let count = stream
                    .read(&mut more)
                    .context("the answer to the upgrade")?;
                ensure!(count > 0, "closed while upgrading");
                head.extend_from_slice(&more[..count]);
            };
            let status = head.get(9..12).unwrap_or_default();
            match status {
                b"101" => {
                    // The first frame may have come along with the head.
                    let unread = head.split_off(end);
                    return Ok(Self {
                        wire: Wire::new(stream, unread),
                    });
                }
                b"429" | b"503" if attempt < 99 => std::thread::sleep(Duration::from_millis(100)),
                _ => bail!("no upgrade: {}", String::from_utf8_lossy(&head)),
            }
        }
        unreachable!("the last attempt returns or fails")
    }

    /// Says these events and waits until all are acknowledged; only before the load begins.
    pub fn ask(&mut self, events: &[String]) -> anyhow::Result<()> {
        for event in events {
            self.say(&format!("420{event}"));
        }
        self.flush()?;
        let mut answered = 0;
        while answered < events.len() {
            let heard = self.wait()?;
            if heard.starts_with("430") {
                ensure!(heard.contains("\"ok\":true"), "{events:?}: {heard}");
                answered += 1;
            }
        }
        Ok(())
    }

    /// Waits for the next packet, answering pings.
    fn wait(&mut self) -> anyhow::Result<String> {
        let mut scratch = [0; 4096];
        loop {
            let wire = &mut self.wire;
            if let Some((frame, length)) = Frame::at_start_of(&wire.unread)? {
                let text = String::from_utf8_lossy(frame.payload).into_owned();
                let kind = frame.kind;
                wire.unread.drain(..length);
                match (kind, text.as_str()) {
                    (Kind::Text, "2") => self.say("3"),
                    (Kind::Text, _) => return Ok(text),
                    (Kind::Other, _) => {}
                }
                continue;
            }
            self.flush()?;
            let wire = &mut self.wire;
            let count = wire
                .stream
                .read(&mut scratch)
                .context("waiting for a packet")?;
            ensure!(count > 0, "closed while waiting for a packet");
            wire.unread.extend_from_slice(&scratch[..count]);
        }
    }

    /// From here on nothing waits.
    pub fn never_wait(&mut self) -> anyhow::Result<()> {
        Ok(self.wire.stream.set_nonblocking(true)?)
    }

    /// Puts a packet in line; `flush` sends it.
    pub fn say(&mut self, packet: &str) {
        // A client must mask, and a mask of zeros is a mask: the text goes out as it is.
        const MASKED: u8 = 0x80;
        let length = u16::try_from(packet.len()).expect("flags bound a text to 8,000 bytes");
        let [high, low] = length.to_be_bytes();
        if length < 126 {
            self.wire.say(&[0x81, MASKED | low]);
        } else {
            self.wire.say(&[0x81, MASKED | 126, high, low]);
        }
        self.wire.say(&[0; 4]);
        self.wire.say(packet.as_bytes());
    }

    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.wire.flush()
    }

    /// Shows every packet that has come since the last look; pings are answered at the next `flush`.
    pub fn look(&mut self, scratch: &mut [u8], mut show: impl FnMut(&[u8])) -> anyhow::Result<()> {
        let mut pings = 0;
        self.wire.look(scratch, |bytes| {
            let Some((frame, length)) = Frame::at_start_of(bytes)? else {
                return Ok(None);
            };
            match (frame.kind, frame.payload) {
                (Kind::Text, b"2") => pings += 1,
                (Kind::Text, packet) => show(packet),
                (Kind::Other, _) => {}
            }
            Ok(Some(length))
        })?;
        for _ in 0..pings {
            self.say("3");
        }
        Ok(())
    }
}

struct Frame<'a> {
    kind: Kind,
    payload: &'a [u8],
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Other,
}

impl Frame<'_> {
    /// The first frame and its whole length, if all of it is there.
    fn at_start_of(bytes: &[u8]) -> anyhow::Result<Option<(Frame<'_>, usize)>> {
        let Some(&[_, short]) = bytes.first_chunk() else {
            return Ok(None);
        };
        let long = bytes[2..]
            .first_chunk()
            .map(|length| u16::from_be_bytes(*length));
        let longest = bytes[2..]
            .first_chunk()
            .map(|length| u64::from_be_bytes(*length));
        let (head, length) = match short {
            ..126 => (2_usize, Some(u64::from(short))),
            126 => (4, long.map(u64::from)),
            127 => (10, longest),
            _ => bail!("a server must not mask"),
        };
        let Some(length) = length else {
            return Ok(None);
        };
        let length = usize::try_from(length)?;
        let Some(payload) = bytes.get(head..head.saturating_add(length)) else {
            return Ok(None);
        };
        let kind = match bytes[0] {
            0x81 => Kind::Text,
            0x82 | 0x89 | 0x8a => Kind::Other,
            0x88 => bail!(
                "the server said goodbye: {:?}",
                String::from_utf8_lossy(payload)
            ),
            other => bail!("a frame that begins with {other:#x}"),
        };
        Ok(Some((Frame { kind, payload }, head + length)))
    }
}
