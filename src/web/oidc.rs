//! Does the issuer know them? Logging in at an OpenID Connect issuer: the authorization code flow with PKCE,
//! a state bound to the browser, a nonce, and an ID token checked against the issuer's keys.
//!
//! What a login needs at its end its browser keeps, in a cookie; the database has a hash of that and of the state, so that it
//! can end at another server, and only once.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
    BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::answer::Reply;
use super::call::Call;
use super::issuer::{Issuer, Provider};
use crate::core::error::{Error, Result};
use crate::core::external_login::{self, Identity, LOGIN_LASTS};
use crate::core::{hex, random};

/// How many characters the `state` of a page may have, by which it knows its own login when the browser comes back, and an
/// invitation.
const STATE_CHARS: usize = 128;
/// The cookie that binds a login to the browser that began it.
const COOKIE: &str = "chat_login";

/// The values of `--google-client-id` and the flags that belong to it.
#[derive(Debug, Clone)]
pub struct OidcFlags {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    /// Where the browser is sent after the login; without it the answer is JSON.
    pub login_return: Option<String>,
}

/// Logging in at one issuer.
pub struct Oidc {
    flags: OidcFlags,
    /// Our URL that the issuer sends the browser back to.
    redirect: String,
    issuer: Issuer,
}

/// What a browser keeps of a login that it has begun.
struct Begun {
    /// Random: the nonce and the PKCE verifier are made of it.
    secret: String,
    /// The `state` of the page that began it, which it gets back.
    state: Option<String>,
    /// The token of an invitation, for somebody who has no account yet.
    invitation: Option<String>,
}

impl Begun {
    /// As it is in the cookie. None of the parts has a dot in it.
    fn to_cookie(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let (state, invitation) = (part(&self.state), part(&self.invitation));
        format!("{}.{state}.{invitation}", self.secret)
    }

    fn of_cookie(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let mut next = || parts.next();
        let (secret, state, invitation) = (next()?, next()?, next()?);
        let given = |part: String| Some(part).filter(|part| !part.is_empty());
        Some(Self {
            secret,
            state: given(state),
            invitation: given(invitation),
        })
    }

    fn nonce(&self) -> String {
        self.derived("nonce")
    }

    fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.derived("verifier"))
    }

    /// 64 hex digits, from which nobody finds the secret, nor what else is made of it.
    fn derived(&self, what: &str) -> String {
        let both = format!("{what}\n{}", self.secret);
        hex(digest(&SHA256, both.as_bytes()).as_ref())
    }
}

/// Who came back from the issuer, with the `state` of the page that sent them there and the invitation that they brought.
pub struct Returned {
    pub identity: Identity,
    pub state: Option<String>,
    pub invitation: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    id_token: Option<String>,
}
impl ExtraTokenFields for IdTokenField {}

type TokenResponse = StandardTokenResponse<IdTokenField, BasicTokenType>;
type Flow = Client<
    BasicErrorResponse,
    TokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Oidc {
    pub fn new(flags: OidcFlags, public_url: &str) -> Self {
        Self {
            issuer: Issuer::new(&flags.issuer),
            redirect: format!("{public_url}/auth/google/callback"),
            flags,
        }
    }

    pub fn login_return(&self) -> Option<&str> {
        self.flags.login_return.as_deref()
    }

    /// Does the browser come back to the chat page of this server?
    pub fn returns_to(&self, public_url: &str) -> bool {
        self.login_return()
            .is_some_and(|url| url.trim_end_matches('/') == public_url)
    }

    /// Redirects the browser to the issuer. The page gets the `state` of its query back beside the token, so that it takes only
    /// the token of a login that it began itself.
    ///
    /// # Errors
    /// `Invalid` for a `state` or an `invitation` that cannot be put into a URL as it is, `Overloaded` if the issuer does not answer.
    pub async fn begin(&self, call: &Call) -> Result<Reply> {
        let mut query = call.query();
        let [state, invitation] = ["state", "invitation"].map(|name| {
            let given = query.optional_text(&[name]);
            if given.as_deref().is_some_and(|given| !is_plain(given)) {
                let wrong = format!("must be 1 to {STATE_CHARS} letters, digits, - or _");
                query.fault(name, wrong);
            }
            given
        });
        let (returned, invitation) = query.done(Some((state, invitation)))?;
        let provider = self.issuer.provider().await?;
        let login = Begun {
            secret: hex(&random::<32>()),
            state: returned,
            invitation,
        };
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&login.verifier());
        let (url, state) = self
            .flow(&provider)?
            .authorize_url(CsrfToken::new_random)
            .add_scopes(["openid", "email", "profile"].map(|scope| Scope::new(scope.into())))
            .add_extra_param("nonce", login.nonce())
            .set_pkce_challenge(challenge)
            .url();
        let secure = if self.redirect.starts_with("https://") {
            "; Secure"
        } else {
            ""
        };
        // Behind a proxy the browser knows these routes by a longer path.
        let path = self.redirect.parse::<http::Uri>();
        let path = path.as_ref().map_or("/auth/google", |url| url.path());
        let path = path.trim_end_matches("/callback");
        let browser = login.to_cookie();
        let cookie = format!(
            "{COOKIE}={browser}; Path={path}; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            LOGIN_LASTS.as_secs()
        );
        let state = state.into_secret();
        call.write(move |tx| external_login::begin(tx, &browser, &state))
            .await?;
        redirect(url.as_str(), Some(&cookie))
    }

    /// Exchanges the code that the browser brings back from the issuer.
    ///
    /// # Errors
    /// `Unauthorized` for a login that this browser did not begin, a code that the issuer refuses, or an invalid ID token;
    /// `Overloaded` if the issuer does not answer.
    pub async fn finish(&self, call: &Call) -> Result<Returned> {
        let mut query = call.query();
        let (state, code) = (query.text(&["state"]), query.text(&["code"]));
        let browser = cookie(call.header(header::COOKIE).unwrap_or_default());
        let browser = browser.ok_or(external_login::NOT_BEGUN)?.to_owned();
        let login = Begun::of_cookie(&browser).ok_or(external_login::NOT_BEGUN)?;
        call.write(move |tx| external_login::end(tx, &browser, &state))
            .await?;
        if code.is_empty() {
            return Err(Error::Unauthorized("The login was not completed"));
        }
        let provider = self.issuer.provider().await?;
        let http = self.issuer.http_client();
        let tokens = self
            .flow(&provider)?
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(login.verifier())
            .request_async(&http)
            .await
            .map_err(|error| {
                let why = for_the_log(&error);
                tracing::warn!(why, "an authorization code was not taken");
                Error::Unauthorized("The issuer did not take the code")
            })?;
        let token = tokens.extra_fields().id_token.as_deref();
        let claims = provider.check(
            token.unwrap_or_default(),
            &self.flags.client_id,
            &login.nonce(),
        )?;
        let verified = claims.email_verified.is_true();
        let name = claims
            .name
            .or_else(|| claims.email.clone())
            .unwrap_or_else(|| claims.sub.clone());
        let identity = Identity {
            subject: format!("{} {}", provider.issuer, claims.sub),
            email: claims.email.filter(|_| verified),
            name,
            picture: claims
                .picture
                .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        };
        Ok(Returned {
            identity,
            state: login.state,
            invitation: login.invitation,
        })
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
}

/// Can this be put into a URL's fragment as it is?
fn is_plain(state: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=STATE_CHARS).contains(&state.len()) && state.chars().all(plain)
}

/// `302 Found`, with a cookie if there is one.
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

/// The issuer's error may repeat the code, so the log gets only the error codes that the protocol defines.
fn for_the_log<E: std::error::Error + 'static>(
    error: &RequestTokenError<E, BasicErrorResponse>,
) -> String {
    match error {
        RequestTokenError::ServerResponse(said) => match said.error() {
            BasicErrorResponseType::Extension(_) => "the issuer has a reason of its own".into(),
            known => known.to_string(),
        },
        RequestTokenError::Request(error) => error.to_string(),
        RequestTokenError::Parse(..) => "the issuer's answer is none".into(),
        RequestTokenError::Other(_) => "the issuer's answer says nothing".into(),
    }
}

fn cookie(header: &str) -> Option<&str> {
    header
        .split(';')
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}
