//! What came in over one connection, kept in order until a scene asks for it.

use super::PATIENCE;
use super::packet::{Incoming, Kind, Packet};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// What came in and was not asked for yet.
#[derive(Default)]
pub struct Ears {
    state: Mutex<Heard>,
    news: Notify,
}

/// How the dialects tell who comes and goes. That happens whenever a scene's people open sockets, so it is kept apart from
/// what they say.
const PRESENCE: [&str; 3] = ["user-presence", "user_presence", "userPresence"];

#[derive(Default)]
pub struct Heard {
    pub events: VecDeque<(String, Value)>,
    pub presence: VecDeque<(String, Value)>,
    pub asked: HashMap<u64, oneshot::Sender<Value>>,
    pub ended: bool,
}

impl Ears {
    pub fn state(&self) -> MutexGuard<'_, Heard> {
        self.state
            .lock()
            .expect("nothing panics while it holds the ears")
    }

    pub async fn until<T>(&self, mut found: impl FnMut(&mut Heard) -> Option<T>) -> T {
        loop {
            // Registered before looking, so that nothing can come between the look and the wait.
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            if let Some(found) = found(&mut self.state()) {
                return found;
            }
            news.await;
        }
    }
}

impl Heard {
    fn note(&mut self, packet: Packet) {
        let [first, second] = [0, 1].map(|at| packet.data.get(at).cloned().unwrap_or_default());
        match (packet.kind, packet.ack) {
            (Kind::Event, _) => {
                let name = first.as_str().unwrap_or_default().to_owned();
                let kept = match PRESENCE.contains(&&*name) {
                    true => &mut self.presence,
                    false => &mut self.events,
                };
                kept.push_back((name, second));
            }
            (Kind::Ack, Some(number)) => {
                if let Some(tell) = self.asked.remove(&number) {
                    // Whoever asked may have stopped waiting.
                    let _ = tell.send(first);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.asked.clear();
    }

    pub fn take(&mut self, event: &str) -> Option<Value> {
        let kept = match PRESENCE.contains(&event) {
            true => &mut self.presence,
            false => &mut self.events,
        };
        let at = kept.iter().position(|(name, _)| name == event)?;
        kept.remove(at).map(|(_, heard)| heard)
    }
}

/// Reads and writes until either side ends; a socket that is dropped hangs up, and what it said before arrives.
pub async fn listen(
    mut wire: WebSocketStream<TcpStream>,
    mut from_us: mpsc::UnboundedReceiver<Message>,
    ears: Arc<Ears>,
) {
    let mut incoming = Incoming::default();
    loop {
        let heard = tokio::select! {
            said = from_us.recv() => {
                let Some(said) = said else {
                    hang_up(wire).await;
                    break;
                };
                if wire.send(said).await.is_err() {
                    break;
                }
                continue;
            }
            heard = wire.next() => heard,
        };
        let packet = match heard {
            Some(Ok(Message::Text(text))) => match &*text {
                "1" => break,
                "2" if wire.send(Message::text("3")).await.is_err() => break,
                text => incoming.text(text),
            },
            Some(Ok(Message::Binary(bytes))) => incoming.binary(&bytes),
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(_)) => None,
        };
        let Some(packet) = packet else { continue };
        if packet.kind == Kind::Disconnect {
            break;
        }
        ears.state().note(packet);
        ears.news.notify_waiters();
    }
    ears.state().end();
    ears.news.notify_waiters();
}

/// Says no more, and reads on until the server hangs up, too: a connection that is closed while something is left to read is
/// reset, and the server may then lose what it has not read yet.
async fn hang_up(mut wire: WebSocketStream<TcpStream>) {
    let wire = wire.get_mut();
    if wire.shutdown().await.is_ok() {
        let _ = timeout(PATIENCE, copy(wire, &mut sink())).await;
    }
}
