//! How is TLS set up? For HTTP/1.1 only, with whatever the server's certificate is at the moment; and for the one other
//! protocol by which a directory finds out that a domain is ours.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

use super::validity::Validity;
use crate::core::model::Time;

/// Websockets need HTTP/1.1.
const HTTP: &[u8] = b"http/1.1";
/// TLS-ALPN-01, RFC 8737.
const VALIDATION: &[u8] = b"acme-tls/1";

/// The server's certificate and its key. It may be replaced; connections that are there already stay.
#[derive(Debug)]
pub struct Certificate {
    current: RwLock<Arc<CertifiedKey>>,
    /// Until when it is valid; `None` if it does not say.
    pub ends: Arc<Mutex<Option<Time>>>,
    proofs: Proofs,
}

impl Certificate {
    pub fn new(current: Arc<CertifiedKey>) -> Arc<Self> {
        Arc::new(Self {
            ends: Arc::new(Mutex::new(ends(&current))),
            current: RwLock::new(current),
            proofs: Proofs::default(),
        })
    }

    /// From now on it is this one.
    pub fn replace(&self, new: Arc<CertifiedKey>) {
        *self.ends.lock() = ends(&new);
        *self.current.write() = new;
    }

    /// Shows this certificate to whoever validates that the domain is ours, until what this returns is dropped.
    pub fn prove(&self, domain: &str, proof: Arc<CertifiedKey>) -> Proving {
        let proofs = self.proofs.clone();
        proofs.0.lock().insert(domain.to_owned(), proof);
        Proving {
            proofs,
            domain: domain.to_owned(),
        }
    }

    /// Takes up connections with whatever the certificate is then.
    pub fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let config = |shown: Arc<dyn ResolvesServerCert>, protocol: &[u8]| {
            let mut config = ServerConfig::builder()
                .with_no_client_auth()
                .with_cert_resolver(shown);
            config.alpn_protocols = vec![protocol.to_vec()];
            config
        };
        let mut validation = config(Arc::new(self.proofs.clone()), VALIDATION);
        validation.send_tls13_tickets = 0;
        TlsAcceptor {
            proofs: self.proofs.clone(),
            http: Arc::new(config(self.clone(), HTTP)),
            validation: Arc::new(validation),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().clone())
    }
}

fn ends(certified: &CertifiedKey) -> Option<Time> {
    Some(Validity::of(certified.cert.first()?)?.ends)
}

/// Takes up TLS connections.
#[derive(Clone)]
pub struct TlsAcceptor {
    proofs: Proofs,
    http: Arc<ServerConfig>,
    validation: Arc<ServerConfig>,
}

impl TlsAcceptor {
    /// Greets a client. `None`: it was a directory, which has seen the proof that it came for.
    ///
    /// # Errors
    /// If the two do not come together. Whoever asks for a proof that there is none of is told so before anything is
    /// computed: HTTP's greeting knows no such protocol.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let greeted = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if self.proofs.asked_for(&greeted.client_hello()).is_none() {
            return greeted.into_stream(self.http.clone()).await.map(Some);
        }
        let mut stream = greeted.into_stream(self.validation.clone()).await?;
        stream.shutdown().await?;
        Ok(None)
    }
}

/// By domain, the certificates that prove to a directory that it is ours.
#[derive(Debug, Clone, Default)]
struct Proofs(Arc<Mutex<HashMap<String, Arc<CertifiedKey>>>>);

impl Proofs {
    /// The proof that this client has come for. Whoever validates offers one protocol and no other.
    fn asked_for(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if !hello.alpn()?.eq([VALIDATION]) {
            return None;
        }
        let domain = hello.server_name()?.to_ascii_lowercase();
        self.0.lock().get(&domain).cloned()
    }
}

impl ResolvesServerCert for Proofs {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.asked_for(&hello)
    }
}

/// A directory may see the proof for a domain.
#[must_use]
pub struct Proving {
    proofs: Proofs,
    domain: String,
}

impl Drop for Proving {
    fn drop(&mut self) {
        self.proofs.0.lock().remove(&self.domain);
    }
}
