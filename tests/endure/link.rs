//! A client's connection, by websocket or by long-polling, that can be lost in every way in which connections are.

use super::tongues::Tongue;
use crate::support::packet::{self, Kind, Packet};
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Between the packets in the body of a poll.
const BETWEEN: char = '\u{1e}';

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Websocket,
    /// A websocket whose client's system takes little beyond what is read.
    NarrowWebsocket,
    Polling,
}

#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// The program ends; its system says goodbye for it.
    Close,
    /// A word in the middle, then nothing.
    MidFrame,
    /// Not even a goodbye.
    Reset,
}

pub struct Link {
    wire: Wire,
    came: VecDeque<Packet>,
}

enum Wire {
    Web(Box<WebSocketStream<TcpStream>>),
    Poll { address: String, path: String },
}

impl Link {
    /// Connects and is let in, or is told why not.
    pub async fn open(
        address: &str,
        by: By,
        tongue: &Tongue,
        auth: &Value,
    ) -> Result<Link, String> {
        let wire = match by {
            By::Websocket | By::NarrowWebsocket => {
                let socket = TcpSocket::new_v4().expect("a socket");
                if by == By::NarrowWebsocket {
                    let small = socket.set_recv_buffer_size(16 << 10);
                    small.expect("the kernel holds little");
                }
                let place = address.parse().expect("an address");
                let stream = socket.connect(place).await;
                let stream = stream.map_err(|why| why.to_string())?;
                let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
                let (wire, _) = client_async(url, stream)
                    .await
                    .map_err(|why| why.to_string())?;
                Wire::Web(Box::new(wire))
            }
            By::Polling => {
                let path = "/socket.io/?EIO=4&transport=polling";
                let opened = polls(Request::new("GET", path), address).await;
                let words = opened.ok_or("closed")?.text();
                let opened: Option<Value> = words
                    .get(1..)
                    .and_then(|open| serde_json::from_str(open).ok());
                let opened = opened.ok_or(words)?;
                let sid = opened["sid"].as_str().ok_or("no session")?;
                let path = format!("{path}&sid={sid}");
                Wire::Poll {
                    address: address.to_owned(),
                    path,
                }
            }
        };
        let mut link = Link {
            wire,
            came: VecDeque::new(),
        };
        link.say(packet::connect(tongue.namespace, auth)).await;
        match link.next().await {
            Some(packet) if packet.kind == Kind::Connect => Ok(link),
            Some(packet) => Err(format!("{packet:?}")),
            None => Err("closed".to_owned()),
        }
    }

    /// Says a packet; who has been cut off finds out when listening.
    pub async fn say(&mut self, words: String) {
        match &mut self.wire {
            Wire::Web(wire) => drop(wire.send(Message::text(words)).await),
            Wire::Poll { address, path } => {
                let said = Request::new("POST", &*path).body("text/plain;charset=UTF-8", words);
                polls(said, address).await;
            }
        }
    }

    /// Says several packets at once, as a client's program does that says them one after the other.
    pub async fn say_all(&mut self, words: Vec<String>) {
        match &mut self.wire {
            Wire::Web(wire) => {
                for words in words {
                    drop(wire.feed(Message::text(words)).await);
                }
                drop(wire.flush().await);
            }
            Wire::Poll { .. } if words.is_empty() => {}
            Wire::Poll { .. } => self.say(words.join(&BETWEEN.to_string())).await,
        }
    }

    /// The next packet, pings answered; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<Packet> {
        let next = timeout(6 * PATIENCE, self.hear()).await;
        next.unwrap_or_else(|_| panic!("nothing more is heard"))
    }

    async fn hear(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = self.came.pop_front() {
                return (packet.kind != Kind::Disconnect).then_some(packet);
            }
            match &mut self.wire {
                Wire::Web(wire) => match wire.next().await {
                    Some(Ok(Message::Text(text))) if text == "2" => {
                        wire.send(Message::text("3")).await.ok()?;
                    }
                    Some(Ok(Message::Text(text))) => {
                        self.came
                            .extend(text.strip_prefix('4').and_then(Packet::read));
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                },
                Wire::Poll { address, path } => {
                    let polled = polls(Request::new("GET", &*path), address).await;
                    let polled = polled.filter(|polled| polled.status == 200)?;
                    let polled = polled.text();
                    for packet in polled.split(BETWEEN) {
                        self.came
                            .extend(packet.strip_prefix('4').and_then(Packet::read));
                    }
                    if polled.split(BETWEEN).any(|packet| packet == "2") {
                        self.say("3".to_owned()).await;
                    }
                }
            }
        }
    }

    /// Listens for a moment more, as one who is there, and then answers no ping; returns how long a websocket stays open
    /// after that.
    pub async fn vanishes(mut self) -> Duration {
        drop(timeout(MOMENT, self.next()).await);
        let last = Instant::now();
        while let Wire::Web(wire) = &mut self.wire {
            if !matches!(wire.next().await, Some(Ok(heard)) if !heard.is_close()) {
                break;
            }
        }
        last.elapsed()
    }

    pub async fn breaks(self, how: Loss) {
        match self.wire {
            Wire::Web(mut wire) => {
                let stream = wire.get_mut();
                match how {
                    Loss::Close => {}
                    Loss::MidFrame => {
                        // Text of 1,024 bytes, says its head; and here are 20 of them.
                        let begun = [
                            &[0x81, 0xfe, 0x04, 0, 0, 0, 0, 0][..],
                            b"42[\"message\",{\"conten",
                        ];
                        drop(stream.write_all(&begun.concat()).await);
                    }
                    Loss::Reset => stream.set_zero_linger().expect("a connection"),
                }
            }
            Wire::Poll { address, path } => {
                let Ok(mut stream) = TcpStream::connect(&address).await else {
                    return;
                };
                let (method, length) = match how {
                    Loss::Close => return,
                    Loss::MidFrame => ("POST", "Content-Length: 100\r\n"),
                    Loss::Reset => ("GET", ""),
                };
                let asked = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{length}\r\n");
                drop(stream.write_all(asked.as_bytes()).await);
                tokio::time::sleep(Duration::from_millis(2)).await;
                drop(stream.set_zero_linger());
            }
        }
    }
}

/// A request of a polling client; `None` if its server ended before it had answered, as a websocket ends then.
async fn polls(request: Request, address: &str) -> Option<Answer> {
    request.tries(address, 3 * PATIENCE).await
}
