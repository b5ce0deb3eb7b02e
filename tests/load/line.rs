//! What does a client of the REST API need that keeps its connection, and what does each byte cost it?

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

use crate::wire::Wire;

/// A connection that is kept; one request at a time.
pub struct Line {
    pub wire: Wire,
}

/// What was answered.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Line {
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            wire: Wire::new(stream, Vec::new()),
        })
    }

    /// Shows every answer that has come whole.
    pub fn look(
        &mut self,
        scratch: &mut [u8],
        mut show: impl FnMut(Answer<'_>),
    ) -> anyhow::Result<()> {
        self.wire.look(scratch, |bytes| {
            let Some((answer, length)) = Answer::at_start_of(bytes)? else {
                return Ok(None);
            };
            show(answer);
            Ok(Some(length))
        })
    }
}

/// A request as it stands on the wire.
pub fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let authorization = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let content = match body {
        "" => String::new(),
        body => format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        ),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}{content}\r\n{body}")
        .into_bytes()
}

impl Answer<'_> {
    /// The first answer and its whole length, if all of it is there. Who answers in chunks is not read here.
    fn at_start_of(bytes: &[u8]) -> anyhow::Result<Option<(Answer<'_>, usize)>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = str::from_utf8(&bytes[..end])?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|first| first.split(' ').nth(1));
        let status = status
            .and_then(|status| status.parse().ok())
            .with_context(|| format!("no status: {head}"))?;
        let length: usize = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse().ok())
            .with_context(|| format!("no length: {head}"))?;
        let body = bytes.get(end + 4..end + 4 + length);
        Ok(body.map(|body| (Answer { status, body }, end + 4 + length)))
    }
}
