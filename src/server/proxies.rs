//! Which client sent a request? Its address, as a trusted proxy says, and whether that address proves anything.
//!
//! All clients behind a proxy that is not trusted have the same address. It then proves nothing, and the log says so.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, Request, Version, header};
use ipnet::IpNet;
use parking_lot::Mutex;

use crate::web::this_machine::{is_this_machine, names_this_machine};
use crate::web::watch::Watch;

/// Headers that only a proxy adds to a request.
const SIGNS: [&str; 6] = [
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "via",
    "x-forwarded-host",
    "x-forwarded-proto",
];
/// The log warns of at most this many peers, once each: anybody can send such a header.
const WARNINGS: usize = 16;

/// The proxies that are trusted to say a client's address.
pub struct Proxies {
    trusted: Vec<IpNet>,
    /// The peers that the log has warned of.
    untrusted: Mutex<Vec<IpAddr>>,
    watch: Arc<Watch>,
}

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSource {
    pub address: IpAddr,
    /// The address is the client's own, so two requests with it come from one place.
    pub is_own: bool,
    /// The client runs on this machine, with no proxy between.
    pub is_local: bool,
}

impl Proxies {
    pub fn new(trusted: Vec<IpNet>, watch: Arc<Watch>) -> Self {
        Self {
            trusted,
            untrusted: Mutex::default(),
            watch,
        }
    }

    /// Where a request came from, on a connection from this peer.
    pub fn source<B>(&self, request: &Request<B>, peer: IpAddr) -> RequestSource {
        let (headers, peer) = (request.headers(), peer.to_canonical());
        let sign = SIGNS.into_iter().find(|sign| headers.contains_key(*sign));
        // HTTP/1.0 comes from a proxy without settings: nginx with nothing but `proxy_pass`.
        let is_direct = sign.is_none() && request.version() >= Version::HTTP_11;
        let (address, is_own) = match sign {
            _ if is_direct => (peer, true),
            _ if self.trusts(&peer) => self.forwarded(headers, peer),
            None => (peer, false),
            Some(sign) => {
                self.warn(peer, sign);
                (peer, false)
            }
        };
        RequestSource {
            address,
            is_own,
            is_local: is_direct && is_this_machine(peer) && asks_for_this_machine(headers),
        }
    }

    fn trusts(&self, address: &IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(address))
    }

    /// The last address in `X-Forwarded-For` that is not a trusted proxy's, and whether a trusted proxy wrote it.
    fn forwarded(&self, headers: &HeaderMap, peer: IpAddr) -> (IpAddr, bool) {
        let lines: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let (mut client, mut told) = (peer, false);
        for hop in hops {
            // A trusted proxy writes nothing but addresses.
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

    /// Logs, once for each peer, that it seems to be a proxy and is not trusted.
    fn warn(&self, peer: IpAddr, sign: &'static str) {
        let mut known = self.untrusted.lock();
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

/// Reads an address as proxies write it: alone, with a port, or in brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(hop.parse::<SocketAddr>().ok()?.ip());
    let address: Option<IpAddr> = hop.parse().ok().or_else(with_port).or_else(bracketed);
    address.map(|address| address.to_canonical())
}

/// Does `Host` name this machine? A page of another origin whose name was made to resolve to this machine (DNS rebinding)
/// sends its own name.
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
