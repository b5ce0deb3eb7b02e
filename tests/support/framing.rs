//! Where do heads and bodies of HTTP/1.1 end, as far as a proxy must know?

use std::net::IpAddr;

/// The first line and the headers, as they came.
pub struct Head {
    raw: Vec<u8>,
    first: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// How long the head is that begins here, if it is whole.
    pub fn end(bytes: &[u8]) -> Option<usize> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some(end + 4)
    }

    pub fn read(raw: &[u8]) -> Head {
        let text = String::from_utf8_lossy(raw);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_lowercase()))
            .collect();
        Head {
            raw: raw.to_vec(),
            first,
            headers,
        }
    }

    fn word(&self, at: usize) -> &str {
        self.first.split(' ').nth(at).unwrap_or_default()
    }

    pub fn method(&self) -> &str {
        self.word(0)
    }

    pub fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    pub fn has(&self, name: &str) -> bool {
        self.header(name).is_some()
    }

    /// A header's value in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|coding| coding.contains("chunked"))
    }

    pub fn keeps_alive(&self) -> bool {
        let wish = self.header("connection").unwrap_or_default();
        let is_1_1 = self.first.contains("HTTP/1.1");
        !wish.contains("close") && (is_1_1 || wish.contains("keep-alive"))
    }

    pub fn is_of_socket_io(&self) -> bool {
        self.word(1).contains("/socket.io/")
    }

    /// The Socket.IO session that a request belongs to.
    pub fn session(&self) -> Option<String> {
        let (_, query) = self.word(1).split_once('?')?;
        let pairs = form_urlencoded::parse(query.as_bytes());
        let mut sids = pairs.filter(|(name, _)| name == "sid");
        self.is_of_socket_io()
            .then(|| Some(sids.next()?.1.into_owned()))?
    }

    /// The head with one more line: whom the proxy brings this from.
    pub fn forwarded_for(&self, client: IpAddr) -> Vec<u8> {
        let lines = &self.raw[..self.raw.len() - 2];
        let line = format!("X-Forwarded-For: {client}\r\n\r\n");
        [lines, line.as_bytes()].concat()
    }
}

/// How much of a body is to come.
pub enum Body {
    /// So many bytes.
    Left(usize),
    Chunked(Chunk),
    /// All that comes until the connection ends.
    Endless,
}

/// Where in a chunked body we are.
pub enum Chunk {
    /// In the line that says how long the next one is, of which this has come.
    Size(Vec<u8>),
    /// So many bytes before the next line.
    Bytes(usize),
    /// In the lines behind the last one, in one that is so long by now.
    Trailer(usize),
    Over,
}

impl Body {
    pub fn none() -> Body {
        Body::Left(0)
    }

    pub fn of_request(head: &Head) -> Body {
        if head.is_chunked() {
            return Body::Chunked(Chunk::Size(Vec::new()));
        }
        Body::Left(head.header("content-length").map_or(0, length))
    }

    pub fn of_answer(head: &Head) -> Body {
        match (head.status(), head.header("content-length")) {
            (204 | 304, _) => Body::none(),
            _ if head.is_chunked() => Body::Chunked(Chunk::Size(Vec::new())),
            (_, Some(given)) => Body::Left(length(given)),
            (_, None) => Body::Endless,
        }
    }

    /// How many of these bytes belong to it.
    pub fn takes(&mut self, bytes: &[u8]) -> usize {
        match self {
            Body::Endless => bytes.len(),
            Body::Left(left) => {
                let taken = bytes.len().min(*left);
                *left -= taken;
                taken
            }
            Body::Chunked(chunk) => {
                let mut taken = 0;
                while taken < bytes.len() && !matches!(chunk, Chunk::Over) {
                    taken += chunk.takes(&bytes[taken..]);
                }
                taken
            }
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self, Body::Left(0) | Body::Chunked(Chunk::Over))
    }

    pub fn ends_with_connection(&self) -> bool {
        matches!(self, Body::Endless)
    }
}

impl Chunk {
    /// Takes at least one byte.
    fn takes(&mut self, bytes: &[u8]) -> usize {
        match self {
            Chunk::Bytes(left) => {
                let taken = bytes.len().min(*left);
                *left -= taken;
                if *left == 0 {
                    *self = Chunk::Size(Vec::new());
                }
                taken
            }
            Chunk::Size(line) => {
                line.push(bytes[0]);
                if bytes[0] == b'\n' {
                    let digits = String::from_utf8_lossy(line);
                    let digits = digits.split(';').next().unwrap_or_default().trim();
                    *self = match usize::from_str_radix(digits, 16) {
                        // With the end of the line behind it.
                        Ok(size @ 1..) => Chunk::Bytes(size + 2),
                        _ => Chunk::Trailer(0),
                    };
                }
                1
            }
            Chunk::Trailer(length) => {
                *self = match (bytes[0], *length) {
                    (b'\n', 0) => Chunk::Over,
                    (b'\n', _) => Chunk::Trailer(0),
                    (b'\r', length) => Chunk::Trailer(length),
                    (_, length) => Chunk::Trailer(length + 1),
                };
                1
            }
            Chunk::Over => 0,
        }
    }
}

fn length(given: &str) -> usize {
    given.parse().unwrap_or(0)
}

#[test]
fn a_body_ends_where_it_says() {
    let head = |lines: &str| Head::read(format!("POST / HTTP/1.1\r\n{lines}\r\n\r\n").as_bytes());
    for (lines, bytes, length) in [
        ("Host: a", "GET", 0),
        ("Content-Length: 3", "abcGET", 3),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\nGET", 13),
        (
            "Transfer-Encoding: chunked",
            "A;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\nGET",
            30,
        ),
    ] {
        let mut whole = Body::of_request(&head(lines));
        assert_eq!(whole.takes(bytes.as_bytes()), length, "{bytes}");
        assert!(whole.is_over(), "{bytes}");
        // However it is cut into pieces.
        let mut pieces = Body::of_request(&head(lines));
        let taken: usize = bytes.bytes().map(|byte| pieces.takes(&[byte])).sum();
        assert_eq!(taken, length, "{bytes}");
    }
}
