//! Which certificate do two PEM files have? They are read again when they change, so that whoever renews them need not stop
//! the server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::tls::Certificate;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(10);

/// The files with the server's certificate and its key.
#[derive(Debug)]
pub struct CertificateFiles {
    cert: PathBuf,
    key: PathBuf,
    pub certificate: Arc<Certificate>,
}

/// What tells whether a file was written anew: when, and how long it is.
type Looks = Option<(SystemTime, u64)>;

impl CertificateFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// If one cannot be read, or they do not belong together.
    pub fn open(cert: PathBuf, key: PathBuf) -> anyhow::Result<Arc<Self>> {
        let certificate = Certificate::new(read(&cert, &key)?);
        Ok(Arc::new(Self {
            cert,
            key,
            certificate,
        }))
    }

    /// Reads the files again whenever they have changed, and on SIGHUP. What cannot be used is in the log, and what was used
    /// until then stays.
    ///
    /// # Errors
    /// If signals cannot be received.
    pub fn follow(self: Arc<Self>) -> anyhow::Result<()> {
        let mut asked = signal(SignalKind::hangup()).context("signals cannot be received")?;
        tokio::spawn(async move {
            let mut seen = self.clone().looks().await;
            loop {
                let is_asked = tokio::select! {
                    told = asked.recv() => told.is_some(),
                    () = tokio::time::sleep(EVERY) => false,
                };
                let now = self.clone().looks().await;
                if is_asked || now != seen {
                    seen = now;
                    self.clone().read_again().await;
                }
            }
        });
        Ok(())
    }

    async fn looks(self: Arc<Self>) -> [Looks; 2] {
        let look = move || {
            [&self.cert, &self.key].map(|path| {
                let found = std::fs::metadata(path).ok()?;
                Some((found.modified().ok()?, found.len()))
            })
        };
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    async fn read_again(self: Arc<Self>) {
        let path = self.cert.display().to_string();
        let again = move || {
            self.certificate.replace(read(&self.cert, &self.key)?);
            anyhow::Ok(())
        };
        match tokio::task::spawn_blocking(again).await {
            Ok(Ok(())) => tracing::info!(path, "the certificate was read again"),
            Ok(Err(error)) => {
                tracing::error!(
                    path,
                    "the new certificate cannot be used, the one before stays: {error:#}"
                );
            }
            Err(error) => tracing::error!(path, "the certificate was not read again: {error}"),
        }
    }
}

fn read(cert: &Path, key: &Path) -> anyhow::Result<Arc<CertifiedKey>> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("--tls-cert {} cannot be read", cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("--tls-key {} cannot be read", key.display()))?;
    let provider = ServerConfig::builder().crypto_provider().clone();
    let certified = CertifiedKey::from_der(chain, key, &provider)
        .context("--tls-cert and --tls-key do not belong together")?;
    Ok(Arc::new(certified))
}
