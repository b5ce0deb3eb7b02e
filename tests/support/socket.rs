//! One live connection: what it says, what it hears in which order, and when it was sent away.

use super::PATIENCE;
use super::documented;
use super::ears::{Ears, listen};
use super::ground::Ground;
use super::looks::{Expected, assert_looks_like};
use super::packet;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// An event that every namespace knows, and a conversation that is none: refused, and only in its place in the order.
const FENCE: &str = "mark_read";
const NOWHERE: u64 = 1 << 52;

pub struct Socket {
    namespace: String,
    outgoing: mpsc::UnboundedSender<Message>,
    ears: Arc<Ears>,
    next_ack: AtomicU64,
}

impl Socket {
    pub(super) fn on(wire: WebSocketStream<TcpStream>, namespace: String) -> Self {
        let (outgoing, from_us) = mpsc::unbounded_channel();
        let ears = Arc::new(Ears::default());
        tokio::spawn(listen(wire, from_us, Arc::clone(&ears)));
        Self {
            namespace,
            outgoing,
            ears,
            next_ack: AtomicU64::new(0),
        }
    }

    /// Says an event and waits for nothing.
    pub fn emit(&self, event: &str, payload: Value) {
        let said = packet::event(&self.namespace, None, &json!([event, payload]), 0);
        // Whoever was sent away notices at the next thing that should come back.
        let _ = self.outgoing.send(Message::text(said));
    }

    /// Says an event with a callback, and returns what the callback gets; `None` if the connection ended before.
    pub async fn tries(&self, event: &str, payload: Value) -> Option<Value> {
        let (number, answer) = self.expects_an_answer();
        let said = packet::event(&self.namespace, Some(number), &json!([event, payload]), 0);
        let _ = self.outgoing.send(Message::text(said));
        let waiting = timeout(PATIENCE, answer).await;
        let answer = waiting
            .unwrap_or_else(|_| panic!("no answer to {event}"))
            .ok()?;
        documented::answered(&self.namespace, event, &answer);
        Some(answer)
    }

    /// Says an event with a callback, and returns what the callback gets.
    pub async fn asks(&self, event: &str, payload: Value) -> Value {
        self.tries(event, payload)
            .await
            .unwrap_or_else(|| panic!("the connection ended instead of answering {event}"))
    }

    /// As `asks`, with bytes as the payload's `data`.
    pub async fn asks_with(&self, event: &str, payload: Value, data: &[u8]) -> Value {
        self.tries_with(event, payload, data)
            .await
            .unwrap_or_else(|| panic!("the connection ended instead of answering {event}"))
    }

    /// As `tries`, with bytes as the payload's `data`.
    pub async fn tries_with(&self, event: &str, mut payload: Value, data: &[u8]) -> Option<Value> {
        payload["data"] = json!({ "_placeholder": true, "num": 0 });
        let (number, answer) = self.expects_an_answer();
        let said = packet::event(&self.namespace, Some(number), &json!([event, payload]), 1);
        let _ = self.outgoing.send(Message::text(said));
        let _ = self.outgoing.send(Message::binary(data.to_vec()));
        let waiting = timeout(PATIENCE, answer).await;
        waiting
            .unwrap_or_else(|_| panic!("no answer to {event}"))
            .ok()
    }

    /// Says an event that must succeed.
    pub async fn does(&self, event: &str, payload: Value) -> Value {
        let answer = self.asks(event, payload).await;
        assert_looks_like(&answer, json!({ "ok": true }), event);
        answer
    }

    /// Says an event that must be refused, and returns the error as the callback got it.
    pub async fn is_refused(&self, status: u16, event: &str, payload: Value) -> Value {
        let asked = format!("{event} {payload}");
        let answer = self.asks(event, payload).await;
        let error = json!({ "ok": false, "error": { "statusCode": status, "event": event, "errors": ["…"] } });
        assert_looks_like(&answer, error, &asked);
        let words = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(
            !words.is_empty(),
            "{asked} was refused without a word: {answer}"
        );
        answer["error"].clone()
    }

    /// The next event of that name; others stay where they are.
    pub async fn hears(&self, event: &str, expected: impl Into<Expected>) -> Value {
        self.hears_within(PATIENCE, event, expected).await
    }

    pub async fn hears_within(
        &self,
        patience: Duration,
        event: &str,
        expected: impl Into<Expected>,
    ) -> Value {
        let heard = timeout(patience, self.next_of(event)).await;
        let heard = heard
            .unwrap_or_else(|_| panic!("never heard {event}, only {:?}", self.ears.state().events));
        assert_looks_like(&heard, expected, event);
        heard
    }

    /// As many events of that name, in the order in which they came.
    pub async fn hears_many(&self, count: usize, event: &str) -> Vec<Value> {
        let mut heard = Vec::with_capacity(count);
        while heard.len() < count {
            let next = timeout(PATIENCE, self.next_of(event)).await;
            heard.push(next.unwrap_or_else(|_| panic!("heard {} of {count} {event}", heard.len())));
        }
        heard
    }

    /// As many events of any name, in the order in which they came.
    pub async fn hears_all(&self, count: usize) -> Vec<(String, Value)> {
        let mut heard = Vec::with_capacity(count);
        while heard.len() < count {
            let next = self.ears.until(|heard| match heard.events.pop_front() {
                None if heard.ended => Some(None),
                None => None,
                found => Some(found),
            });
            let next = timeout(PATIENCE, next).await.ok().flatten();
            let next = next.unwrap_or_else(|| panic!("heard {} of {count}", heard.len()));
            documented::heard(&self.namespace, &next.0, &next.1);
            heard.push(next);
        }
        heard
    }

    /// Whatever was heard by now and not asked for, in the order in which it came.
    pub async fn hears_the_rest(&self) -> Vec<(String, Value)> {
        self.fence().await;
        let heard = std::mem::take(&mut self.ears.state().events);
        for (event, body) in &heard {
            documented::heard(&self.namespace, event, body);
        }
        heard.into()
    }

    /// Waits until all that became true before has been told to this socket: sends an event that is refused in the one
    /// order, and awaits its refusal.
    pub async fn hears_until_now(&self) {
        let nowhere = json!({ "conversationId": NOWHERE });
        if self.tries(FENCE, nowhere).await.is_some() {
            let is_ours =
                |(event, refusal): &(String, Value)| event == "error" && refusal["event"] == FENCE;
            let refused = self.ears.until(|heard| {
                let at = heard.events.iter().rposition(is_ours);
                at.map(|at| heard.events.remove(at))
                    .or(heard.ended.then_some(None))
            });
            let refused = timeout(PATIENCE, refused).await;
            refused.unwrap_or_else(|_| panic!("a refused {FENCE} yields no error"));
        }
    }

    /// The same, and what is told beside that order, by a timer or to somebody who catches up, gets a moment more.
    pub async fn fence(&self) {
        self.hears_until_now().await;
        sleep(Ground::wished().moment()).await;
    }

    /// No event of that name is waiting, and none is under way.
    pub async fn hears_nothing_of(&self, event: &str) {
        self.fence().await;
        if let Some(heard) = self.ears.state().take(event) {
            panic!("should have heard nothing of {event}, but: {heard}");
        }
    }

    /// No event at all is waiting.
    pub fn hears_nothing_yet(&self) {
        let heard = &self.ears.state().events;
        assert!(
            heard.is_empty(),
            "should have heard nothing, but: {heard:?}"
        );
    }

    /// No event at all is waiting, and none is under way.
    pub async fn hears_nothing(&self) {
        self.fence().await;
        self.hears_nothing_yet();
    }

    /// The same, but for notifications: direct tells them to all of the receiver's sockets, whatever these joined.
    pub async fn hears_nothing_said(&self) {
        self.fence().await;
        let heard = self.ears.state();
        let said = heard
            .events
            .iter()
            .find(|(event, _)| event != "message_notification");
        assert!(said.is_none(), "should have heard nothing, but: {said:?}");
    }

    /// Whoever has come or gone until now is of no interest.
    pub async fn forgets_who_came(&self) {
        self.fence().await;
        self.ears.state().presence.clear();
    }

    /// Nobody has come or gone, as far as this socket was told.
    pub async fn hears_of_nobody(&self) {
        self.fence().await;
        let heard = &self.ears.state().presence;
        assert!(
            heard.is_empty(),
            "should have heard of nobody, but: {heard:?}"
        );
    }

    /// The server ends this connection.
    pub async fn is_sent_away(&self) {
        let ended = timeout(PATIENCE, self.ears.until(|heard| heard.ended.then_some(())));
        ended
            .await
            .unwrap_or_else(|_| panic!("the socket was not disconnected"));
    }

    pub fn is_open(&self) -> bool {
        !self.ears.state().ended
    }

    async fn next_of(&self, event: &str) -> Value {
        let heard = self.ears.until(|heard| match heard.take(event) {
            None if heard.ended => Some(None),
            None => None,
            found => Some(found),
        });
        let heard = heard
            .await
            .unwrap_or_else(|| panic!("was disconnected before hearing {event}"));
        documented::heard(&self.namespace, event, &heard);
        heard
    }

    fn expects_an_answer(&self) -> (u64, oneshot::Receiver<Value>) {
        let (tell, answer) = oneshot::channel();
        let number = self.next_ack.fetch_add(1, Ordering::Relaxed);
        let mut state = self.ears.state();
        if !state.ended {
            state.asked.insert(number, tell);
        }
        (number, answer)
    }
}
