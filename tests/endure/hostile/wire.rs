//! How does an attacker get to the server? From any of a thousand addresses, byte by byte, and reading only what it wants.

use crate::support::packet::{self, Kind, Packet};
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Client addresses that an attack comes from.
pub const ADDRESSES: usize = 1_000;
/// What a system takes for a program that reads nothing, in bytes.
const NARROW: u32 = 16 << 10;
/// How long an attacker waits for anything.
const ANSWER: Duration = Duration::from_secs(10);

pub type Websocket = WebSocketStream<TcpStream>;

/// One of the thousand, round and round. All of 127.0.0.0/8 is this machine, and calm people come from 127.0.0.1.
pub fn address(number: usize) -> IpAddr {
    let [hundreds, rest] = [number % ADDRESSES / 100, number % 100];
    IpAddr::from([127, 1, hundreds as u8, rest as u8 + 1])
}

/// A connection whose system takes little beyond what is read.
pub async fn connect(server: SocketAddr, from: IpAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(NARROW)?;
    socket.bind(SocketAddr::new(from, 0))?;
    let connection = within(socket.connect(server)).await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

async fn within<T>(what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let done = timeout(ANSWER, what).await;
    done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The head of a request, and its JSON behind it if there is any.
pub fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Vec<u8> {
    let mut asked = format!("{method} {path} HTTP/1.1\r\nHost: chat\r\n");
    if !token.is_empty() {
        asked += &format!("Authorization: Bearer {token}\r\n");
    }
    match body.map(Value::to_string) {
        Some(body) => {
            let length = body.len();
            asked += "Content-Type: application/json\r\n";
            asked += &format!("Content-Length: {length}\r\n\r\n{body}");
        }
        None => asked += "\r\n",
    }
    asked.into_bytes()
}

/// Asks on a connection that stays open, and reads the whole answer: its status and its body.
pub async fn ask(connection: &mut TcpStream, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    within(async {
        connection.write_all(request).await?;
        let (mut head, mut body) = (Vec::new(), Vec::new());
        let end = loop {
            if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if connection.read_buf(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        body.extend(head.split_off(end));
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let length = head.split("content-length:").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
        while body.len() < length.unwrap_or(0) {
            if connection.read_buf(&mut body).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok((status, body))
    })
    .await
}

/// A websocket that has said nothing yet; `query` begins with `&` if there is one.
pub async fn websocket(server: SocketAddr, from: IpAddr, query: &str) -> io::Result<Websocket> {
    let connection = connect(server, from).await?;
    let url = format!("ws://{server}/socket.io/?EIO=4&transport=websocket{query}");
    let opening = async {
        let opened = client_async(url, connection).await;
        opened.map(|(wire, _)| wire).map_err(io::Error::other)
    };
    within(opening).await
}

/// A websocket in a namespace, by its token.
pub async fn guest(
    server: SocketAddr,
    from: IpAddr,
    namespace: &str,
    auth: &Value,
) -> io::Result<Websocket> {
    let mut wire = websocket(server, from, "").await?;
    say(&mut wire, packet::connect(namespace, auth)).await?;
    is_let_in(&mut wire).await?;
    Ok(wire)
}

/// Waits for the answer to CONNECT.
pub async fn is_let_in(wire: &mut Websocket) -> io::Result<()> {
    loop {
        let packet = hear(wire).await?;
        match packet.kind {
            Kind::Connect => return Ok(()),
            Kind::ConnectError => return Err(io::Error::other(packet.data.to_string())),
            _ => {}
        }
    }
}

/// Says one Engine.IO packet, unless nobody takes it for long.
pub async fn say(wire: &mut Websocket, words: String) -> io::Result<()> {
    within(async {
        let said = wire.send(Message::text(words)).await;
        said.map_err(io::Error::other)
    })
    .await
}

/// The next packet of Socket.IO's, pings answered.
pub async fn hear(wire: &mut Websocket) -> io::Result<Packet> {
    loop {
        let heard = within(async {
            let heard = wire.next().await.ok_or(io::ErrorKind::UnexpectedEof)?;
            heard.map_err(io::Error::other)
        });
        match heard.await? {
            Message::Text(text) if text == "2" => say(wire, "3".to_owned()).await?,
            Message::Text(text) => {
                if let Some(packet) = text.strip_prefix('4').and_then(Packet::read) {
                    return Ok(packet);
                }
            }
            Message::Close(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
    }
}
