//! What happens to a request before Socket.IO and the routes see it? It gets an id, its client's address is found out, and
//! a socket for a page of another origin is refused. A panic behind it becomes an answer here.

use std::any::Any;
use std::convert::Infallible;
use std::future::Ready;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Collected, Full};
use hyper::body::Incoming;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;

use crate::core::error::Error;
use crate::core::{Core, hex, random};
use crate::realtime::handshake::{Handshake, PendingHandshakes, token};
use crate::realtime::transport::Transport;
use crate::web::answer::refusal;
use crate::web::call::Visitor;
use crate::web::routes::Routes;

use super::connection::Connection;
use super::engine_request::{is_for_sockets, parameter, session_in};
use super::engine_sessions::{EngineSession, EngineSessions, SessionRequest};
use super::frames::Framing;
use super::origins::Origins;
use super::payload::Payload;
use super::proxies::Proxies;
use super::timeouts::Timeouts;
use super::unfinished::UnfinishedPackets;
use super::unread_answers::{GuardedBody, UnreadAnswers};
use super::websocket::{BoxedIo, StartSession, Websockets};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;
type InnerService = BoxCloneSyncService<Request<Payload>, Response<Body>, Infallible>;

/// How long the body of a polling client's packet may take; there may be a file in it.
const PACKET_TIMEOUT: Duration = Duration::from_secs(120);
/// No page of another origin may read the server's figures.
const NO_CORS: &str = "/metrics";

/// What all requests pass first; cloned for every connection.
#[derive(Clone)]
pub struct Ingress {
    inner: InnerService,
    shared: Arc<Shared>,
}

struct Shared {
    core: Core,
    sessions: Arc<EngineSessions>,
    proxies: Proxies,
    origins: Origins,
    /// Answers without CORS headers.
    without_cors: InnerService,
    unread: Arc<UnreadAnswers>,
    pending: Arc<PendingHandshakes>,
    unfinished: Arc<UnfinishedPackets>,
    /// The id of the latest request. Each start of the server begins with another one.
    latest: AtomicU64,
}

impl Ingress {
    /// Puts CORS and a guard against panics around a service.
    pub fn new<S, B, E>(core: Core, service: S, proxies: Proxies, origins: Origins) -> Self
    where
        S: Service<Request<Payload>, Response = Response<B>, Error = Infallible>
            + Service<(BoxedIo, Request<()>), Future = Ready<Result<(), E>>>
            + Clone
            + Send
            + Sync
            + 'static,
        <S as Service<Request<Payload>>>::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let sockets = service.clone();
        let start: StartSession = Arc::new(move |io, request| {
            // The session has started when this returns, and it refuses nothing that it is given here.
            drop(sockets.clone().call((io, request)));
        });
        let boxed =
            ServiceExt::<Request<Payload>>::map_response(service, |response: Response<B>| {
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            });
        let without_cors = catch_panics(boxed.clone());
        let inner = catch_panics(origins.layer().layer(Websockets::new(boxed, start)));
        let shared = Shared {
            unfinished: UnfinishedPackets::new(core.limits().upload_bytes),
            core,
            sessions: Arc::default(),
            proxies,
            origins,
            without_cors,
            unread: Arc::default(),
            pending: Arc::default(),
            latest: u64::from_le_bytes(random()).into(),
        };
        Self {
            inner,
            shared: Arc::new(shared),
        }
    }

    /// Answers a request that came from this peer, on a connection with these time-outs.
    pub async fn answer(
        self,
        mut request: Request<Incoming>,
        peer: IpAddr,
        timeouts: Arc<Timeouts>,
        routes: Arc<Routes>,
    ) -> Result<Response<GuardedBody<Body>>, Infallible> {
        let active = timeouts.begin_request();
        let is_incomplete = timeouts.expect_body(!request.body().is_end_stream());
        let connection = &timeouts.connection;
        let id = self.shared.next_id();
        let source = self.shared.proxies.source(&request, peer);
        let visitor = Visitor {
            address: source.address,
            is_own: source.is_own,
            is_local: source.is_local,
            request: id.clone(),
        };
        let for_sockets = is_for_sockets(request.uri().path());
        let framing = Framing {
            is_old: parameter(request.uri().query(), "EIO") != Some("4"),
            attached: self.shared.core.limits().upload_bytes,
        };
        let admitted = if request.uri().path_and_query().is_none() {
            // `GET host:port`, as a proxy is asked. warp panics at it.
            Err(Error::Malformed("The request names no path".into()))
        } else if for_sockets {
            self.shared.admit(&mut request, &visitor, connection)
        } else {
            Ok(Admitted::Other)
        };
        let mut response = match admitted {
            Ok(admitted) => {
                if !for_sockets {
                    request.extensions_mut().insert(visitor);
                    request.extensions_mut().insert(routes);
                }
                // The routes have their own time-outs, and a poll may take long. A packet may not.
                let is_packet = for_sockets && request.method() == Method::POST;
                let limit = if is_packet {
                    PACKET_TIMEOUT
                } else {
                    Duration::MAX
                };
                let inner = match request.uri().path() {
                    NO_CORS => self.shared.without_cors.clone(),
                    _ => self.inner,
                };
                let count = match &admitted {
                    Admitted::OfSession(request) => request.count(),
                    Admitted::Other | Admitted::First(_) => None,
                };
                let request = Payload::of(request, for_sockets, is_incomplete, count);
                let response = match tokio::time::timeout(limit, inner.oneshot(request)).await {
                    Ok(Ok(response)) => response,
                    Err(_) => refuse(&Error::TooSlow, &id),
                };
                self.shared
                    .note_answer(admitted, response, connection)
                    .await
            }
            Err(error) => refuse(&error, &id),
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            connection.becomes_websocket(framing);
        } else if for_sockets {
            // The connection did not become a websocket. Requests follow, and their bodies have their own limits.
            connection.trust();
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        let counted =
            self.shared
                .unread
                .count(&response.body().size_hint(), source.address, connection);
        let begun = response.extensions_mut().remove();
        Ok(response.map(|body| GuardedBody::new(body, active, counted, begun)))
    }
}

/// What a request is to Engine.IO.
enum Admitted {
    /// No request of a session that began by polling.
    Other,
    /// A request of such a session.
    OfSession(SessionRequest),
    /// Its first request.
    First(Arc<EngineSession>),
}

impl Shared {
    /// The id of the next request, in its answer and in the log: unique, but not secret.
    fn next_id(&self) -> Arc<str> {
        hex(&self.latest.fetch_add(1, Ordering::Relaxed).to_be_bytes()).into()
    }

    /// Prepares a request for Socket.IO.
    ///
    /// # Errors
    /// `Forbidden` for a page of another origin, `TooOften` for too many handshakes, and those of [`EngineSessions::begin`].
    fn admit(
        &self,
        request: &mut Request<Incoming>,
        visitor: &Visitor,
        connection: &Arc<Connection>,
    ) -> Result<Admitted, Error> {
        if !self.origins.admit(request.headers()) {
            return Err(Error::Forbidden("This page may not talk to this server"));
        }
        let of_session = self.sessions.begin(request, connection)?;
        if parameter(request.uri().query(), "sid").is_some() {
            return Ok(of_session.map_or(Admitted::Other, Admitted::OfSession));
        }
        // A client with a valid token is no stranger, so its handshake is not counted.
        let known = token(request).is_some_and(|token| self.core.vouches_for(&token));
        let pending = match self.core.limits().handshakes.filter(|_| !known) {
            Some(most) => {
                let pending = self.pending.begin(visitor.address, most);
                Some(pending.ok_or(Error::TooOften {
                    retry_after: Duration::from_secs(10),
                })?)
            }
            None => None,
        };
        let packets = self.unfinished.session(visitor.address);
        let (transport, admitted): (Arc<dyn Transport>, _) =
            match parameter(request.uri().query(), "transport") {
                Some("websocket") => {
                    connection.count_packets(packets);
                    (connection.clone(), Admitted::Other)
                }
                _ => {
                    let session = EngineSession::new(packets);
                    (session.clone(), Admitted::First(session))
                }
            };
        let handshake = Handshake::new(request, visitor.address, transport, pending);
        request.extensions_mut().insert(Arc::new(handshake));
        Ok(admitted)
    }

    /// Notes what an answer means for the session of the request.
    async fn note_answer(
        &self,
        admitted: Admitted,
        response: Response<Body>,
        connection: &Connection,
    ) -> Response<Body> {
        match admitted {
            Admitted::Other => response,
            Admitted::OfSession(request) => {
                if response.status() == StatusCode::OK {
                    request.note_answer(connection);
                } else if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    connection.stop_reporting();
                }
                response
            }
            Admitted::First(session) => {
                // The answer is short and complete. It says the id that Socket.IO gave to the session.
                let (head, body) = response.into_parts();
                let body = body.collect().await.map(Collected::to_bytes);
                let body = body.unwrap_or_default();
                if let Some(id) = session_in(&body).filter(|_| head.status == StatusCode::OK) {
                    self.sessions.insert(id, &session);
                }
                let body = Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync();
                Response::from_parts(head, body)
            }
        }
    }
}

/// Makes a panic of the service an answer.
fn catch_panics<S, B>(service: S) -> InnerService
where
    S: Service<Request<Payload>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let caught = CatchPanicLayer::custom(panicked).layer(service);
    BoxCloneSyncService::new(caught.map_response(|response| {
        response.map(|body| BodyExt::map_err(body, Into::into).boxed_unsync())
    }))
}

fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("?");
    let error = Error::Internal(format!("a handler panicked: {words}"));
    refuse(&error, "panic")
}

fn refuse(error: &Error, id: &str) -> Response<Body> {
    refusal(error, id).map(|body| body.map_err(Into::into).boxed_unsync())
}
