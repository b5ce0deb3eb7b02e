//! How long does it take until everybody is back whose connection broke at the same moment?

use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use crate::crowd::{self, SOCKETS_PER_ACCOUNT};
use crate::server::Server;
use crate::shape::Shape;
use crate::websocket::{Socket, UPGRADE};
use crate::wire::{Wire, scratch};
use crate::{Results, rounded};

/// How many are on their way at a time: what a server's backlog takes without losing any.
const AT_A_TIME: usize = 128;

/// How far somebody has come who comes back.
enum Stage {
    Upgrading,
    /// Engine.IO has not opened yet.
    Opening,
    Connecting,
    Joining,
    Back,
}

struct Returning {
    socket: Socket,
    stage: Stage,
    token: String,
    room: String,
    upgraded: bool,
}

pub fn measure(server: &Server, shape: &Shape, count: u32) -> anyhow::Result<Results> {
    let count = count as usize;
    let accounts = count.div_ceil(SOCKETS_PER_ACCOUNT);
    let tokens = (0..accounts)
        .map(|number| crowd::sign_up(server, number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let rooms = (0..count.div_ceil(shape.room_size as usize))
        .map(|number| crowd::open_room(server, &tokens[number % accounts], number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let whose = |number: usize| {
        let (token, room) = (
            number / SOCKETS_PER_ACCOUNT,
            number / shape.room_size as usize,
        );
        (tokens[token].as_str(), rooms[room].as_str())
    };

    let there = come(server, shape, count, whose)?;
    // All at once, without a goodbye.
    drop(there);
    std::thread::sleep(Duration::from_millis(300));
    let (before, begin) = (server.usage()?, Instant::now());
    let back = come(server, shape, count, whose)?;
    let took = begin.elapsed().as_secs_f64();
    let after = server.usage()?;
    ensure!(back.len() == count, "{} of {count} came back", back.len());
    #[allow(clippy::cast_precision_loss)] // some thousands
    let each = count as f64;
    let cpu = after.cpu_seconds - before.cpu_seconds;
    Ok(vec![
        ("sockets", count.into()),
        ("seconds_until_all_are_back", rounded(took).into()),
        ("returns_per_second", rounded(each / took).into()),
        ("server_cpu_us_per_return", rounded(cpu * 1e6 / each).into()),
    ])
}

/// Everybody comes and joins their room.
fn come<'a>(
    server: &Server,
    shape: &Shape,
    count: usize,
    whose: impl Fn(usize) -> (&'a str, &'a str),
) -> anyhow::Result<Vec<Socket>> {
    let (mut there, mut coming) = (Vec::with_capacity(count), Vec::new());
    let (mut begun, mut scratch) = (0, scratch());
    let deadline = Instant::now() + Duration::from_secs(60);
    while there.len() < count {
        ensure!(
            Instant::now() < deadline,
            "{} of {count} came in 60 s",
            there.len()
        );
        while begun < count && coming.len() < AT_A_TIME {
            let (token, room) = whose(begun);
            coming.push(Returning::knock(server, token, room)?);
            begun += 1;
        }
        let mut at = 0;
        while at < coming.len() {
            let one = &mut coming[at];
            one.advance(shape, &mut scratch)?;
            one.socket.flush()?;
            match one.stage {
                Stage::Back => there.push(coming.swap_remove(at).socket),
                _ => at += 1,
            }
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(there)
}

impl Returning {
    fn knock(server: &Server, token: &str, room: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut wire = Wire::new(stream, Vec::new());
        wire.say(UPGRADE.as_bytes());
        wire.flush()?;
        Ok(Self {
            socket: Socket { wire },
            stage: Stage::Upgrading,
            token: token.to_owned(),
            room: room.to_owned(),
            upgraded: false,
        })
    }

    /// Takes what has come, and says what is next.
    fn advance(&mut self, shape: &Shape, scratch: &mut [u8]) -> anyhow::Result<()> {
        if !self.upgraded && !self.upgrade(scratch)? {
            return Ok(());
        }
        let mut packets = Vec::new();
        self.socket.look(scratch, |packet| {
            packets.push(String::from_utf8_lossy(packet).into_owned());
        })?;
        for packet in packets {
            self.stage = match self.stage {
                Stage::Opening if packet.starts_with('0') => {
                    let token = &self.token;
                    self.socket.say(&format!("40{{\"token\":\"{token}\"}}"));
                    Stage::Connecting
                }
                Stage::Connecting if packet.starts_with("40") => {
                    let event = crowd::joining(shape.dialect, &self.room);
                    self.socket.say(&format!("420{event}"));
                    Stage::Joining
                }
                Stage::Joining if packet.contains("\"ok\":true") => Stage::Back,
                _ => bail!("refused: {packet}"),
            };
        }
        Ok(())
    }

    /// Reads the answer to the upgrade; what came behind it is the socket's.
    fn upgrade(&mut self, scratch: &mut [u8]) -> anyhow::Result<bool> {
        let mut status = None;
        self.socket.wire.look(scratch, |bytes| {
            if status.is_some() {
                return Ok(None);
            }
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            Ok(end.map(|end| {
                status = Some(String::from_utf8_lossy(&bytes[..end]).into_owned());
                end + 4
            }))
        })?;
        let Some(head) = status else { return Ok(false) };
        ensure!(head.starts_with("HTTP/1.1 101"), "no upgrade: {head}");
        (self.upgraded, self.stage) = (true, Stage::Opening);
        Ok(true)
    }
}
