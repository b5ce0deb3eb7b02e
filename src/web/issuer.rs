//! What does the issuer say? The OpenID Connect provider: its endpoints, its keys, and whether an ID token is valid.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_rustls::rustls::ClientConfig;

use super::this_machine::names_this_machine;
use crate::core::error::{Error, Result};

/// How long the issuer may take to answer, and how many bytes it may send.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES: usize = 1 << 20;
/// How long the provider's metadata and keys are cached.
const PROVIDER_TTL: Duration = Duration::from_secs(3_600);

/// An issuer, and the HTTP client for it.
pub struct Issuer {
    url: String,
    http: Http,
    /// As it was fetched last, and when.
    provider: Mutex<Option<(Instant, Arc<Provider>)>>,
}

/// The provider's metadata (`/.well-known/openid-configuration`), and its keys.
#[derive(Deserialize)]
pub struct Provider {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    jwks_uri: String,
    #[serde(skip)]
    keys: Vec<Jwk>,
}

/// The claims of an ID token.
#[derive(Deserialize)]
pub struct IdTokenClaims {
    pub sub: String,
    /// The authorized party, if the token names several audiences.
    azp: Option<String>,
    nonce: Option<String>,
    pub email: Option<String>,
    #[serde(default)]
    pub email_verified: Verified,
    pub name: Option<String>,
    pub picture: Option<String>,
}

/// `email_verified`: some issuers write it as text.
#[derive(Deserialize, Default)]
#[serde(untagged)]
pub enum Verified {
    Flag(bool),
    Text(String),
    #[default]
    Missing,
}

impl Verified {
    pub fn is_true(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Text(text) => text == "true",
            Self::Missing => false,
        }
    }
}

/// The URL of an issuer, as `--oidc-issuer` has it.
///
/// # Errors
/// If it is neither an https URL nor an http URL of this machine.
pub fn issuer_url(text: &str) -> std::result::Result<String, String> {
    let parsed = text.parse::<http::Uri>().ok();
    let is_safe = parsed.is_some_and(|url| match url.scheme_str() {
        Some("https") => true,
        Some("http") => url.host().is_some_and(names_this_machine),
        _ => false,
    });
    let wrong = || {
        format!(
            "{text} is no https URL: write https://login.example.com; http is only for an issuer on this machine"
        )
    };
    is_safe.then(|| text.to_owned()).ok_or_else(wrong)
}

impl Issuer {
    pub fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            http: client(),
            provider: Mutex::default(),
        }
    }

    /// The HTTP client as the OAuth library wants it. It owns its connection pool, because the library takes no borrowed one.
    pub fn http_client(&self) -> impl Fn(Request<Vec<u8>>) -> HttpFuture + Send + Sync + 'static {
        let http = self.http.clone();
        move |request| Box::pin(ask(http.clone(), request))
    }

    /// The provider's metadata and keys, fetched at most once an hour.
    ///
    /// # Errors
    /// `Overloaded` if it does not answer.
    pub async fn provider(&self) -> Result<Arc<Provider>> {
        if let Some((fetched, known)) = &*self.provider.lock()
            && fetched.elapsed() < PROVIDER_TTL
        {
            return Ok(known.clone());
        }
        let issuer = self.url.as_str();
        let mut provider: Provider = self
            .fetch(&format!("{issuer}/.well-known/openid-configuration"))
            .await?;
        if provider.issuer.trim_end_matches('/') != issuer {
            return Err(Error::Internal(format!(
                "{issuer} calls itself {}",
                provider.issuer
            )));
        }
        let keys: JwkSet = self.fetch(&provider.jwks_uri).await?;
        provider.keys = keys.keys;
        let provider = Arc::new(provider);
        *self.provider.lock() = Some((Instant::now(), provider.clone()));
        Ok(provider)
    }

    async fn fetch<T: DeserializeOwned>(&self, url: &str) -> Result<T> {
        let unreachable = |why: String| {
            tracing::warn!(url, why, "the issuer did not answer");
            Error::Overloaded("The login service does not answer, please try again")
        };
        let request = Request::get(url)
            .body(Vec::new())
            .map_err(|e| unreachable(e.to_string()))?;
        let response = ask(self.http.clone(), request)
            .await
            .map_err(|e| unreachable(e.to_string()))?;
        serde_json::from_slice(response.body()).map_err(|e| unreachable(e.to_string()))
    }
}

impl Provider {
    /// The claims of an ID token, if it is valid: signed by the issuer, for this client, with the nonce of this login.
    ///
    /// # Errors
    /// `Unauthorized`; the reason is only in the log.
    pub fn check(&self, token: &str, client_id: &str, nonce: &str) -> Result<IdTokenClaims> {
        let wrong = |why: &str| {
            tracing::warn!(why, "an ID token was refused");
            Error::Unauthorized("The issuer's ID token does not hold")
        };
        let head = jsonwebtoken::decode_header(token).map_err(|e| wrong(&e.to_string()))?;
        if ![Algorithm::RS256, Algorithm::ES256].contains(&head.alg) {
            return Err(wrong("its algorithm is not RS256 or ES256"));
        }
        let key = self
            .keys
            .iter()
            .find(|key| head.kid.is_none() || key.common.key_id == head.kid)
            .ok_or_else(|| wrong("its key is not among the issuer's"))?;
        let key = DecodingKey::from_jwk(key).map_err(|e| wrong(&e.to_string()))?;
        let mut validation = Validation::new(head.alg);
        validation.leeway = 30;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[client_id]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = jsonwebtoken::decode::<IdTokenClaims>(token, &key, &validation);
        let claims = claims.map_err(|e| wrong(&e.to_string()))?.claims;
        if claims.sub.is_empty() {
            return Err(wrong("it names nobody"));
        }
        if claims.azp.as_ref().is_some_and(|party| party != client_id) {
            return Err(wrong("it was made for another party"));
        }
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(wrong("its nonce is not that of this login"));
        }
        Ok(claims)
    }
}

type HttpFuture =
    Pin<Box<dyn Future<Output = std::result::Result<Response<Vec<u8>>, Unanswered>> + Send>>;
type Http = HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client for http and https.
fn client() -> Http {
    let tls = ClientConfig::builder()
        .with_webpki_roots()
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    HttpClient::builder(TokioExecutor::new()).build(connector)
}

/// Asks any server for one URL, within the same bounds as the issuer.
///
/// # Errors
/// If there is no answer, or no end of it.
pub async fn get(url: &str) -> std::result::Result<Response<Vec<u8>>, Unanswered> {
    let request = Request::get(url).body(Vec::new());
    ask(client(), request.map_err(Unanswered::Url)?).await
}

async fn ask(
    http: Http,
    request: Request<Vec<u8>>,
) -> std::result::Result<Response<Vec<u8>>, Unanswered> {
    let asking = async {
        let response = http
            .request(request.map(|body| Full::new(body.into())))
            .await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES)
            .collect()
            .await
            .map_err(Unanswered::Body)?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    tokio::time::timeout(ANSWER_TIMEOUT, asking)
        .await
        .unwrap_or(Err(Unanswered::TooLate))
}

/// Why there is no answer from the issuer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    #[error("{0}")]
    Http(#[from] hyper_util::client::legacy::Error),
    #[error("{0}")]
    Url(http::Error),
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("it took too long")]
    TooLate,
}
