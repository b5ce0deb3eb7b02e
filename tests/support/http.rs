//! One request, one connection, one answer: HTTP/1.1 with nothing between the scene and the wire.

use super::PATIENCE;
use super::documented;
use super::looks::{Expected, assert_looks_like};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    from: Option<IpAddr>,
}

impl Request {
    pub fn new(method: &str, path: impl AsRef<str>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.as_ref().to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            from: None,
        }
    }

    /// Asks from this client address, which must be one of this machine's.
    pub fn from(mut self, place: IpAddr) -> Self {
        self.from = Some(place);
        self
    }

    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.untyped(body).header("Content-Type", content_type)
    }

    /// A body that does not say what it is.
    pub fn untyped(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn form(self, form: Form) -> Self {
        let body = form.finished();
        self.body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }

    pub async fn send(self, address: &str) -> Answer {
        let asked = self.asked();
        let raw = timeout(3 * PATIENCE, self.talk(address))
            .await
            .unwrap_or_else(|_| panic!("{asked}: no answer"))
            .unwrap_or_else(|why| panic!("{asked}: {why}"));
        let answer = Answer::read(asked, &raw);
        documented::came_back(&answer.asked, &answer);
        answer
    }

    /// The same of a server that may end, stand still or not be there: `None` if no whole answer comes within that time.
    pub async fn tries(self, address: &str, patience: Duration) -> Option<Answer> {
        let raw = timeout(patience, self.talk(address)).await.ok()?.ok()?;
        raw.windows(4).find(|four| four == b"\r\n\r\n")?;
        let answer = Answer::read(self.asked(), &raw);
        let length = answer.header("content-length")?.parse();
        if length != Ok(answer.body.len()) {
            return None;
        }
        documented::came_back(&answer.asked, &answer);
        Some(answer)
    }

    fn asked(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whatever comes back until the server hangs up.
    async fn talk(&self, address: &str) -> std::io::Result<Vec<u8>> {
        let (mut from, mut to) = connect(address, self.from).await?.into_split();
        let names_a_host = self.headers.iter().any(|(name, _)| name == "Host");
        let host = if names_a_host {
            String::new()
        } else {
            format!("Host: {address}\r\n")
        };
        let asked = self.asked();
        let mut head = format!("{asked} HTTP/1.1\r\n{host}Connection: close\r\n");
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || !matches!(&*self.method, "GET" | "HEAD") {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        // A refusal may come before the whole body was taken: so write and read at once, and let the write fail.
        let writing = async {
            let _ = to.write_all(head.as_bytes()).await;
            let _ = to.write_all(&self.body).await;
            to
        };
        let mut raw = Vec::new();
        let reading = async { from.read_to_end(&mut raw).await };
        let (_still_open, _end) = tokio::join!(writing, reading);
        Ok(raw)
    }
}

async fn connect(address: &str, from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(from) = from else {
        return TcpStream::connect(address).await;
    };
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    let address = address.parse().map_err(std::io::Error::other)?;
    socket.connect(address).await
}

const BOUNDARY: &str = "the-scenes-boundary";

/// A `multipart/form-data` body as a browser would write it.
#[derive(Default)]
pub struct Form(Vec<u8>);

impl Form {
    pub fn file(name: &str, content_type: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::default().with_file("file", name, content_type, bytes)
    }

    pub fn with_file(
        self,
        field: &str,
        name: &str,
        content_type: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Self {
        let head = format!("name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {content_type}");
        self.part(&head, bytes.as_ref())
    }

    /// A field for each of the object's texts.
    pub fn fields(self, fields: &Value) -> Self {
        let fields = fields.as_object().expect("an object");
        fields.iter().fold(self, |form, (name, value)| {
            form.field(name, value.as_str().expect("forms know texts only"))
        })
    }

    pub fn field(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    fn part(mut self, head: &str, bytes: &[u8]) -> Self {
        self.0.extend(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes(),
        );
        self.0.extend(bytes);
        self.0.extend(b"\r\n");
        self
    }

    fn finished(mut self) -> Vec<u8> {
        self.0.extend(format!("--{BOUNDARY}--\r\n").bytes());
        self.0
    }
}

#[derive(Debug)]
pub struct Answer {
    asked: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn read(asked: String, raw: &[u8]) -> Self {
        let end = raw.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| {
            panic!(
                "{asked}: no whole answer, only {:?}",
                String::from_utf8_lossy(raw)
            )
        });
        let head = String::from_utf8_lossy(&raw[..end]);
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{asked}: no status in {head}"));
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self {
            asked,
            status,
            headers,
            body: raw[end + 4..].to_vec(),
        };
        if answer
            .header("transfer-encoding")
            .is_some_and(|coding| coding.contains("chunked"))
        {
            answer.body = joined_chunks(&answer.body)
                .unwrap_or_else(|| panic!("{}: broken chunks", answer.asked));
        }
        answer
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A header that must be there.
    #[track_caller]
    pub fn says(&self, name: &str) -> &str {
        self.header(name)
            .unwrap_or_else(|| panic!("{}: no {name} among {:?}", self.asked, self.headers))
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| {
            panic!(
                "{}: {} and no JSON ({why}): {}",
                self.asked,
                self.status,
                self.text()
            )
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn has_status(&self, status: u16) -> &Self {
        assert_eq!(
            self.status,
            status,
            "{}: the status, with the body {}",
            self.asked,
            self.text()
        );
        self
    }

    /// The status and the body are as expected; the body is handed on.
    #[track_caller]
    pub fn looks_like(&self, status: u16, expected: impl Into<Expected>) -> Value {
        self.has_status(status);
        let body = self.json();
        assert_looks_like(&body, expected, &self.asked);
        body
    }

    /// A refusal in the one envelope.
    #[track_caller]
    pub fn refused(&self, status: u16) -> &Self {
        self.has_status(status);
        let body = self.json();
        let reason = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            429 => "Too Many Requests",
            // The standard has renamed the others in the course of time.
            _ => body["error"].as_str().unwrap_or_default(),
        };
        let envelope = serde_json::json!({ "success": false, "statusCode": status, "error": reason, "errors": ["…"] });
        assert_looks_like(&body, envelope, &self.asked);
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|said| !said.is_empty()),
            "{}: no message in {body}",
            self.asked
        );
        assert!(!reason.is_empty(), "{}: no error in {body}", self.asked);
        self
    }

    /// A 400 that says which fields are wrong, each by its name.
    #[track_caller]
    pub fn refused_for(&self, fields: &[&str]) -> &Self {
        self.refused(400);
        let body = self.json();
        let errors = body["errors"].as_array().expect("the envelope has errors");
        for field in fields {
            let named = errors
                .iter()
                .any(|error| error.as_str().is_some_and(|error| error.contains(field)));
            assert!(named, "{}: {field} is not named in {errors:?}", self.asked);
        }
        self
    }
}

fn joined_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
}
