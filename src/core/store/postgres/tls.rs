//! How is a connection to PostgreSQL encrypted? The driver asks this for TLS.

use std::io::{self, IoSlice};
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_rustls::ConfigBuilderExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::address::Address;
use super::certificates::{Careless, Trusting};
use super::parameters::Encryption;

/// What a client says it speaks.
const PROTOCOL: &[u8] = b"postgresql";

/// Makes TLS connections as an address wants them.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    checks_names: bool,
}

impl Tls {
    /// Reads whom to trust.
    ///
    /// # Errors
    /// If there is a file that says it, and it cannot be read or has no certificate in it.
    pub fn of(address: &Address) -> anyhow::Result<Self> {
        let checks_names = address.0.encryption == Encryption::VerifyFull;
        let builder = ClientConfig::builder();
        let schemes = builder
            .crypto_provider()
            .signature_verification_algorithms
            .supported_schemes();
        let builder = match (address.0.encryption, &address.0.roots) {
            (Encryption::VerifyFull, None) => builder.with_webpki_roots(),
            (_, Some(file)) => {
                let verifier = Arc::new(Trusting::read(file, checks_names)?);
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(verifier)
            }
            (_, None) => {
                let verifier = Arc::new(Careless(schemes));
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(verifier)
            }
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self {
            config: Arc::new(config),
            checks_names,
        })
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type TlsConnect = ToHost;
    type Error = Failed;

    fn make_tls_connect(&mut self, host: &str) -> Result<ToHost, Failed> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            // A socket of this machine has no name, and no TLS.
            Err(_) if !self.checks_names || host.is_empty() => {
                ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into())
            }
            Err(_) => {
                let cause = format!("{host} is no name that a certificate could have");
                return Err(Failed(io::Error::other(cause)));
            }
        };
        Ok(ToHost {
            name,
            connector: self.config.clone().into(),
        })
    }
}

/// Makes one connection.
pub(super) struct ToHost {
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl<S> TlsConnect<S> for ToHost
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted<S>, Failed>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let connected = self.connector.connect(self.name, stream).await;
            connected.map(Encrypted).map_err(Failed)
        })
    }
}

/// There is no TLS connection, because of the certificate or otherwise.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failed(io::Error);

impl Failed {
    /// Is it about certificates or the protocol, and not a connection that broke?
    pub fn is_about_trust(&self) -> bool {
        use io::ErrorKind::{InvalidData, Other};
        matches!(self.0.kind(), InvalidData | Other)
    }
}

/// A TLS connection.
pub(super) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}
