//! Who is at the door? Every request is named, its sender found out, and a page from elsewhere turned away, before it
//! reaches Socket.IO and the routes; and no panic gets further than here.

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
use super::engine_request::{is_for_sockets, session, session_in, transport, version};
use super::engine_sessions::{EngineSession, EngineSessions, Serving};
use super::frames::Framing;
use super::manners::Manners;
use super::origins::Origins;
use super::payload::Payload;
use super::proxies::Proxies;
use super::unread::{Answered, Unread};
use super::websocket::{Begin, Websockets, Wire};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, BoxError>;
type Inside = BoxCloneSyncService<Request<Payload>, Response<Body>, Infallible>;

/// How long a packet may take to come in by polling; there may be a file in it.
const BROUGHT: Duration = Duration::from_secs(120);
/// The figures of this server are for no page from elsewhere.
const NO_PAGES: &str = "/metrics";

/// The door of a server; cloned for every connection.
#[derive(Clone)]
pub struct Ingress {
    inside: Inside,
    rules: Arc<Rules>,
}

struct Rules {
    core: Core,
    sessions: Arc<EngineSessions>,
    proxies: Proxies,
    origins: Origins,
    /// What answers without a word about pages from elsewhere.
    apart: Inside,
    unread: Arc<Unread>,
    pending: Arc<PendingHandshakes>,
    /// The name of the latest request. Each start begins somewhere else.
    latest: AtomicU64,
}

impl Ingress {
    /// Puts CORS and the catching of panics around the service inside.
    pub fn new<S, B, E>(core: Core, service: S, proxies: Proxies, origins: Origins) -> Self
    where
        S: Service<Request<Payload>, Response = Response<B>, Error = Infallible>
            + Service<(Wire, Request<()>), Future = Ready<Result<(), E>>>
            + Clone
            + Send
            + Sync
            + 'static,
        <S as Service<Request<Payload>>>::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let sockets = service.clone();
        let begin: Begin = Arc::new(move |wire, request| {
            // Done when it returns, and asked for nothing that it could refuse.
            drop(sockets.clone().call((wire, request)));
        });
        let boxed =
            ServiceExt::<Request<Payload>>::map_response(service, |response: Response<B>| {
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            });
        let apart = guarded(boxed.clone());
        let inside = guarded(origins.layer().layer(Websockets::new(boxed, begin)));
        let rules = Rules {
            core,
            sessions: Arc::default(),
            proxies,
            origins,
            apart,
            unread: Arc::default(),
            pending: Arc::default(),
            latest: u64::from_le_bytes(random()).into(),
        };
        Self {
            inside,
            rules: Arc::new(rules),
        }
    }

    /// Lets a request in, or turns it away.
    pub async fn pass(
        self,
        mut request: Request<Incoming>,
        peer: IpAddr,
        manners: Arc<Manners>,
        routes: Arc<Routes>,
    ) -> Result<Response<Answered<Body>>, Infallible> {
        let serving = manners.serves();
        let unread = manners.brings(!request.body().is_end_stream());
        let connection = &manners.connection;
        let id = self.rules.name();
        let client = self.rules.proxies.client(&request, peer);
        let visitor = Visitor {
            address: client.address,
            is_own: client.is_own,
            is_local: client.is_local,
            request: id.clone(),
        };
        let for_sockets = is_for_sockets(request.uri().path());
        let framing = Framing {
            is_old: version(request.uri().query()) != Some("4"),
            attached: self.rules.core.limits().upload_bytes,
        };
        let admitted = if request.uri().path_and_query().is_none() {
            // `GET host:port`, as only a proxy is asked: warp cannot take it apart.
            Err(Error::Malformed("The request names no path".into()))
        } else if for_sockets {
            self.rules.admit(&mut request, &visitor, connection)
        } else {
            Ok(Admitted::Other)
        };
        let mut response = match admitted {
            Ok(admitted) => {
                if !for_sockets {
                    request.extensions_mut().insert(visitor);
                    request.extensions_mut().insert(routes);
                }
                // The routes have a time-out of their own; a poll may wait for long, what is brought may not.
                let brings = for_sockets && request.method() == Method::POST;
                let patience = if brings { BROUGHT } else { Duration::MAX };
                let inside = match request.uri().path() {
                    NO_PAGES => self.rules.apart.clone(),
                    _ => self.inside,
                };
                let request = Payload::of(request, for_sockets, unread);
                let response = match tokio::time::timeout(patience, inside.oneshot(request)).await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(_) => refusal(&Error::TooSlow, &id)
                        .map(|body| body.map_err(Into::into).boxed_unsync()),
                };
                self.rules.answered(admitted, response, connection).await
            }
            Err(error) => refusal(&error, &id).map(|body| body.map_err(Into::into).boxed_unsync()),
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            connection.becomes_websocket(framing);
        } else if for_sockets {
            // It asked for a websocket and got none: what follows are requests, with bounds of their own.
            connection.trust();
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        let held = self
            .rules
            .unread
            .hold(&response.body().size_hint(), client.address, connection);
        let begun = response.extensions_mut().remove();
        Ok(response.map(|body| Answered::new(body, serving, held, begun)))
    }
}

/// What a request is for Engine.IO.
enum Admitted {
    /// No request of a session that is known here.
    Other,
    /// A request of a session that began by polling.
    Serving(Serving),
    /// The beginning of one.
    Begun(Arc<EngineSession>),
}

impl Rules {
    /// What the next request is called, in its answer and in the log: told apart from others, not secret.
    fn name(&self) -> Arc<str> {
        hex(&self.latest.fetch_add(1, Ordering::Relaxed).to_be_bytes()).into()
    }

    /// Prepares a request for Socket.IO.
    fn admit(
        &self,
        request: &mut Request<Incoming>,
        visitor: &Visitor,
        connection: &Arc<Connection>,
    ) -> Result<Admitted, Error> {
        if !self.origins.admit(request.headers()) {
            return Err(Error::Forbidden("This page may not talk to this server"));
        }
        let serving = self.sessions.serve(request, connection)?;
        if session(request.uri().query()).is_some() {
            return Ok(serving.map_or(Admitted::Other, Admitted::Serving));
        }
        // Who brings a token that is good has said who it is.
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
        let (transport, begun): (Arc<dyn Transport>, _) = match transport(request.uri().query()) {
            Some("websocket") => (connection.clone(), Admitted::Other),
            _ => {
                let session = Arc::<EngineSession>::default();
                (session.clone(), Admitted::Begun(session))
            }
        };
        let handshake = Handshake::new(request, visitor.address, transport, pending);
        request.extensions_mut().insert(Arc::new(handshake));
        Ok(begun)
    }

    /// Notes what an answer means for the session that the request belongs to.
    async fn answered(
        &self,
        admitted: Admitted,
        response: Response<Body>,
        connection: &Connection,
    ) -> Response<Body> {
        match admitted {
            Admitted::Other => response,
            Admitted::Serving(serving) => {
                if response.status() == StatusCode::OK {
                    serving.answered(connection);
                } else if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    connection.serves_nobody();
                }
                response
            }
            Admitted::Begun(session) => {
                // The answer is one line, and there already; in it Socket.IO says how it calls the session.
                let (head, body) = response.into_parts();
                let body = body.collect().await.map(Collected::to_bytes);
                let body = body.unwrap_or_default();
                if let Some(id) = session_in(&body).filter(|_| head.status == StatusCode::OK) {
                    self.sessions.list(id, &session);
                }
                let body = Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync();
                Response::from_parts(head, body)
            }
        }
    }
}

/// Catches what panics inside.
fn guarded<S, B>(service: S) -> Inside
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
    refusal(&error, "panic").map(|body| body.map_err(Into::into).boxed_unsync())
}
