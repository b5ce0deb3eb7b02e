//! One socket in one namespace: who it is, what it says, in which order, and how it is ended.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use serde_json::{Value, json};
use socketioxide::{SendError, SocketError, TransportType};
use tokio::sync::OwnedSemaphorePermit;

use super::bucket::Bucket;
use super::context::Context;
use super::heard::{Callback, Heard, Socket};
use super::in_flight::{Doing, InFlight};
use super::send_queue::{Packet, SendQueue};
use super::transport::Transport;
use crate::core::error::{Error, Result};
use crate::core::model::{Me, MessageId, SubscriberId, Time};
use crate::dialects::socket_event::{Ack, Reaction, SocketEvent, Typing};
use crate::dialects::{ALL, Namespace};
use crate::web::answer::{details, status};
use crate::web::rates::Asker;

/// Events that may wait while an earlier one of the same socket is being handled.
const WAITING: usize = 1_024;
/// Events that a socket may send beyond its rate before it is ended: each refusal costs an answer.
const REFUSED: u32 = 1_000;
/// Characters of an event's name that a refusal repeats: the name comes from the client and may be as long as an event.
const NAME: usize = 64;
/// Subscribers per socket: more than there will be dialects.
const DIALECTS: u64 = 16;

/// A socket that has been let in.
pub struct Client {
    /// The number of this socket among all that this server has seen.
    pub number: u64,
    pub namespace: Namespace,
    pub since: Time,
    pub me: Me,
    pub socket: Socket,
    pub transport: Arc<dyn Transport>,
    context: Arc<Context>,
    pub asker: Asker,
    typing: Arc<Typing>,
    ended: AtomicBool,
    /// The last message that the client has heard: it is told what it missed since before it hears what happens now.
    pub position: Option<MessageId>,
    /// What it has asked for; `None` if it has no position, and nobody waits for that.
    in_flight: Option<InFlight>,
    send_queue: Mutex<SendQueue>,
    events: Mutex<Events>,
}

/// The events that a client sends.
struct Events {
    /// Nothing is heard yet, or an event is being handled that the others wait for.
    held: bool,
    waiting: VecDeque<(Heard, Option<Doing>, OwnedSemaphorePermit)>,
    bucket: Bucket,
    /// Events beyond what the bucket allows. Each event that it allows takes one away.
    refused: u32,
}

impl Client {
    pub fn new(
        context: &Arc<Context>,
        namespace: Namespace,
        me: Me,
        (socket, transport): (Socket, Arc<dyn Transport>),
        asker: Asker,
        position: Option<MessageId>,
    ) -> Self {
        let limited = context.events.0.is_some();
        Self {
            number: context.last_number.fetch_add(1, Ordering::Relaxed) + 1,
            namespace,
            since: Time::now(),
            me,
            socket,
            transport,
            context: context.clone(),
            asker,
            typing: Arc::new(Typing::new(limited)),
            ended: AtomicBool::new(false),
            position,
            in_flight: position.map(|_| InFlight::default()),
            send_queue: Mutex::default(),
            events: Mutex::new(Events {
                held: true,
                waiting: VecDeque::new(),
                bucket: Bucket::new(context.events),
                refused: 0,
            }),
        }
    }

    pub fn is_websocket(&self) -> bool {
        self.socket.transport_type() == TransportType::Websocket
    }

    pub fn send_queue(&self) -> MutexGuard<'_, SendQueue> {
        self.send_queue.lock()
    }

    /// A number that changes when everything that was handed to its transport has been taken.
    pub fn progress(&self) -> u64 {
        self.transport.progress().count()
    }

    /// Hands a packet to the transport.
    pub fn emit(&self, packet: &Packet) {
        self.note_result(self.socket.emit(packet.event, &*packet.body));
    }

    fn tell_value(&self, event: &str, body: &Value) {
        self.send_queue().note_handed(self.progress());
        self.note_result(self.socket.emit(event, body));
    }

    /// Answers a callback, if the client gave one.
    fn call_back(&self, callback: Option<Callback>, answer: &impl Serialize) {
        if let Some(callback) = callback {
            self.send_queue().note_handed(self.progress());
            self.note_result(callback.send(answer));
        }
    }

    fn note_result(&self, sent: std::result::Result<(), SendError>) {
        match sent {
            // The socket has disconnected, and the fan-out will soon be told so.
            Ok(()) | Err(SendError::Socket(SocketError::Closed)) => {}
            Err(SendError::Socket(SocketError::InternalChannelFull)) => self.end_as_too_slow(),
            Err(SendError::Serialize(error)) => {
                tracing::error!(%error, "a packet could not be encoded");
            }
        }
    }

    /// Ends a socket that has missed something: its client reconnects and catches up.
    pub fn end_as_too_slow(&self) {
        tracing::info!(
            socket = self.number,
            "a socket did not keep up and is ended"
        );
        self.cut();
    }

    /// Has it been ended, or has its transport?
    pub fn has_gone(&self) -> bool {
        self.has_ended() || self.transport.is_gone()
    }

    /// It has disconnected: it is told nothing more.
    pub fn note_gone(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Has the server ended it, or has it disconnected?
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends it by a DISCONNECT packet: the client knows that it should not reconnect.
    pub fn disconnect(self: &Arc<Self>) {
        self.note_gone();
        if self.socket.clone().disconnect().is_err() {
            // The client has stopped reading: no packet reaches it.
            return self.cut();
        }
        let client = self.clone();
        tokio::spawn(async move {
            // A client that keeps its connection open is cut all the same.
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.cut();
        });
    }

    /// Ends it by cutting its transport. The client takes that for a broken connection and reconnects.
    pub fn cut(&self) {
        self.note_gone();
        self.transport.cut();
    }

    /// From now on its events are heard in their order, those first that have waited.
    pub fn open(self: &Arc<Self>) {
        let mut events = self.events.lock();
        events.held = false;
        while !events.held {
            let Some((heard, doing, _room)) = events.waiting.pop_front() else {
                break;
            };
            events.held = self.hear_now(heard, doing);
        }
    }

    /// It has asked for something, which is being done until this is dropped.
    pub fn begin(&self) -> Option<Doing> {
        self.in_flight.as_ref().map(InFlight::begin)
    }

    /// Waits until all is done that it has asked for until now.
    pub async fn done(&self) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.done().await;
        }
    }

    /// Takes in an event. Events take effect in the order of these calls.
    pub fn hear(self: &Arc<Self>, heard: Heard) {
        let mut events = self.events.lock();
        if self.has_ended() {
            return;
        }
        if let Err(error) = events.bucket.take() {
            events.refused += 1;
            let is_too_much = events.refused > REFUSED;
            drop(events);
            if is_too_much {
                tracing::info!(
                    socket = self.number,
                    "a socket sent too many events beyond its rate and is ended"
                );
                return self.cut();
            }
            return self.refuse(&heard.name, &error, heard.callback);
        }
        events.refused = events.refused.saturating_sub(1);
        let doing = self.begin();
        if !events.held {
            events.held = self.hear_now(heard, doing);
        } else if events.waiting.len() < WAITING
            && let Some(room) = self.context.room_for(&heard)
        {
            events.waiting.push_back((heard, doing, room));
        } else {
            drop(events);
            let error = Error::Overloaded("Too many events are waiting");
            self.refuse(&heard.name, &error, heard.callback);
        }
    }

    /// Does what an event asks for; `true` if the next event must wait until that is done.
    fn hear_now(self: &Arc<Self>, mut heard: Heard, doing: Option<Doing>) -> bool {
        let name = heard.name.clone();
        let callback = heard.callback.take();
        let reaction = match self.react(heard) {
            Ok(Some(reaction)) => reaction,
            Ok(None) => return false,
            Err(error) => {
                self.refuse(&name, &error, callback);
                return false;
            }
        };
        let client = self.clone();
        match reaction {
            Reaction::Verb(queue) => {
                queue(Box::new(move |answered| {
                    client.answer(&name, answered, callback);
                    drop(doing);
                }));
                false
            }
            Reaction::Held(answering) => {
                tokio::spawn(async move {
                    client.answer(&name, answering.await, callback);
                    drop(doing);
                    client.open();
                });
                true
            }
        }
    }

    /// What the dialect that knows the event does with it; `None` if it is an event that only the server says.
    fn react(&self, heard: Heard) -> Result<Option<Reaction>> {
        let name = &*heard.name;
        let here = ALL
            .iter()
            .enumerate()
            .filter(|(_, dialect)| dialect.namespace() == self.namespace);
        for (index, dialect) in here.clone() {
            let hearing = dialect.hears().iter().find(|(known, _)| *known == name);
            let Some((_, hearing)) = hearing else {
                continue;
            };
            // Who they are now: the name may have changed, the token may have expired.
            let core = self.context.core.clone();
            let me = core.directory().me(self.me.id, self.me.device)?;
            core.note_use(me.device);
            return hearing(SocketEvent {
                core,
                me,
                subscriber: subscriber(self.number, index),
                place_names: dialect.place_names(),
                input: heard.checked(self.context.core.limits().upload_bytes)?,
                rates: self.context.rates.clone(),
                asker: self.asker,
                typing: self.typing.clone(),
            })
            .map(Some);
        }
        if here
            .clone()
            .any(|(_, dialect)| dialect.says().contains(&name))
        {
            return Ok(None);
        }
        Err(Error::NotFound("Event"))
    }

    fn answer(&self, name: &str, answered: Result<Ack>, callback: Option<Callback>) {
        match answered {
            Ok(ack) => self.call_back(callback, &ack),
            Err(error) => self.refuse(name, &error, callback),
        }
    }

    /// Emits `error` with `{ message, statusCode, event, errors }` to this socket alone.
    fn refuse(&self, name: &str, error: &Error, callback: Option<Callback>) {
        if let Error::Internal(cause) = error {
            tracing::error!(socket = self.number, cause, "an event failed");
        }
        let name = name.chars().take(NAME).collect::<String>();
        let told = json!({
            "message": error.to_string(),
            "statusCode": status(error).as_u16(),
            "event": name,
            "errors": details(error),
        });
        self.tell_value("error", &told);
        self.call_back(callback, &json!({ "ok": false, "error": told }));
    }
}

/// The subscriber that stands for a socket in a dialect.
pub fn subscriber(number: u64, dialect: usize) -> SubscriberId {
    SubscriberId(number * DIALECTS + dialect as u64)
}

/// The number of the socket and the index of the dialect that a subscriber stands for.
pub fn socket_and_dialect(subscriber: SubscriberId) -> (u64, usize) {
    (subscriber.0 / DIALECTS, (subscriber.0 % DIALECTS) as usize)
}
