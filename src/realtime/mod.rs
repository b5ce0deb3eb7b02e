//! The one Socket.IO server: which clients may connect, which of them hears what, and which of them is too slow.
//!
//! A socket is let in by [`admit`]. Its [`client`] handles the events that it sends, and the [`fan_out`] tells it what
//! happens. The fan-out keeps a registry of its own instead of Socket.IO's rooms: a broadcast's errors do not name the
//! socket that missed something, and such a socket must be ended.

mod backlog;
mod bucket;
mod catch_up;
mod client;
mod context;
mod disconnect;
mod fan_out;
pub mod handshake;
mod heard;
mod in_flight;
mod introducing;
mod joining;
mod presence;
mod registry;
mod retelling;
mod send_queue;
mod sending;
mod signal;
pub mod transport;
mod typing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use socketioxide::extract::TryData;
use socketioxide::handler::ConnectHandler;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, ProtocolVersion, SocketIo};
use tokio::sync::{Semaphore, mpsc};

use crate::core::error::Error;
use crate::core::limits::JSON_BYTES;
use crate::core::model::{MessageId, Time};
use crate::core::{Core, Lookup, News, missed, notice};
use crate::dialects::Namespace;
use crate::web::call::without_bearer;
use crate::web::input::Input;
use crate::web::rates::{Asker, Rate, Rates};
use crate::web::watch::{Queries, Watch};
use client::Client;
use context::Context;
use disconnect::OnDisconnect;
use fan_out::FanOut;
use handshake::Handshake;
use heard::{Heard, Socket};
use joining::joining_by_itself;
use send_queue::MAX_WAITING;
use signal::{Signal, Signals, begin};

/// Bytes beyond the limit that are read of an event's attachments, so that they are seen to be too many: an Engine.IO 3 client
/// sends one byte more before each of them.
pub const EXCESS_BYTES: u64 = 4;
/// Attachments of an event that are read. More than a document allows are refused by the client, but these end the
/// connection.
const ATTACHMENTS: usize = 256;
/// Pages of missed events that are read at the same time, for all sockets together.
const CATCHING_UP: usize = 8;
/// How long a session may take to send CONNECT.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The Socket.IO server.
pub struct Realtime {
    io: SocketIo,
}

impl Realtime {
    /// Puts Socket.IO in front of `inner`, which answers all other paths, and starts the fan-out.
    pub fn start<S: Clone>(
        core: Core,
        news: News,
        rates: Arc<Rates>,
        events: Rate,
        (watch, queries): (Arc<Watch>, Queries),
        inner: S,
    ) -> (Self, SocketIoService<S>) {
        let upload = core.limits().upload_bytes as usize;
        let parser = ParserConfig::common()
            // Beyond these the parser ends the connection. Less, but too much for a document, is refused by the client.
            .max_incoming_binaries(ATTACHMENTS)
            .max_incoming_binary_buf_size(upload + EXCESS_BYTES as usize)
            .packet_completion_timeout(Duration::from_secs(60));
        let (service, io) = SocketIo::builder()
            .max_buffer_size(MAX_WAITING)
            .connect_timeout(CONNECT_TIMEOUT)
            // By polling a file comes as Base64 beside its event, by websocket as a frame of its own.
            .max_payload((upload / 3 * 4 + JSON_BYTES + 1_024) as u64)
            .ws_max_message_size(upload.max(JSON_BYTES) + 1_024)
            .ws_max_frame_size(upload.max(JSON_BYTES) + 1_024)
            // Each idle socket holds such a buffer. A small one costs no further system call: the connection reads ahead.
            .ws_read_buffer_size(128)
            .with_parser(parser)
            .build_with_inner_svc(inner);
        let context = Arc::new(Context {
            core,
            rates,
            events,
            watch,
            waiting_kib: Context::waiting_kib(upload as u64),
            catching_up: Semaphore::new(CATCHING_UP),
            joining: Semaphore::new(joining::AT_ONCE),
            last_number: AtomicU64::new(0),
        });
        let (signals, heard) = mpsc::unbounded_channel();
        tokio::spawn(FanOut::new(context.clone(), signals.clone()).run(news, heard, queries));
        for namespace in Namespace::ALL {
            open_namespace(&io, namespace, &context, &signals);
        }
        (Self { io }, service)
    }

    /// Disconnects all sockets. A session whose CONNECT comes from now on is cut, too.
    pub async fn close(&self) {
        for namespace in Namespace::ALL {
            close_namespace(&self.io, namespace);
        }
        self.io.close().await;
    }
}

fn open_namespace(io: &SocketIo, namespace: Namespace, context: &Arc<Context>, signals: &Signals) {
    let enter = {
        let signals = signals.clone();
        // This runs in a task of its own after CONNECT was answered: a handler that is registered here misses events.
        async move |socket: Socket| {
            let client =
                Handshake::of(&socket).and_then(|handshake| handshake.connected(namespace));
            if let Some(client) = client {
                begin(&client, &signals);
            }
        }
    };
    let admit = {
        let (context, signals) = (context.clone(), signals.clone());
        move |socket: Socket, TryData(auth): TryData<Input>| {
            let (context, signals) = (context.clone(), signals.clone());
            async move {
                let auth = auth.unwrap_or_default();
                let admitted = admit(&context, &signals, namespace, &socket, auth).await;
                if admitted.is_err() && socket.protocol() == ProtocolVersion::V4 {
                    // An Engine.IO 3 client is connected to `/` without asking. If it is refused there, nobody else ends
                    // its connection.
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        if let Some(handshake) = Handshake::of(&socket)
                            && !handshake.transport.is_known()
                        {
                            handshake.transport.cut();
                        }
                    });
                }
                admitted
            }
        }
    };
    io.ns(namespace.path(), enter.with(admit));
}

/// Once Socket.IO has dropped its namespaces it would answer "Invalid namespace", after which a stock client does not come
/// back by itself. It asks the dynamic namespaces last: these cut whoever comes.
fn close_namespace(io: &SocketIo, namespace: Namespace) {
    let refuse = async |socket: Socket| {
        if let Some(handshake) = Handshake::of(&socket) {
            handshake.transport.cut();
        }
        Err(Error::Overloaded("The server ends"))
    };
    let nobody = async |_: Socket| {};
    if let Err(error) = io.dyn_ns(namespace.path(), nobody.with(refuse)) {
        tracing::error!(%error, "a namespace is not closed");
    }
}

/// Lets a socket in.
///
/// # Errors
/// What becomes the message of `connect_error`: no token or a bad one, too many attempts or sockets, no position.
async fn admit(
    context: &Arc<Context>,
    signals: &Signals,
    namespace: Namespace,
    socket: &Socket,
    mut auth: Input,
) -> Result<(), Error> {
    let handshake = Handshake::of(socket);
    let handshake =
        handshake.ok_or_else(|| Error::Internal("a session has no handshake".into()))?;
    if let Some(pending) = &handshake.pending {
        pending.answered();
    }
    let (token, position) = match auth {
        // From the query of an Engine.IO 3 client.
        Input::List(said) => {
            let mut said = said.into_iter();
            (said.next(), said.next())
        }
        _ => (auth.take("token"), auth.take("lastMessageId")),
    };
    let token = match token {
        Some(Input::Text(token)) => Some(without_bearer(&token).into()),
        _ => handshake.token.clone(),
    };
    let token = token.filter(|token| !token.is_empty());
    let token = token.ok_or(Error::Unauthorized("A token is required"))?;
    context.rates.count_connect_from(handshake.address)?;
    let me = context.core.me(&token).await?;
    // Who they are is known once everything was heard that any server had acknowledged.
    let before = context.core.meter().handed.load(Relaxed);
    context.rates.count_connect(me.id)?;
    let expires_at = context
        .core
        .directory()
        .expiry(&me)
        .unwrap_or(Time(i64::MAX));
    let position = position.or_else(|| {
        handshake
            .take_position()
            .map(|text| Input::Text(text.into()))
    });
    let position = read_position(position, context)?;
    let slot = context.take_slot(me.id)?;

    let asker = Asker {
        account: Some(me.id),
        address: handshake.address,
    };
    let client = Client::new(
        context,
        namespace,
        me,
        (socket.clone(), handshake.transport.clone()),
        asker,
        position,
    );
    let client = Arc::new(client);

    handshake.transport.enter(client.me.id);
    // Weak, because the socket holds its handlers and the client holds the socket.
    let hears = Arc::downgrade(&client);
    handshake.admit(&client);
    socket.on_fallback(move |heard: Heard| {
        // Before the closure returns: async handlers would run as tasks, in any order.
        if let Some(client) = hears.upgrade() {
            client.hear(heard);
        }
        std::future::ready(())
    });
    socket.on_disconnect(OnDisconnect {
        number: client.number,
        namespace,
        signals: signals.clone(),
        handshake: handshake.clone(),
        _slot: slot,
    });
    let (account, number) = (client.me.id, client.number);
    let admitted = Arc::downgrade(&client);
    let joins = !joining_by_itself(&client).is_empty();
    let joining = client.begin();
    signals
        .send(Signal::Admitted(client, expires_at, before))
        .ok();
    // Before CONNECT is answered, so what the client does afterwards comes later in the order. Waiting notifications come
    // back as an event.
    let untold = signals.clone();
    context.core.write_then(
        Lookup::default(),
        move |tx| notice::catch_up(tx, account, client::subscriber(number, 0)),
        move |told| {
            if told.is_err() {
                untold.send(Signal::NoNotices(number)).ok();
            }
        },
    );
    if joins {
        joining::join_all_or_end(context, signals, &admitted, account).await;
    }
    drop(joining);
    Ok(())
}

/// The last message that a client has heard: its id, or 0 if it has heard none. `None` if the client gives nothing or null.
///
/// # Errors
/// `Malformed` for everything else.
fn read_position(given: Option<Input>, context: &Context) -> Result<Option<MessageId>, Error> {
    let read = match given {
        None | Some(Input::Null) => return Ok(None),
        Some(Input::Integer(0)) => Some(missed::BEGINNING),
        Some(Input::Text(zero)) if zero == "0" => Some(missed::BEGINNING),
        Some(Input::Integer(number)) => MessageId::new(number),
        Some(Input::Text(text)) => context.core.spelling().read(&text),
        Some(_) => None,
    };
    let wrong = || Error::Malformed("lastMessageId must be the id of a message".into());
    read.map(Some).ok_or_else(wrong)
}
