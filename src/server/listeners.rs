//! Where does it listen, and how is that reached? Addresses are bound before anything else is begun.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

use crate::flags::Listen;

/// Listeners that nobody is accepted on yet: what waits there waits in the kernel's queue.
pub struct Bound(pub(super) Vec<(TcpListener, Option<&'static str>)>);

/// Where it listens, now that it does.
#[derive(Debug, Clone)]
pub struct Listening {
    pub address: SocketAddr,
    pub dialect: Option<&'static str>,
    /// As this machine reaches it.
    pub url: String,
}

impl Bound {
    /// Binds these addresses.
    ///
    /// # Errors
    /// Where one cannot be listened on.
    pub async fn to(listen: Vec<Listen>) -> io::Result<Self> {
        let mut bound = Vec::new();
        for Listen { address, dialect } in listen {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|e| io::Error::new(e.kind(), format!("{address}: {e}")))?;
            bound.push((listener, dialect));
        }
        Ok(Self(bound))
    }

    /// Where they are, in this scheme.
    pub(super) fn listening(&self, scheme: &str) -> io::Result<Vec<Listening>> {
        let all = self.0.iter().map(|(listener, dialect)| {
            let address = listener.local_addr()?;
            Ok(Listening {
                url: url(scheme, address),
                address,
                dialect: *dialect,
            })
        });
        all.collect()
    }
}

/// Every address of this machine is no address that anybody could go to: this machine has a name for itself.
fn url(scheme: &str, address: SocketAddr) -> String {
    let port = address.port();
    match address.ip() {
        ip if ip.is_unspecified() => format!("{scheme}://localhost:{port}"),
        IpAddr::V4(ip) => format!("{scheme}://{ip}:{port}"),
        IpAddr::V6(ip) => format!("{scheme}://[{ip}]:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_can_be_gone_to() {
        for (address, reached) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("0.0.0.0:3000", "http://localhost:3000"),
            ("[::]:3000", "http://localhost:3000"),
            ("[::1]:3000", "http://[::1]:3000"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
        ] {
            assert_eq!(url("http", address.parse().expect("an address")), reached);
        }
    }
}
