//! Which web pages may use this server? What a browser is told about pages of other origins, and which get a socket.
//!
//! Without `--cors-origin` every page may, with a token and without cookies: `*`. With it only pages of the listed origins
//! may, and they may also send credentials. No route here takes any: they are for a proxy in front with its own login. The
//! server's own pages always may. They are known by the `Host` header or by `--public-url`.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::web::origin::Origin;

/// How long a browser may cache the answer to a preflight request.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);
/// Headers that a script of another origin may read, beside the usual ones.
const EXPOSED: [&str; 11] = [
    "content-disposition",
    "content-range",
    "etag",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-indexing",
    "x-position",
    "x-request-id",
    "x-total-count",
];

/// The origins whose pages may use this server.
#[derive(Clone)]
pub struct Origins(Arc<Known>);

struct Known {
    /// Empty: all origins.
    listed: Vec<Origin>,
    /// The origin of `--public-url`.
    own: Option<Origin>,
}

impl Origins {
    pub fn new(listed: Vec<Origin>, public_url: &str) -> Self {
        Self(Arc::new(Known {
            listed,
            own: Origin::of(public_url),
        }))
    }

    /// May a client with these headers have a socket? One without `Origin` is not a page, and may.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        self.0.listed.is_empty()
            || headers
                .get(header::ORIGIN)
                .is_none_or(|origin| self.0.may(origin, headers))
    }

    /// Adds the CORS headers that tell browsers so.
    pub fn layer(&self) -> CorsLayer {
        let cors = CorsLayer::new()
            // Not `*`, which browsers take literally if credentials are sent.
            .allow_methods(AllowMethods::mirror_request())
            // A client's libraries may add any header. None but the token gives a right.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(EXPOSED.map(HeaderName::from_static))
            .max_age(PREFLIGHT_AGE);
        if self.0.listed.is_empty() {
            return cors.allow_origin(AllowOrigin::any());
        }
        let (may, lists) = (self.0.clone(), self.0.clone());
        cors.allow_origin(AllowOrigin::predicate(move |origin, parts: &Parts| {
            may.may(origin, &parts.headers)
        }))
        .allow_credentials(AllowCredentials::predicate(move |origin, _: &Parts| {
            read(origin).is_some_and(|origin| lists.listed.contains(&origin))
        }))
    }
}

impl Known {
    fn may(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let Some(origin) = read(origin) else {
            return false;
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        self.listed.contains(&origin)
            || self.own.as_ref() == Some(&origin)
            || host.is_some_and(|host| origin.is_at(host))
    }
}

fn read(origin: &HeaderValue) -> Option<Origin> {
    Origin::of(origin.to_str().ok()?)
}
