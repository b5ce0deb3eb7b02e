//! What does any connection need that must never hold up the others: bytes out as far as they go, bytes in as they come?

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use anyhow::{bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub struct Wire {
    pub stream: TcpStream,
    /// The beginning of something whose rest has not come yet.
    pub unread: Vec<u8>,
    unsent: Vec<u8>,
}

/// Room for what one look may find; larger than anything that is sent here.
pub fn scratch() -> Vec<u8> {
    vec![0; 256 * 1024]
}

impl Wire {
    pub fn new(stream: TcpStream, unread: Vec<u8>) -> Self {
        Self {
            stream,
            unread,
            unsent: Vec::new(),
        }
    }

    /// Puts bytes in line; `flush` sends them.
    pub fn say(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Sends what is in line, as much as the connection takes now.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        let mut sent = 0;
        while sent < self.unsent.len() {
            match self.stream.write(&self.unsent[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.unsent.drain(..sent);
        Ok(())
    }

    /// Shows what has come since the last look, again and again, until no whole piece stands at its start:
    /// `take` says how long that piece was.
    pub fn look(
        &mut self,
        scratch: &mut [u8],
        mut take: impl FnMut(&[u8]) -> anyhow::Result<Option<usize>>,
    ) -> anyhow::Result<()> {
        let mut filled = self.unread.len();
        scratch[..filled].copy_from_slice(&self.unread);
        self.unread.clear();
        loop {
            let count = match self.stream.read(&mut scratch[filled..]) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error.into()),
            };
            filled += count;
            let mut begin = 0;
            while let Some(length) = take(&scratch[begin..filled])? {
                begin += length;
            }
            let full = filled == scratch.len();
            scratch.copy_within(begin..filled, 0);
            filled -= begin;
            // A read that did not fill the room emptied the connection: asking again would only cost a call.
            if !full {
                self.unread.extend_from_slice(&scratch[..filled]);
                return Ok(());
            }
            ensure!(
                filled < scratch.len(),
                "a piece of more than {} bytes",
                scratch.len()
            );
        }
    }
}

/// Sleeps until one of these has something to read, or the time is over. Only for few: each costs with every call.
pub fn wait_for<'a>(
    wires: impl Iterator<Item = &'a Wire>,
    longest: Duration,
) -> anyhow::Result<()> {
    let fds: Vec<BorrowedFd<'_>> = wires.map(|wire| wire.stream.as_fd()).collect();
    let mut asked: Vec<_> = fds
        .iter()
        .map(|fd| PollFd::new(fd, PollFlags::IN))
        .collect();
    poll(&mut asked, Some(&Timespec::try_from(longest)?))?;
    Ok(())
}
