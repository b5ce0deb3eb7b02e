//! Which pages may ask? What a browser is told of pages from elsewhere, and which of them get a socket.
//!
//! Without `--cors-origin` every page may, with a token and without cookies: `*`. With it only those that are listed, and
//! these may also send credentials. No route here takes any; they are for a proxy in front that has a login of its own. The
//! server's own pages are always let in: by the name that they ask for, or by `--public-url`.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::web::origin::Origin;

/// How long a browser may remember what it was told.
const REMEMBERED: Duration = Duration::from_secs(3_600);
/// What a script from another page may read of an answer, beside the usual.
const EXPOSED: [&str; 10] = [
    "content-disposition",
    "content-range",
    "etag",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-position",
    "x-request-id",
    "x-total-count",
];

/// The pages that may ask.
#[derive(Clone)]
pub struct Origins(Arc<Known>);

struct Known {
    /// Empty: all may.
    listed: Vec<Origin>,
    /// As the server is reached from outside.
    own: Option<Origin>,
}

impl Origins {
    pub fn new(listed: Vec<Origin>, public_url: &str) -> Self {
        Self(Arc::new(Known {
            listed,
            own: Origin::of(public_url),
        }))
    }

    /// May who sends these headers have a socket? Who is no page is not asked.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        self.0.listed.is_empty()
            || headers
                .get(header::ORIGIN)
                .is_none_or(|origin| self.0.may(origin, headers))
    }

    /// What tells browsers so.
    pub fn layer(&self) -> CorsLayer {
        let cors = CorsLayer::new()
            // Not a star: where credentials are sent, browsers take it for a word.
            .allow_methods(AllowMethods::mirror_request())
            // Whatever a client's libraries add: no header is a secret, and none gives a right but the token.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(EXPOSED.map(HeaderName::from_static))
            .max_age(REMEMBERED);
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
