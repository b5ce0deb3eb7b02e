//! How does a request become a websocket? As Socket.IO's own service does it, with less left behind.
//!
//! Left to itself, engineioxide keeps the whole request for as long as the socket lives, hyper's upgrade, and a future in
//! which all of it is held twice: 2 kB of what an idle socket costs. It takes a wire and a request of anybody who has
//! them, and then keeps what it is given.

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
use super::engine_request::{is_for_sockets, session, transport, version};
use super::manners::Mannered;
use super::slots::ConnectionSlot;
use crate::realtime::handshake::Handshake;

/// A connection in this server, with its slot.
pub type ServedIo<S> = ConnectionIo<S, ConnectionSlot>;
/// A connection that is a websocket's now.
pub type Wire = Box<dyn Both>;

pub trait Both: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

/// In front of Socket.IO: sessions that begin as a websocket are begun here, and other requests get there with no more
/// than is read of them.
#[derive(Clone)]
pub struct Websockets<S> {
    inside: S,
    begin: Begin,
}

/// Begins a session on a wire, with the request that it came with.
pub type Begin = Arc<dyn Fn(Wire, Request<()>) + Send + Sync>;

impl<S> Websockets<S> {
    pub fn new(inside: S, begin: Begin) -> Self {
        Self { inside, begin }
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
        self.inside.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(opening) = Opening::of(&mut request) else {
            if is_for_sockets(request.uri().path()) {
                let_go(&mut request);
            }
            return Either::Right(self.inside.call(request));
        };
        let answer = opening.answer();
        tokio::spawn(opening.open(self.begin.clone()));
        Either::Left(ready(Ok(answer)))
    }
}

/// A request that opens a session, as a websocket from the beginning.
struct Opening {
    key: SecWebsocketKey,
    upgrade: OnUpgrade,
    request: Request<()>,
}

impl Opening {
    /// `None` for every other request, and for one with which something is not as it should be: Socket.IO says what.
    fn of<B>(request: &mut Request<B>) -> Option<Self> {
        let query = request.uri().query();
        if request.method() != Method::GET
            || !is_for_sockets(request.uri().path())
            || session(query).is_some()
            || transport(query) != Some("websocket")
        {
            return None;
        }
        // What is kept of it, in place of a copy with the token in it.
        let uri = match version(query)? {
            "4" => "/socket.io/?EIO=4&transport=websocket",
            "3" => "/socket.io/?EIO=3&transport=websocket",
            _ => return None,
        };
        let key = request.headers().typed_get()?;
        let handshake = request.extensions().get::<Arc<Handshake>>()?.clone();
        let upgrade = request.extensions_mut().remove()?;
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static(uri);
        request.extensions_mut().insert(handshake);
        Some(Self {
            key,
            upgrade,
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

    async fn open(self, begin: Begin) {
        // Where the connection broke off before the answer was written there is nothing to open.
        if let Ok(upgraded) = self.upgrade.await
            && let Some(wire) = wire(upgraded)
        {
            begin(wire, self.request);
        }
    }
}

/// What hyper was given, out of hyper's hands.
fn wire(upgraded: Upgraded) -> Option<Wire> {
    unwrapped::<TcpStream>(upgraded)
        .or_else(unwrapped::<TlsStream<TcpStream>>)
        .ok()
}

fn unwrapped<S>(upgraded: Upgraded) -> Result<Wire, Upgraded>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let parts = upgraded.downcast::<TokioIo<Mannered<ServedIo<S>>>>()?;
    let mut connection = parts.io.into_inner().into_inner();
    connection.put_back(&parts.read_buf);
    Ok(Box::new(connection))
}

/// Takes out of a request what Socket.IO does not read: it keeps the first one for as long as the session lives, and a
/// single header or the URI would keep the connection's whole read buffer, 8 kB of it.
fn let_go<B>(request: &mut Request<B>) {
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
