//! How does a request become a websocket? As in Socket.IO's own service, but with less memory.
//!
//! Left to itself, engineioxide keeps the whole request for as long as the socket lives, hyper's upgrade, and a future that
//! holds all of it twice: 2 kB of every idle socket. If it is given a stream and a request instead, it keeps only those.

use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::Either;
use headers::{HeaderMapExt, SecWebsocketAccept, SecWebsocketKey};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tower::Service;

use super::connection::ConnectionIo;
use super::engine_request::{is_for_sockets, parameter};
use super::slots::ConnectionSlot;
use super::timeouts::TimedIo;
use crate::realtime::handshake::Handshake;

/// A connection of this server, with its slot.
pub type ServedIo<S> = ConnectionIo<S, ConnectionSlot>;
/// A connection that has become a websocket.
pub type BoxedIo = Box<dyn ReadWrite>;

pub trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

/// Stands in front of Socket.IO. It starts the sessions that begin as a websocket, and takes out of other requests what
/// Socket.IO does not read.
#[derive(Clone)]
pub struct Websockets<S> {
    inner: S,
    start: StartSession,
}

/// Starts a session on a connection, with what is kept of its request.
pub type StartSession = Arc<dyn Fn(BoxedIo, Request<()>) + Send + Sync>;

impl<S> Websockets<S> {
    pub fn new(inner: S, start: StartSession) -> Self {
        Self { inner, start }
    }
}

impl<S, B, O> Service<Request<B>> for Websockets<S>
where
    S: Service<Request<B>, Response = Response<O>>,
    O: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<std::future::Ready<Result<Self::Response, Self::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(upgrade) = WebsocketUpgrade::of(&mut request) else {
            if is_for_sockets(request.uri().path()) {
                strip(&mut request);
            }
            return Either::Right(self.inner.call(request));
        };
        let answer = upgrade.answer();
        tokio::spawn(upgrade.finish(self.start.clone()));
        Either::Left(ready(Ok(answer)))
    }
}

/// A request for a session that is a websocket from the beginning.
struct WebsocketUpgrade {
    key: SecWebsocketKey,
    upgraded: OnUpgrade,
    request: Request<()>,
}

impl WebsocketUpgrade {
    /// `None` for every other request, and for a wrong one: Socket.IO answers what is wrong.
    fn of<B>(request: &mut Request<B>) -> Option<Self> {
        let query = request.uri().query();
        if request.method() != Method::GET
            || !is_for_sockets(request.uri().path())
            || parameter(query, "sid").is_some()
            || parameter(query, "transport") != Some("websocket")
        {
            return None;
        }
        // Kept in place of a copy, which would have the token in it.
        let uri = match parameter(query, "EIO")? {
            "4" => "/socket.io/?EIO=4&transport=websocket",
            "3" => "/socket.io/?EIO=3&transport=websocket",
            _ => return None,
        };
        let key = request.headers().typed_get()?;
        let handshake = request.extensions().get::<Arc<Handshake>>()?.clone();
        let upgraded = request.extensions_mut().remove()?;
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static(uri);
        request.extensions_mut().insert(handshake);
        Some(Self {
            key,
            upgraded,
            request,
        })
    }

    fn answer<O: Default>(&self) -> Response<O> {
        let mut answer = Response::new(O::default());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        let fixed = [
            (header::UPGRADE, "websocket"),
            (header::CONNECTION, "Upgrade"),
        ];
        headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
        headers.typed_insert(SecWebsocketAccept::from(self.key.clone()));
        answer
    }

    async fn finish(self, start: StartSession) {
        // An error means that the connection broke before the answer was written.
        if let Ok(upgraded) = self.upgraded.await
            && let Some(io) = unwrap_io(upgraded)
        {
            start(io, self.request);
        }
    }
}

/// The connection as hyper was given it.
fn unwrap_io(upgraded: Upgraded) -> Option<BoxedIo> {
    unwrap_stream::<TcpStream>(upgraded)
        .or_else(unwrap_stream::<TlsStream<TcpStream>>)
        .ok()
}

fn unwrap_stream<S>(upgraded: Upgraded) -> Result<BoxedIo, Upgraded>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let parts = upgraded.downcast::<TokioIo<TimedIo<ServedIo<S>>>>()?;
    let mut connection = parts.io.into_inner().into_inner();
    connection.put_back(&parts.read_buf);
    Ok(Box::new(connection))
}

/// Takes out of a request what Socket.IO does not read, and copies the rest. Socket.IO keeps the first request for as long as
/// the session lives, and a single header of it, or its URI, would keep the connection's whole read buffer of 8 kB.
fn strip<B>(request: &mut Request<B>) {
    let read = |name: &HeaderName| [header::CONTENT_TYPE, header::SEC_WEBSOCKET_KEY].contains(name);
    let kept = request.headers().iter().filter(|(name, _)| read(name));
    let copies: HeaderMap = kept
        .filter_map(|(name, value)| {
            let copy = HeaderValue::from_bytes(value.as_bytes()).ok()?;
            Some((name.clone(), copy))
        })
        .collect();
    *request.headers_mut() = copies;
    let query = request.uri().query().unwrap_or_default();
    let read = |pair: &&str| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        ["EIO", "transport", "sid", "b64"].contains(&name)
    };
    let read: Vec<_> = query.split('&').filter(read).collect();
    let copy = format!("{}?{}", request.uri().path(), read.join("&"));
    if let Ok(copy) = copy.parse() {
        *request.uri_mut() = copy;
    }
}
