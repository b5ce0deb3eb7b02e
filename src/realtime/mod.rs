//! The one Socket.IO server: who may enter, who hears what, who is too slow.
//!
//! A socket is let in by [`Realtime::admit`], says its events through its [`guest`], and hears what the [`hall`] tells
//! it. The hall keeps its own lists of who listens, instead of Socket.IO's rooms: a broadcast's errors do not name the
//! socket that missed something, and a socket with a hole must be ended.

pub mod arrival;
mod behind;
mod bucket;
mod catch_up;
mod crier;
pub mod engine_sessions;
pub mod frames;
mod guest;
mod hall;
mod joining;
mod leaving;
pub mod line;
mod outbox;
pub mod payload;
mod seats;
mod typing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socketioxide::extract::TryData;
use socketioxide::handler::ConnectHandler;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, ProtocolVersion, SocketIo};
use tokio::sync::{Semaphore, mpsc};

use crate::core::error::Error;
use crate::core::limits::JSON_BYTES;
use crate::core::model::{AccountId, MessageId, Time};
use crate::core::{Core, News, missed, notice};
use crate::dialects::Namespace;
use crate::web::call::without_bearer;
use crate::web::given::Given;
use crate::web::rates::{Asker, Rate, Rates};
use crate::web::watch::{Questions, Watch};
use arrival::Arrival;
use frames::PAST;
use guest::{Guest, Heard, Socket};
use hall::{Hall, joining_by_itself};
use joining::Piece;
use leaving::Leaving;

/// Packets that may wait for a socket; past that it is too slow, and ended.
const OUTBOUND: usize = 4_096;
/// Attachments of an event that are taken in, to be refused in words.
const ATTACHMENTS: usize = 256;
/// Pages of what was missed that are read at the same time; the others wait their turn.
const CATCHING_UP: usize = 8;
/// How long a connection may take to say who it is.
const CONNECT: Duration = Duration::from_secs(10);

/// What the sockets have in common.
pub struct Shared {
    core: Core,
    rates: Arc<Rates>,
    /// How many events a socket may send.
    events: Rate,
    watch: Arc<Watch>,
    /// Turns at reading what was missed.
    catching_up: Semaphore,
    /// Turns at joining all that is one's own, a conversation each.
    joining: Semaphore,
    last_number: AtomicU64,
}

/// What the hall is told beside the news.
enum Word {
    /// Let in; its CONNECT is being answered. Its token ends at this time.
    Admitted(Arc<Guest>, Time),
    /// CONNECT has been answered.
    Inside(u64),
    /// A piece of what a socket hears without asking.
    Joins(Piece),
    Gone(u64),
    /// This socket has been told what it missed, after so many orders.
    CaughtUp(u64, usize),
}

/// The Socket.IO server.
pub struct Realtime {
    io: SocketIo,
}

impl Realtime {
    /// Puts Socket.IO in front of `inner`, which answers every other path, and starts the fan-out.
    pub fn start<S: Clone>(
        core: Core,
        news: News,
        rates: Arc<Rates>,
        events: Rate,
        (watch, questions): (Arc<Watch>, Questions),
        inner: S,
    ) -> (Self, SocketIoService<S>) {
        let upload = core.limits().upload_bytes as usize;
        let parser = ParserConfig::common()
            // Past these it ends the connection; what is beyond its own bounds before, a guest refuses in words.
            .max_incoming_binaries(ATTACHMENTS)
            .max_incoming_binary_buf_size(upload + PAST as usize)
            .packet_completion_timeout(Duration::from_secs(60));
        let (service, io) = SocketIo::builder()
            .max_buffer_size(OUTBOUND)
            .connect_timeout(CONNECT)
            // A file comes by polling as Base64 beside its event, by websocket as a frame of its own.
            .max_payload((upload / 3 * 4 + JSON_BYTES + 1_024) as u64)
            .ws_max_message_size(upload.max(JSON_BYTES) + 1_024)
            .ws_max_frame_size(upload.max(JSON_BYTES) + 1_024)
            // Each byte of it is held per idle socket; the line reads ahead.
            .ws_read_buffer_size(128)
            .with_parser(parser)
            .build_with_inner_svc(inner);
        let shared = Arc::new(Shared {
            core,
            rates,
            events,
            watch,
            catching_up: Semaphore::new(CATCHING_UP),
            joining: Semaphore::new(joining::AT_ONCE),
            last_number: AtomicU64::new(0),
        });
        let (words, heard) = mpsc::unbounded_channel();
        tokio::spawn(Hall::new(shared.clone(), words.clone()).run(news, heard, questions));
        for namespace in Namespace::ALL {
            open_door(&io, namespace, &shared, &words);
        }
        (Self { io }, service)
    }

    /// Tells all sockets that the server goes, and closes them.
    pub async fn close(&self) {
        self.io.close().await;
    }
}

fn open_door(
    io: &SocketIo,
    namespace: Namespace,
    shared: &Arc<Shared>,
    words: &mpsc::UnboundedSender<Word>,
) {
    let enter = {
        let words = words.clone();
        // Runs after CONNECT was answered, as a task of its own: handlers registered only here would miss events.
        async move |socket: Socket| {
            let guest = Arrival::of(&socket).and_then(|arrival| arrival.enter(namespace));
            let Some(guest) = guest else { return };
            words.send(Word::Inside(guest.number)).ok();
            guest.open();
        }
    };
    let admit = {
        let (shared, words) = (shared.clone(), words.clone());
        move |socket: Socket, TryData(auth): TryData<Given>| {
            let (shared, words) = (shared.clone(), words.clone());
            async move {
                let auth = auth.unwrap_or_default();
                let admitted = admit(&shared, &words, namespace, &socket, auth).await;
                if admitted.is_err() && socket.protocol() == ProtocolVersion::V4 {
                    // An old client is connected without asking: nothing would end the refused one's line.
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        if let Some(arrival) = Arrival::of(&socket)
                            && !arrival.transport.is_known()
                        {
                            arrival.transport.cut();
                        }
                    });
                }
                admitted
            }
        }
    };
    io.ns(namespace.path(), enter.with(admit));
}

/// Lets a socket in, or says why not: what is answered becomes the message of `connect_error`.
async fn admit(
    shared: &Arc<Shared>,
    words: &mpsc::UnboundedSender<Word>,
    namespace: Namespace,
    socket: &Socket,
    mut auth: Given,
) -> Result<(), Error> {
    let arrival = Arrival::of(socket);
    let arrival = arrival.ok_or_else(|| Error::Internal("a session has no beginning".into()))?;
    if let Some(knock) = &arrival.knock {
        knock.answered();
    }
    let (token, position) = match auth {
        // Of an old client, which has it in a query.
        Given::List(said) => {
            let mut said = said.into_iter();
            (said.next(), said.next())
        }
        _ => (auth.take("token"), auth.take("lastMessageId")),
    };
    let token = match token {
        Some(Given::Text(token)) => Some(without_bearer(&token).into()),
        _ => arrival.token.clone(),
    };
    let token = token.filter(|token| !token.is_empty());
    let token = token.ok_or(Error::Unauthorized("A token is required"))?;
    shared.rates.comes_from(arrival.address)?;
    let me = shared.core.me(&token).await?;
    shared.rates.comes(me.id)?;
    let expires_at = shared
        .core
        .directory()
        .expiry(&me)
        .unwrap_or(Time(i64::MAX));
    let position = read_position(position, shared)?;
    let place = shared.seat(me.id)?;

    let number = shared.last_number.fetch_add(1, Ordering::Relaxed) + 1;
    let asker = Asker {
        account: Some(me.id),
        address: arrival.address,
    };
    let guest = Guest::new(
        number,
        namespace,
        me,
        socket.clone(),
        asker,
        position,
        shared.clone(),
    );
    let guest = Arc::new(guest);

    arrival.transport.enter();
    // Weak: the socket holds its handlers, and the guest holds the socket.
    let hears = Arc::downgrade(&guest);
    arrival.admit(&guest);
    socket.on_fallback(move |heard: Heard| {
        // Done before the closure returns: async handlers would each be a task, in any order.
        if let Some(guest) = hears.upgrade() {
            guest.hear(heard);
        }
        std::future::ready(())
    });
    socket.on_disconnect(Leaving {
        number,
        words: words.clone(),
        arrival: arrival.clone(),
        _place: place,
    });
    let (account, admitted) = (guest.me.id, Arc::downgrade(&guest));
    let joins = !joining_by_itself(&guest).is_empty();
    words.send(Word::Admitted(guest, expires_at)).ok();
    // Before CONNECT is answered, so whatever the client has a hand in afterwards comes behind it. What is waiting comes
    // back as news, in its place in the order.
    let core = &shared.core;
    drop(core.write(move |tx| notice::catch_up(tx, account, guest::ear(number, 0))));
    if joins {
        joining::join_all_or_end(shared, words, &admitted, account).await;
    }
    Ok(())
}

/// The position of what a client says it has heard last, and 0 where there was nothing to hear yet; nothing and null are
/// none.
fn read_position(given: Option<Given>, shared: &Shared) -> Result<Option<MessageId>, Error> {
    let read = match given {
        None | Some(Given::Null) => return Ok(None),
        Some(Given::Integer(0)) => Some(missed::BEGINNING),
        Some(Given::Text(zero)) if zero == "0" => Some(missed::BEGINNING),
        Some(Given::Integer(number)) => MessageId::new(number),
        Some(Given::Text(text)) => shared.core.spelling().read(&text),
        Some(_) => None,
    };
    let wrong = || Error::Malformed("lastMessageId must be the id of a message".into());
    read.map(Some).ok_or_else(wrong)
}

impl Shared {
    /// One of the sockets that an account may have open; free again when it is dropped.
    fn seat(self: &Arc<Self>, account: AccountId) -> Result<Place, Error> {
        let before = self.core.directory().came(account);
        let place = Place {
            shared: self.clone(),
            account,
        };
        if before >= self.core.limits().sockets {
            return Err(Error::TooOften {
                retry_after: Duration::from_secs(10),
            });
        }
        Ok(place)
    }
}

struct Place {
    shared: Arc<Shared>,
    account: AccountId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.core.directory().went(self.account);
    }
}
