//! How is an ACME directory asked? By a client of ours within bounds: time, bytes, and the certificates that it trusts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use parking_lot::Mutex;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::core::certificate::Plan;

/// How long the directory may take to answer, and how many bytes it may send.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES: usize = 1 << 20;
/// Longer than this it is not waited for, whatever it says.
const LONGEST_REST: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory, and the HTTP client for it.
#[derive(Clone)]
pub struct Directory {
    http: Client<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>,
    rest: Arc<Mutex<Option<Duration>>>,
}

impl Directory {
    /// # Errors
    /// If there is no certificate in `--acme-ca-file`.
    pub fn new(plan: &Plan) -> anyhow::Result<Self> {
        let tls = ClientConfig::builder();
        let tls = match &plan.ca_file {
            None => tls.with_webpki_roots(),
            Some(path) => {
                let name = || format!("--acme-ca-file {} cannot be read", path.display());
                let mut roots = RootCertStore::empty();
                for root in CertificateDer::pem_file_iter(path).with_context(name)? {
                    roots.add(root.with_context(name)?).with_context(name)?;
                }
                ensure!(
                    !roots.is_empty(),
                    "--acme-ca-file {} has no certificate in it",
                    path.display()
                );
                tls.with_root_certificates(roots)
            }
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.with_no_client_auth())
            .https_only()
            .enable_http1()
            .build();
        Ok(Self {
            http: Client::builder(TokioExecutor::new()).build(connector),
            rest: Arc::default(),
        })
    }

    /// How long it wants to be left alone, if it has said so since this was asked last.
    pub fn rest(&self) -> Option<Duration> {
        self.rest.lock().take()
    }

    /// Asks for the directory itself.
    ///
    /// # Errors
    /// Why there is no answer, or what it is.
    pub async fn answers(&self, url: &str) -> Result<(), String> {
        let request = Request::get(url).body(BodyWrapper::default());
        let request = request.map_err(|error| error.to_string())?;
        match self.ask(request).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let body = body.collect().await.map(Collected::to_bytes);
                let problem = serde_json::from_slice(&body.unwrap_or_default());
                let said = problem.map_or_else(|_| String::new(), |said| sentence(&said));
                Err(format!("it answers {}: {said}", head.status))
            }
            Err(error) => Err(in_full(&error)),
        }
    }

    async fn ask(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Error> {
        let asking = async {
            let answer = self.http.request(request).await;
            let (head, body) = answer
                .map_err(|error| Error::Other(error.into()))?
                .into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            let body = body.map_err(Error::Other)?.to_bytes();
            Ok(Response::from_parts(head, Full::new(body)))
        };
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, asking).await;
        let answer =
            answer.unwrap_or_else(|_| Err(Error::Other("it did not answer within 30 s".into())))?;
        let status = answer.status();
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            let said = answer.headers().get(RETRY_AFTER);
            *self.rest.lock() = said
                .and_then(|said| rest(said.to_str().ok()?.trim()))
                .map(|said| said.min(LONGEST_REST));
        }
        let kind = answer.headers().get(CONTENT_TYPE);
        let is_problem =
            kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
        if !status.is_success() && !status.is_redirection() && !is_problem {
            // A proxy speaks, or something that is no directory.
            return Err(Error::Other(
                format!("the directory answers {status}").into(),
            ));
        }
        Ok(answer)
    }
}

impl HttpClient for Directory {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let directory = self.clone();
        Box::pin(async move { directory.ask(request).await.map(BytesResponse::from) })
    }
}

/// `Retry-After`: seconds, or a moment.
fn rest(said: &str) -> Option<Duration> {
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(said).ok()?.timestamp();
    SystemTime::from(until)
        .duration_since(SystemTime::now())
        .ok()
}

/// What a directory says is wrong, in its own words.
pub fn sentence(problem: &Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or("no type");
    let mut said = match &problem.detail {
        Some(detail) => format!("{detail} ({kind})"),
        None => kind.to_owned(),
    };
    for more in &problem.subproblems {
        said = format!("{said}; {}", more.to_string().trim());
    }
    said
}

/// An error with what caused it.
pub fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        cause = next.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_rest_is_said_in_seconds_or_as_a_moment() {
        assert_eq!(rest("120"), Some(Duration::from_secs(120)));
        assert!(rest("Thu, 21 Oct 2100 07:28:00 GMT").is_some_and(|rest| rest > LONGEST_REST));
        assert_eq!(rest("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(rest("soon"), None);
    }
}
