//! Who stands behind the connection? The client's address, as a trusted proxy tells it, and what that address is worth.
//!
//! Behind a proxy that nobody told us of, everybody has one address: it proves nothing there, and whoever runs the server
//! is told so.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Request, Version, header};
use ipnet::IpNet;

use crate::web::this_machine::{is_this_machine, names_this_machine};
use crate::web::watch::Watch;

/// What only a proxy adds to a request.
const SIGNS: [&str; 6] = [
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "via",
    "x-forwarded-host",
    "x-forwarded-proto",
];
/// Peers that the log warns of, each once; anybody can write such a header.
const WARNINGS: usize = 16;

/// Whose word about the client's address is believed.
pub struct Proxies {
    trusted: Vec<IpNet>,
    /// Those that said something and were not believed.
    unbelieved: Mutex<Vec<IpAddr>>,
    watch: Arc<Watch>,
}

/// What is known of the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSource {
    pub address: IpAddr,
    /// It is the client's own, so it may prove that a request comes from where another one came from.
    pub is_own: bool,
    /// It is this machine, with no proxy between.
    pub is_local: bool,
}

impl Proxies {
    pub fn new(trusted: Vec<IpNet>, watch: Arc<Watch>) -> Self {
        Self {
            trusted,
            unbelieved: Mutex::default(),
            watch,
        }
    }

    /// Whose request this is, that came in on a connection from this peer.
    pub fn client<B>(&self, request: &Request<B>, peer: IpAddr) -> RequestSource {
        let (headers, peer) = (request.headers(), peer.to_canonical());
        let sign = SIGNS.into_iter().find(|sign| headers.contains_key(*sign));
        // What a proxy speaks that was told nothing: nginx, where only `proxy_pass` is set.
        let is_old = request.version() < Version::HTTP_11;
        if sign.is_none() && !is_old {
            return RequestSource {
                address: peer,
                is_own: true,
                is_local: is_this_machine(peer) && asks_for_this_machine(headers),
            };
        }
        if !self.trusts(&peer) {
            if let Some(sign) = sign {
                self.warn(peer, sign);
            }
            return RequestSource {
                address: peer,
                is_own: false,
                is_local: false,
            };
        }
        let (address, is_own) = self.forwarded(headers, peer);
        RequestSource {
            address,
            is_own,
            is_local: false,
        }
    }

    fn trusts(&self, address: &IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(address))
    }

    /// The last address in `X-Forwarded-For` that is no trusted proxy's, and whether it was a proxy that told it.
    fn forwarded(&self, headers: &HeaderMap, peer: IpAddr) -> (IpAddr, bool) {
        let lines: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let (mut client, mut told) = (peer, false);
        for hop in hops {
            // What is no address was not written by a proxy of ours.
            let Some(hop) = hop_address(hop.trim()) else {
                return (client, false);
            };
            (client, told) = (hop, true);
            if !self.trusts(&client) {
                break;
            }
        }
        (client, told)
    }

    /// Says, once for each, that somebody speaks for others and is not believed.
    fn warn(&self, peer: IpAddr, sign: &'static str) {
        let known = self.unbelieved.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if known.contains(&peer) || known.len() >= WARNINGS {
            return;
        }
        known.push(peer);
        drop(known);
        self.watch.saw_a_proxy(peer);
        tracing::warn!(
            %peer,
            header = sign,
            "requests come through a proxy that is not trusted, so everybody behind it counts as one client: if it is \
             yours, start with --trust-proxy {peer}"
        );
    }
}

/// An address, as proxies write it: alone, with a port, in brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(hop.parse::<SocketAddr>().ok()?.ip());
    let address: Option<IpAddr> = hop.parse().ok().or_else(with_port).or_else(bracketed);
    address.map(|address| address.to_canonical())
}

/// A page from elsewhere whose name leads here by a trick still asks for its own name.
fn asks_for_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
    authority.is_some_and(|authority| names_this_machine(authority.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        let read = |hop: &str| hop_address(hop).map(|address| address.to_string());
        for (hop, address) in [
            ("203.0.113.1", "203.0.113.1"),
            ("203.0.113.1:51000", "203.0.113.1"),
            ("2001:db8::17", "2001:db8::17"),
            ("[2001:db8::17]", "2001:db8::17"),
            ("[2001:db8::17]:443", "2001:db8::17"),
            ("[::ffff:203.0.113.8]:80", "203.0.113.8"),
        ] {
            assert_eq!(read(hop).as_deref(), Some(address), "{hop}");
        }
        for none in [
            "",
            "unknown",
            "203.0.113.1:",
            "203.0.113.1:99999",
            "[203.0.113.1",
            "[::1]:",
            "host:80",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
