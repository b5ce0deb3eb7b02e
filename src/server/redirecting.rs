//! Where do clients of plain HTTP go? To HTTPS: a listener beside the others answers each request with where it belongs, for
//! the server's own domains alone, and says nothing else.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::slots::{ConnectionSlot, ConnectionSlots};
use super::timeouts::HEAD_TIMEOUT;

/// How many headers a request may have, and how many bytes together.
const HEADERS: usize = 100;
const HEADER_BYTES: usize = 8 << 10;

/// Binds the port on these addresses, where it may be bound; elsewhere the log says so, and the server goes on without.
pub async fn bind(addresses: impl Iterator<Item = SocketAddr>, port: u16) -> Vec<TcpListener> {
    let mut asked = Vec::new();
    let mut bound = Vec::new();
    for mut address in addresses {
        address.set_port(port);
        if port == 0 || asked.contains(&address) {
            continue;
        }
        asked.push(address);
        match TcpListener::bind(address).await {
            Ok(listener) => bound.push(listener),
            Err(error) => {
                tracing::warn!(%address, %error, "clients of plain HTTP are not sent to HTTPS");
            }
        }
    }
    bound
}

/// Sends clients to HTTPS until the server stops. Each connection has a slot like any other, one request, and no more time
/// than for its head.
pub async fn run(
    listener: TcpListener,
    slots: Arc<ConnectionSlots>,
    domains: Arc<[String]>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let (stream, _, slot) = tokio::select! {
            accepted = slots.next(&listener) => accepted,
            _ = stopping.changed() => break,
        };
        let (domains, mut stopping) = (domains.clone(), stopping.clone());
        tokio::spawn(async move {
            tokio::select! {
                _ = tokio::time::timeout(HEAD_TIMEOUT, serve(stream, slot, domains)) => {}
                _ = stopping.changed() => {}
            }
        });
    }
}

async fn serve(stream: TcpStream, _slot: ConnectionSlot, domains: Arc<[String]>) -> io::Result<()> {
    let service = service_fn(|request| {
        let answer = answer(&request, &domains);
        async { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    served.await.map_err(io::Error::other)
}

/// 308 to the same path at one of these domains, or 404.
fn answer(request: &Request<Incoming>, domains: &[String]) -> Response<Empty<Bytes>> {
    let mut answer = Response::new(Empty::new());
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    let asked = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let place = asked
        .and_then(|asked| known(asked, domains))
        .filter(|_| path.starts_with('/'))
        .and_then(|domain| HeaderValue::try_from(format!("https://{domain}{path}")).ok());
    match place {
        Some(place) => {
            *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
            answer.headers_mut().insert(LOCATION, place);
        }
        None => *answer.status_mut() = StatusCode::NOT_FOUND,
    }
    answer
}

/// Which of these domains is meant, with or without a port.
fn known<'d>(host: &str, domains: &'d [String]) -> Option<&'d String> {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let name = name.strip_suffix('.').unwrap_or(name);
    domains
        .iter()
        .find(|domain| domain.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ones_own_domains_are_led_to() {
        let domains = ["chat.example.com".to_owned(), "example.org".to_owned()];
        for (host, is_known) in [
            ("chat.example.com", true),
            ("CHAT.example.com:80", true),
            ("example.org.", true),
            ("evil.test", false),
            ("chat.example.com.evil.test", false),
            ("chat.example.com@evil.test", false),
            ("", false),
        ] {
            assert_eq!(known(host, &domains).is_some(), is_known, "{host}");
        }
    }
}
