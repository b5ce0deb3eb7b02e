//! Is it really them, says somebody else? Logging in at an OpenID Connect issuer: the authorization code flow with PKCE,
//! a state bound to the browser, a nonce, and an ID token checked against the issuer's keys.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::ClientConfig;

use super::answer::Reply;
use super::call::Call;
use crate::core::account::Identity;
use crate::core::error::{Error, Result};
use crate::core::{hex, random};

/// How long somebody may take to log in over there.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long the issuer may take to answer, and how much.
const ANSWER: Duration = Duration::from_secs(10);
const ANSWER_BYTES: usize = 1 << 20;
/// How long what the issuer says of itself is believed.
const BELIEVED: Duration = Duration::from_secs(3_600);
/// The cookie that binds a login to the browser that began it.
const COOKIE: &str = "chat_login";

/// What `--google-client-id` and the flags around it say.
#[derive(Debug, Clone)]
pub struct OidcFlags {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    /// Where the browser goes afterwards; without it the answer is JSON.
    pub login_return: Option<String>,
}

/// Logging in at one issuer.
pub struct Oidc {
    flags: OidcFlags,
    /// Ours, where the issuer sends the browser back to.
    redirect: String,
    http: Http,
    provider: Cache<(), Arc<Provider>>,
    /// Logins that have begun, by state.
    begun: Cache<String, Arc<Begun>>,
}

struct Begun {
    nonce: String,
    verifier: String,
    /// What the browser's cookie must say.
    browser: String,
}

/// What the issuer says of itself.
#[derive(Deserialize)]
struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(skip)]
    keys: Vec<Jwk>,
}

#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}
impl ExtraTokenFields for IdTokenField {}

type Tokens = StandardTokenResponse<IdTokenField, BasicTokenType>;
type Flow = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What an ID token says.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// For whom it was made, where it names several audiences.
    azp: Option<String>,
    nonce: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Verified,
    name: Option<String>,
    picture: Option<String>,
}

/// Some issuers write it as text.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Verified {
    Flag(bool),
    Text(String),
    #[default]
    Missing,
}

impl Oidc {
    /// # Errors
    /// Where the issuer is not an https URL, nor an http one on this machine.
    pub fn new(flags: OidcFlags, public_url: &str) -> std::result::Result<Self, String> {
        let issuer: http::Uri = flags
            .issuer
            .parse()
            .map_err(|_| format!("--oidc-issuer {} is no URL", flags.issuer))?;
        let host = issuer.host().unwrap_or_default().trim_matches(['[', ']']);
        let here = host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if issuer.scheme_str() != Some("https") && !(issuer.scheme_str() == Some("http") && here) {
            return Err(format!(
                "--oidc-issuer {} must be an https URL",
                flags.issuer
            ));
        }
        let tls = ClientConfig::builder()
            .with_webpki_roots()
            .with_no_client_auth();
        if let Some(url) = &flags.login_return
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return Err(format!("--login-return {url} must be an http or https URL"));
        }
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            redirect: format!("{public_url}/auth/google/callback"),
            flags,
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            provider: Cache::builder().time_to_live(BELIEVED).build(),
            begun: Cache::builder()
                .time_to_live(PATIENCE)
                .max_capacity(10_000)
                .build(),
        })
    }

    pub fn login_return(&self) -> Option<&str> {
        self.flags.login_return.as_deref()
    }

    /// Sends the browser to the issuer.
    ///
    /// # Errors
    /// `Overloaded` where the issuer does not answer.
    pub async fn begin(&self) -> Result<Reply> {
        let provider = self.provider().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let begun = Begun {
            nonce: hex(&random::<16>()),
            verifier: verifier.into_secret(),
            browser: hex(&random::<16>()),
        };
        let (url, state) = self
            .flow(&provider)?
            .authorize_url(CsrfToken::new_random)
            .add_scopes(["openid", "email", "profile"].map(|scope| Scope::new(scope.into())))
            .add_extra_param("nonce", &begun.nonce)
            .set_pkce_challenge(challenge)
            .url();
        let secure = if self.redirect.starts_with("https://") {
            "; Secure"
        } else {
            ""
        };
        let cookie = format!(
            "{COOKIE}={}; Path=/auth/google; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            begun.browser,
            PATIENCE.as_secs()
        );
        self.begun.insert(state.secret().clone(), Arc::new(begun));
        redirect(url.as_str(), Some(&cookie))
    }

    /// Who came back from the issuer with a code.
    ///
    /// # Errors
    /// `Unauthorized` for a state that this browser did not begin with, a code that the issuer does not take, or an
    /// ID token that does not hold.
    pub async fn finish(&self, call: &Call) -> Result<Identity> {
        let mut query = call.query();
        let (state, code) = (query.text(&["state"]), query.text(&["code"]));
        let begun = self.begun.remove(&state);
        let browser = cookie(call.header(header::COOKIE).unwrap_or_default());
        let begun = begun.filter(|begun| browser == Some(&begun.browser));
        let begun = begun.ok_or(Error::Unauthorized(
            "This login was not begun in this browser, or too long ago",
        ))?;
        if code.is_empty() {
            return Err(Error::Unauthorized("The login was not completed"));
        }
        let provider = self.provider().await?;
        let http = self.http.clone();
        // Owns what it asks with: a borrow would not outlive the call in the library's eyes.
        let http = move |request| ask(http.clone(), request);
        let tokens = self
            .flow(&provider)?
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier.clone()))
            .request_async(&http)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "an authorization code was not taken");
                Error::Unauthorized("The issuer did not take the code")
            })?;
        let token = tokens.extra_fields().id_token.as_deref();
        let claims = self.check(&provider, token.unwrap_or_default(), &begun.nonce)?;
        let verified = match claims.email_verified {
            Verified::Flag(flag) => flag,
            Verified::Text(text) => text == "true",
            Verified::Missing => false,
        };
        let name = claims
            .name
            .or_else(|| claims.email.clone())
            .unwrap_or_else(|| claims.sub.clone());
        Ok(Identity {
            subject: format!("{} {}", provider.issuer, claims.sub),
            email: claims.email.filter(|_| verified),
            name,
            picture: claims
                .picture
                .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        })
    }

    fn check(&self, provider: &Provider, token: &str, nonce: &str) -> Result<Claims> {
        let wrong = |why: &str| {
            tracing::warn!(why, "an ID token was refused");
            Error::Unauthorized("The issuer's ID token does not hold")
        };
        let head = jsonwebtoken::decode_header(token).map_err(|e| wrong(&e.to_string()))?;
        if ![Algorithm::RS256, Algorithm::ES256].contains(&head.alg) {
            return Err(wrong("its algorithm is not RS256 or ES256"));
        }
        let key = provider
            .keys
            .iter()
            .find(|key| head.kid.is_none() || key.common.key_id == head.kid)
            .ok_or_else(|| wrong("its key is not among the issuer's"))?;
        let key = DecodingKey::from_jwk(key).map_err(|e| wrong(&e.to_string()))?;
        let mut validation = Validation::new(head.alg);
        validation.leeway = 30;
        validation.set_issuer(&[&provider.issuer]);
        validation.set_audience(&[&self.flags.client_id]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation);
        let claims = claims.map_err(|e| wrong(&e.to_string()))?.claims;
        if claims.sub.is_empty() {
            return Err(wrong("it names nobody"));
        }
        if claims
            .azp
            .as_ref()
            .is_some_and(|party| *party != self.flags.client_id)
        {
            return Err(wrong("it was made for another party"));
        }
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(wrong("its nonce is not that of this login"));
        }
        Ok(claims)
    }

    fn flow(&self, provider: &Provider) -> Result<Flow> {
        let url = |text: &str| Error::Internal(format!("the issuer's {text} is no URL"));
        Ok(Client::new(ClientId::new(self.flags.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.flags.client_secret.clone()))
            .set_auth_uri(
                AuthUrl::new(provider.authorization_endpoint.clone())
                    .map_err(|_| url("authorization endpoint"))?,
            )
            .set_token_uri(
                TokenUrl::new(provider.token_endpoint.clone())
                    .map_err(|_| url("token endpoint"))?,
            )
            .set_redirect_uri(
                RedirectUrl::new(self.redirect.clone())
                    .map_err(|_| url("way back (--public-url)"))?,
            ))
    }

    async fn provider(&self) -> Result<Arc<Provider>> {
        if let Some(known) = self.provider.get(&()) {
            return Ok(known);
        }
        let issuer = self.flags.issuer.trim_end_matches('/');
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
        self.provider.insert((), provider.clone());
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

type Http = HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>;

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
    tokio::time::timeout(ANSWER, asking)
        .await
        .unwrap_or(Err(Unanswered::TooLate))
}

/// Why the issuer's answer did not come.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("{0}")]
    Http(#[from] hyper_util::client::legacy::Error),
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("it took too long")]
    TooLate,
}

/// Sends the browser on.
///
/// # Errors
/// `Internal` for what cannot be a header.
pub fn redirect(url: &str, cookie: Option<&str>) -> Result<Reply> {
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|e| Error::Internal(format!("a header's value: {e}")))
    };
    let mut reply = Response::new(Bytes::new().into());
    *reply.status_mut() = StatusCode::FOUND;
    reply.headers_mut().insert(header::LOCATION, value(url)?);
    reply
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        reply
            .headers_mut()
            .insert(header::SET_COOKIE, value(cookie)?);
    }
    Ok(reply)
}

fn cookie(header: &str) -> Option<&str> {
    header
        .split(';')
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}
