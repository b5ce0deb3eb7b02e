//! The door to a namespace: what a client brings, and whether it is let in.

use super::PATIENCE;
use super::packet::{self, Kind, Packet};
use super::socket::Socket;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// What a client brings to the door.
pub struct Entry {
    address: String,
    namespace: String,
    auth: Value,
    query: String,
    headers: Vec<(String, String)>,
}

impl Entry {
    pub fn to(address: &str) -> Self {
        let (address, namespace) = (address.to_owned(), "/".to_owned());
        Self {
            address,
            namespace,
            auth: json!({}),
            query: String::new(),
            headers: Vec::new(),
        }
    }

    pub fn auth(mut self, auth: Value) -> Self {
        self.auth = auth;
        self
    }

    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = namespace.to_owned();
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        self.query = format!("&{query}");
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A socket, or the words with which it was refused: by `connect_error`, or at the handshake already.
    pub async fn connect(self) -> Result<Socket, String> {
        self.knocks().await?.asks().await
    }

    /// A websocket that has not asked to be let in yet, or the words with which it was refused.
    pub async fn knocks(self) -> Result<AtTheDoor, String> {
        timeout(PATIENCE, self.knock())
            .await
            .unwrap_or_else(|_| panic!("the handshake was not answered"))
    }

    async fn knock(self) -> Result<AtTheDoor, String> {
        let url = format!(
            "ws://{}/socket.io/?EIO=4&transport=websocket{}",
            self.address, self.query
        );
        let mut request = url.into_client_request().expect("the URL is one");
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            request.headers_mut().insert(
                name,
                HeaderValue::from_str(value).expect("a header's value"),
            );
        }
        let stream = TcpStream::connect(&self.address)
            .await
            .map_err(|why| why.to_string())?;
        // As every client's library asks its system: no word waits for the answer to the one before.
        stream.set_nodelay(true).expect("a connection");
        let (mut wire, _) = client_async(request, stream)
            .await
            .map_err(|why| match why {
                Error::Http(answer) => format!("{} at the handshake", answer.status()),
                other => other.to_string(),
            })?;
        let opening = next_text(&mut wire).await?;
        assert!(
            opening.starts_with('0'),
            "Engine.IO opens with its packet 0, not {opening}"
        );
        Ok(AtTheDoor { entry: self, wire })
    }
}

/// A client whose Engine.IO session is open, and which is in no namespace yet.
pub struct AtTheDoor {
    entry: Entry,
    wire: WebSocketStream<TcpStream>,
}

impl AtTheDoor {
    /// A socket, or the words with which it was refused by `connect_error`, or how the connection ended.
    pub async fn asks(self) -> Result<Socket, String> {
        timeout(PATIENCE, self.ask())
            .await
            .unwrap_or_else(|_| panic!("the socket was neither let in nor refused"))
    }

    async fn ask(mut self) -> Result<Socket, String> {
        let namespace = self.entry.namespace;
        let asking = packet::connect(&namespace, &self.entry.auth);
        self.wire
            .send(Message::text(asking))
            .await
            .map_err(|why| why.to_string())?;
        let answer = next_text(&mut self.wire).await?;
        let answer = answer
            .strip_prefix('4')
            .and_then(Packet::read)
            .ok_or(format!("{answer} in answer to CONNECT"))?;
        assert_eq!(
            answer.namespace, namespace,
            "the answer to CONNECT names the namespace"
        );
        match answer.kind {
            Kind::Connect => Ok(Socket::on(self.wire, namespace)),
            Kind::ConnectError => Err(answer.data["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned()),
            other => panic!("{other:?} in answer to CONNECT"),
        }
    }
}

async fn next_text(wire: &mut WebSocketStream<TcpStream>) -> Result<String, String> {
    loop {
        match wire.next().await {
            Some(Ok(Message::Text(text))) if text == "2" => {
                wire.send(Message::text("3"))
                    .await
                    .map_err(|why| why.to_string())?;
            }
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(_)) => {}
            Some(Err(why)) => return Err(why.to_string()),
            None => return Err("closed".to_owned()),
        }
    }
}
