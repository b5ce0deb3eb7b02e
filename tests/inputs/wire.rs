//! A websocket with nothing between the scene and its frames.

use crate::support::packet::{self, Packet};
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub struct Wire(WebSocketStream<TcpStream>);

impl Wire {
    /// Opens one in this version of Engine.IO, with this in its query, and says nothing yet.
    pub async fn open(address: &str, version: u8, query: &str) -> Wire {
        let url = format!("ws://{address}/socket.io/?EIO={version}&transport=websocket{query}");
        let opening = async {
            loop {
                let stream = TcpStream::connect(address).await.expect("it accepts");
                match client_async(&url, stream).await {
                    Ok((wire, _)) => return Wire(wire),
                    // So many strangers at once from one address are enough; whoever is patient comes in.
                    Err(Error::Http(answer)) if answer.status() == 429 => {
                        sleep(Duration::from_millis(100)).await;
                    }
                    Err(why) => panic!("no websocket: {why}"),
                }
            }
        };
        timeout(2 * PATIENCE, opening).await.expect("an answer")
    }

    /// Opens one and comes in.
    pub async fn enters(person: &Person, address: &str, namespace: &str) -> Wire {
        let mut wire = Wire::open(address, 4, "").await;
        let auth = json!({ "token": person.token });
        let connect = packet::connect(namespace, &auth);
        assert!(wire.says(&connect).await);
        wire.hears(|packet| packet.kind == packet::Kind::Connect)
            .await
            .unwrap_or_else(|| panic!("{} is not let in", person.name));
        wire
    }

    /// Says this; `false` where nobody listens any more.
    pub async fn says(&mut self, words: &str) -> bool {
        self.sends(Message::text(words)).await
    }

    pub async fn sends(&mut self, message: Message) -> bool {
        let sent = timeout(PATIENCE, self.0.send(message)).await;
        matches!(sent, Ok(Ok(())))
    }

    /// The next packet of which this is true; `None` where the connection ended before.
    pub async fn hears(&mut self, is_meant: impl Fn(&Packet) -> bool) -> Option<Packet> {
        loop {
            let packet = self.next().await?;
            if is_meant(&packet) {
                return Some(packet);
            }
        }
    }

    /// The next packet; `None` where the connection ended before.
    pub async fn next(&mut self) -> Option<Packet> {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await;
            match next.expect("a word, or the end") {
                Some(Ok(Message::Text(text))) if text == "2" => {
                    self.says("3").await;
                }
                Some(Ok(Message::Text(text))) => {
                    if let Some(packet) = text.strip_prefix('4').and_then(Packet::read) {
                        return Some(packet);
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads until nothing has come for so long, or the other side closes.
    pub async fn listens_for(&mut self, quiet: Duration) {
        while let Ok(Some(Ok(_))) = timeout(quiet, self.0.next()).await {}
    }

    /// A polling session changes over to this websocket.
    pub async fn changed_over(mut self) -> Wire {
        assert!(self.says("2probe").await);
        let answer = timeout(PATIENCE, self.0.next()).await.expect("an answer");
        let answer = answer.expect("a word").expect("a frame");
        assert_eq!(answer.to_text().ok(), Some("3probe"));
        assert!(self.says("5").await);
        self
    }

    /// Has the other side taken all that was sent, and is the connection still there?
    pub async fn stands(&mut self) -> bool {
        self.sends(Message::Ping(Bytes::new())).await && {
            let reading = async {
                while let Some(Ok(frame)) = self.0.next().await {
                    if frame.is_pong() {
                        return true;
                    }
                }
                false
            };
            timeout(3 * PATIENCE, reading)
                .await
                .expect("a pong, or the end")
        }
    }

    /// Stays, and answers each ping, until it is dropped or the other side closes.
    pub async fn stays(mut self) {
        while let Some(Ok(frame)) = self.0.next().await {
            if frame.to_text().is_ok_and(|text| text == "2") {
                self.says("3").await;
            }
        }
    }

    /// Reads until the other side closes.
    pub async fn ends(&mut self) -> bool {
        let reading = async { while let Some(Ok(_)) = self.0.next().await {} };
        timeout(PATIENCE, reading).await.is_ok()
    }
}
