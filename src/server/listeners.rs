//! On which addresses does the server listen, and how are they reached? They are bound before anything else starts.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

use crate::flags::Listen;

/// Bound listeners, whose connections are not accepted yet: clients wait in the kernel's queue.
pub struct Listeners(pub(super) Vec<(TcpListener, Option<&'static str>)>);

/// Where a server listens.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub address: SocketAddr,
    /// The dialect whose routes are asked first.
    pub dialect: Option<&'static str>,
    /// `http://127.0.0.1:3000`, as a client on this machine reaches it.
    pub url: String,
}

impl Listeners {
    /// Binds these addresses.
    ///
    /// # Errors
    /// If one of them cannot be bound.
    pub async fn bind(listen: Vec<Listen>) -> io::Result<Self> {
        let mut bound = Vec::new();
        for Listen { address, dialect } in listen {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|e| io::Error::new(e.kind(), format!("{address}: {e}")))?;
            bound.push((listener, dialect));
        }
        Ok(Self(bound))
    }

    /// Where they listen; `scheme` is `http` or `https`.
    pub(super) fn endpoints(&self, scheme: &str) -> io::Result<Vec<Endpoint>> {
        let all = self.0.iter().map(|(listener, dialect)| {
            let address = listener.local_addr()?;
            Ok(Endpoint {
                url: url(scheme, address),
                address,
                dialect: *dialect,
            })
        });
        all.collect()
    }
}

/// The unspecified address means every address of this machine, and no client can go there, so `localhost` stands for it.
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
