//! One socket in one namespace: who it is, what it says, in which order, and how it is ended.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use socketioxide::TransportType;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::{FromMessageParts, Value as Frame};
use socketioxide::socket::Socket as RawSocket;

use super::Context;
use super::bucket::Bucket;
use super::handshake::Handshake;
use super::registry::Room;
use super::send_queue::SendQueue;
use crate::core::error::{Error, Result};
use crate::core::limits::JSON_BYTES;
use crate::core::model::{Me, MessageId, SubscriberId, Time};
use crate::dialects::socket_event::{Ack, Reaction, SocketEvent, Typing};
use crate::dialects::{ALL, Dialect, Namespace};
use crate::web::answer::{details, status};
use crate::web::input::Input;
use crate::web::rates::Asker;
use crate::web::watch::SocketSeen;

/// A socket of this server. Another adapter than the local one is named here and nowhere else.
pub type Socket = SocketRef<LocalAdapter>;
/// What answers a callback.
pub type Callback = AckSender<LocalAdapter>;

/// Events that may wait while an earlier one of the same socket is being done.
const WAITING: usize = 1_024;
/// Events that a socket may send beyond its rate before it is ended: each refusal costs an answer.
const REFUSED: u32 = 1_000;
/// Characters of an event's name that a refusal repeats: it comes from the client, and may be as long as an event.
const NAME: usize = 64;
/// Binary attachments of an event: no document's event has more than a file.
const ATTACHMENTS: usize = 2;
/// Ears per socket: the dialects that could ever be.
const DIALECTS: u64 = 16;

/// A socket that has been let in.
pub struct Client {
    /// This socket among all that this server has seen.
    pub number: u64,
    pub namespace: Namespace,
    since: Time,
    pub me: Me,
    pub socket: Socket,
    context: Arc<Context>,
    asker: Asker,
    typing: Arc<Typing>,
    ended: AtomicBool,
    /// The last message that this socket's client has heard: what came since is told before what comes.
    pub position: Option<MessageId>,
    /// What it was told and its wire has not taken yet.
    pub(super) send_queue: Mutex<SendQueue>,
    queue: Mutex<Queue>,
}

struct Queue {
    /// Nothing is heard yet, or one event has more to do.
    held: bool,
    waiting: VecDeque<Heard>,
    bucket: Bucket,
    /// Events beyond what the bucket allows; each one that it does allow makes good for one of them.
    refused: u32,
}

/// An event as it came in.
pub struct Heard {
    pub name: String,
    /// `Err` for what is no JSON, or more than an event may be.
    pub input: Result<Input>,
    /// How many attachments came with it, and how many bytes they are together.
    attached: (usize, usize),
    /// If the client gave one.
    pub callback: Option<Callback>,
}

impl FromMessageParts<LocalAdapter> for Heard {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<RawSocket<LocalAdapter>>,
        frame: &mut Frame,
        ack: &Option<i64>,
    ) -> std::result::Result<Self, Infallible> {
        let name =
            Event::from_message_parts(socket, frame, ack).map_or(String::new(), |event| event.0);
        let attached = match frame {
            Frame::Str(_, Some(parts)) => (parts.len(), parts.iter().map(|part| part.len()).sum()),
            _ => (0, 0),
        };
        let input = input_in(socket, frame, ack);
        let callback = match AckSender::from_message_parts(socket, frame, ack) {
            Ok(callback) => ack.is_some().then_some(callback),
            Err(never) => match never {},
        };
        Ok(Self {
            name,
            input,
            attached,
            callback,
        })
    }
}

/// What stands behind the name of an event.
fn input_in(
    socket: &Arc<RawSocket<LocalAdapter>>,
    frame: &mut Frame,
    ack: &Option<i64>,
) -> Result<Input> {
    // The frame without its attachments.
    let text = match frame {
        Frame::Str(text, _) => text.clone(),
        Frame::Bytes(_) => return Err(Error::Malformed("An event must be text".into())),
    };
    if text.as_str().len() > JSON_BYTES {
        return Err(Error::TooLarge(format!(
            "An event must be at most {JSON_BYTES} bytes"
        )));
    }
    let TryData(read) = match TryData::<Input>::from_message_parts(socket, frame, ack) {
        Ok(read) => read,
        Err(never) => match never {},
    };
    read.or_else(|_| match serde_json::from_str::<Vec<Input>>(&text) {
        // Without any argument it says nothing.
        Ok(arguments) if arguments.len() < 2 => Ok(Input::Null),
        Ok(_) => Err(Error::Malformed(
            "The event names an attachment that did not come with it".into(),
        )),
        Err(wrong) => Err(Error::Malformed(format!(
            "The event is not valid JSON: {wrong}"
        ))),
    })
}

impl Heard {
    /// What was said, unless more is attached than there may be.
    fn checked(self, most: u64) -> Result<Input> {
        let (count, bytes) = self.attached;
        if count > ATTACHMENTS {
            return Err(Error::Malformed(format!(
                "An event must have at most {ATTACHMENTS} attachments"
            )));
        }
        if bytes as u64 > most {
            return Err(Error::TooLarge(format!(
                "A file must be at most {most} bytes"
            )));
        }
        self.input
    }
}

impl Client {
    pub(super) fn new(
        number: u64,
        namespace: Namespace,
        me: Me,
        socket: Socket,
        asker: Asker,
        position: Option<MessageId>,
        context: Arc<Context>,
    ) -> Self {
        let limited = context.events.0.is_some();
        let bucket = Bucket::new(context.events);
        Self {
            number,
            namespace,
            since: Time::now(),
            me,
            socket,
            context,
            asker,
            typing: Arc::new(Typing::new(limited)),
            ended: AtomicBool::new(false),
            position,
            send_queue: Mutex::default(),
            queue: Mutex::new(Queue {
                held: true,
                waiting: VecDeque::new(),
                bucket,
                refused: 0,
            }),
        }
    }

    pub fn is_websocket(&self) -> bool {
        self.socket.transport_type() == TransportType::Websocket
    }

    /// This socket, as whoever runs the server sees it.
    pub fn seen(&self, joined: &HashSet<Room>) -> SocketSeen {
        let named = |(index, dialect): (usize, &&'static dyn Dialect)| {
            joined
                .iter()
                .any(|(joined, _)| *joined == index)
                .then_some(dialect.name())
        };
        let user_agent = Handshake::of(&self.socket).map(|handshake| &*handshake.user_agent);
        let name = self.context.core.directory().name(self.me.id);
        SocketSeen {
            number: self.number,
            account: self.me.id,
            name: name.unwrap_or_else(|| self.me.name.clone()),
            namespace: self.namespace.path(),
            transport: if self.is_websocket() {
                "websocket"
            } else {
                "polling"
            },
            dialects: ALL.iter().enumerate().filter_map(named).collect(),
            rooms: joined.len(),
            address: self.asker.address,
            user_agent: user_agent.unwrap_or_default().to_owned(),
            since: self.since,
        }
    }

    /// Hands an event to the wire.
    pub(super) fn emit(&self, event: &str, body: &RawValue) {
        if let Err(error) = self.socket.emit(event, body) {
            self.missed(&error);
        }
    }

    /// How its session began.
    pub(super) fn handshake(&self) -> Option<&Arc<Handshake>> {
        Handshake::of(&self.socket)
    }

    /// A number that changes when everything that was handed to its session has been taken.
    pub fn progress(&self) -> u64 {
        let handshake = self.handshake();
        handshake.map_or(0, |handshake| handshake.transport.progress().count())
    }

    fn tell_value(&self, event: &str, body: &Value) {
        self.note_emitted();
        if let Err(error) = self.socket.emit(event, body) {
            self.missed(&error);
        }
    }

    /// Answers a callback, if the client gave one.
    fn call_back(&self, callback: Option<Callback>, answer: &impl Serialize) {
        let Some(callback) = callback else {
            return;
        };
        self.note_emitted();
        if let Err(error) = callback.send(answer) {
            self.missed(&error);
        }
    }

    fn missed(&self, error: &socketioxide::SendError) {
        use socketioxide::{SendError, SocketError};
        match error {
            // It has gone, and its disconnect is on its way here.
            SendError::Socket(SocketError::Closed) => {}
            SendError::Socket(SocketError::InternalChannelFull) => self.is_too_slow(),
            SendError::Serialize(error) => tracing::error!(%error, "a packet could not be encoded"),
        }
    }

    /// It would have a hole: better that its client comes again.
    pub(super) fn is_too_slow(&self) {
        tracing::info!(
            socket = self.number,
            "a socket did not keep up and is ended"
        );
        self.cut();
    }

    /// Has it been ended, or has its connection?
    pub fn has_gone(&self) -> bool {
        self.has_ended()
            || self
                .handshake()
                .is_none_or(|handshake| handshake.transport.is_gone())
    }

    /// Has it been ended?
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends it with a word: the client knows that it was sent away.
    pub fn send_away(self: &Arc<Self>) {
        self.ended.store(true, Ordering::Release);
        if self.socket.clone().disconnect().is_err() {
            // It has stopped reading: no word reaches it.
            return self.cut();
        }
        let client = self.clone();
        tokio::spawn(async move {
            // A client that stays on the connection is not wanted there either.
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.cut();
        });
    }

    /// Ends it at the transport, without a word.
    pub fn cut(&self) {
        self.ended.store(true, Ordering::Release);
        if let Some(handshake) = self.handshake() {
            handshake.transport.cut();
        }
    }

    /// From now on its events are heard, in order, those first that have waited.
    pub fn open(self: &Arc<Self>) {
        let mut queue = self.queue();
        queue.held = false;
        while !queue.held {
            let Some(heard) = queue.waiting.pop_front() else {
                break;
            };
            queue.held = self.hear_now(heard);
        }
    }

    /// Takes in an event. The order of the calls is the order in which events take effect.
    pub fn hear(self: &Arc<Self>, heard: Heard) {
        let mut queue = self.queue();
        if self.has_ended() {
            return;
        }
        if let Err(error) = queue.bucket.take() {
            queue.refused += 1;
            let goes_on = queue.refused > REFUSED;
            drop(queue);
            if goes_on {
                tracing::info!(
                    socket = self.number,
                    "a socket goes on after many refusals, and is ended"
                );
                return self.cut();
            }
            return self.refuse(&heard.name, &error, heard.callback);
        }
        queue.refused = queue.refused.saturating_sub(1);
        if !queue.held {
            queue.held = self.hear_now(heard);
        } else if queue.waiting.len() < WAITING {
            queue.waiting.push_back(heard);
        } else {
            drop(queue);
            let error = Error::Overloaded("Too many events are waiting");
            self.refuse(&heard.name, &error, heard.callback);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits what the event asks for; `true` where the next one must wait for it.
    fn hear_now(self: &Arc<Self>, heard: Heard) -> bool {
        let name = heard.name.clone();
        let mut heard = heard;
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
                }));
                false
            }
            Reaction::Held(answering) => {
                tokio::spawn(async move {
                    client.answer(&name, answering.await, callback);
                    client.open();
                });
                true
            }
        }
    }

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
            // Who they are as of now: a name may have changed, a token may be over.
            let core = self.context.core.clone();
            let me = core.directory().me(self.me.id, self.me.device)?;
            return hearing(SocketEvent {
                core,
                me,
                subscriber: subscriber(self.number, index),
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

    /// `{ message, statusCode, event, errors }`, to this socket alone.
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

/// The subscriber of a socket in a dialect.
pub fn subscriber(number: u64, dialect: usize) -> SubscriberId {
    SubscriberId(number * DIALECTS + dialect as u64)
}

/// The socket and the dialect that a subscriber stands for.
pub fn socket_and_dialect(subscriber: SubscriberId) -> (u64, usize) {
    (subscriber.0 / DIALECTS, (subscriber.0 % DIALECTS) as usize)
}
