//! What do all dialects' routes share? A [`Call`](call::Call) in hand, an [`Answer`](answer::Answer), route tables,
//! pages, uploads, rate limits.
//!
//! warp parses the request and sends the reply. The path is looked up in one tree ([`routes`]), so a request does not try
//! the routes one after the other, and "no such path" cannot be mistaken for "bad request".

pub mod about;
pub mod answer;
mod bounded_body;
pub mod call;
pub mod documents;
pub mod downloads;
mod etag;
pub mod export;
pub mod fields;
pub mod finding;
pub mod forms;
pub mod in_flight;
pub mod input;
pub mod inviting;
pub mod issuer;
pub mod login;
pub mod mailing;
pub mod media;
pub mod oidc;
pub mod oneself;
pub mod origin;
pub mod pages;
pub mod people;
pub mod presence;
pub mod qr;
pub mod rates;
mod refused;
pub mod routes;
pub mod signing_up;
pub mod this_machine;
pub mod uploads;
pub mod volume;
pub mod watch;
mod windows;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use warp::Filter;
use warp::filters::path::FullPath;

use crate::core::Core;
use crate::core::error::{Error, Result};
use answer::{Answer, Reply, refusal, wrong_method};
use call::{Body, Call, Visitor};
use in_flight::RequestInFlight;
use rates::{Class, Rates};
use routes::{Route, RouteMatch, Routes};

/// How long a request may take, and how long an upload or a backup.
const REQUEST: Duration = Duration::from_secs(30);
const UPLOAD: Duration = Duration::from_secs(120);

/// What all routes of a server share.
pub struct Web {
    pub core: Core,
    pub rates: Arc<Rates>,
    pub in_flight: Arc<in_flight::InFlight>,
    pub exports: export::Exports,
    /// A token is required to read, even what is public.
    pub members_only: bool,
    /// How this server is reached from outside, without a slash at the end.
    pub public_url: String,
    /// Logging in with Google or another issuer, if that is turned on.
    pub oidc: Option<oidc::Oidc>,
    /// Figures for the administrator.
    pub watch: Arc<watch::Watch>,
    /// The pages for browsers.
    pub pages: pages::Pages,
    /// The APIs that it speaks.
    pub dialects: Vec<about::Spoken>,
    /// The OpenAPI and AsyncAPI documents.
    pub documents: documents::SpecCache,
}

/// The warp filter that answers every request. The request's extensions hold who sent it, and the routes of its listener.
pub fn filter(
    web: Arc<Web>,
) -> impl Filter<Extract = (Reply,), Error = warp::Rejection> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or_else(async |_| Ok::<_, Infallible>((String::new(),)));
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<Visitor>())
        .and(warp::ext::get::<Arc<Routes>>())
        .and(warp::body::stream())
        .then(
            move |method: Method,
                  path: FullPath,
                  query: String,
                  headers: HeaderMap,
                  visitor: Visitor,
                  routes: Arc<Routes>,
                  body| {
                let web = web.clone();
                async move {
                    let call = Call::new(web.clone(), visitor, query, headers, parts(body)).await;
                    let mut reply = web.answer(&routes, &method, path.as_str(), call).await;
                    reply.headers_mut().insert(
                        "x-content-type-options",
                        HeaderValue::from_static("nosniff"),
                    );
                    web.watch.answered(reply.status());
                    reply
                }
            },
        )
        .boxed()
}

impl Web {
    async fn answer(&self, routes: &Routes, method: &Method, path: &str, call: Call) -> Reply {
        let request = call.visitor().request.clone();
        let wants_html = refused::wants_html(method, path, call.headers());
        let refuse = |error: &Error| match wants_html {
            true => refused::as_page(refusal(error, &request), error, &self.public_url),
            false => refusal(error, &request),
        };
        let (shared, params) = match routes.find(method, path) {
            RouteMatch::Routes(routes, params) => (routes, params),
            RouteMatch::TrailingSlash if wants_html => {
                return without_slash(path, call.raw_query());
            }
            RouteMatch::TrailingSlash => match routes.find(method, &path[..path.len() - 1]) {
                RouteMatch::Routes(routes, params) => (routes, params),
                RouteMatch::WrongMethod(allowed) => return wrong_method(&allowed),
                RouteMatch::TrailingSlash | RouteMatch::NotFound => {
                    return refuse(&Error::NotFound("Route"));
                }
            },
            RouteMatch::WrongMethod(allowed) => return wrong_method(&allowed),
            RouteMatch::NotFound => return refuse(&Error::NotFound("Route")),
        };
        let mut shared = shared.into_iter();
        let Some(route) = shared.find(|route| route.meant.is_none_or(|meant| meant(&call))) else {
            return refuse(&Error::NotFound("Route"));
        };
        let counting =
            self.rates
                .count_with_peers(&self.core, route.class, route.path, call.asker());
        let (rate_limit, counted) = match counting.await {
            Some((headers, counted)) => (Some(headers), counted),
            None => (None, Ok(())),
        };
        let (in_flight, answered) = match counted.and_then(|()| self.begin(&call)) {
            Ok(in_flight) => {
                let reads = method == Method::GET;
                let answered = handle(route, call.at(params), in_flight.as_deref(), reads).await;
                (in_flight, answered)
            }
            Err(error) => (None, Err(error)),
        };
        let mut reply = answered.unwrap_or_else(|error| refuse(&error));
        if let Some(in_flight) = in_flight {
            // The request is in flight until the client has taken the answer.
            in_flight.note_answer(reply.body().size_hint().exact().unwrap_or_default() as usize);
            reply.extensions_mut().insert(in_flight);
        }
        if let Some(headers) = rate_limit {
            headers.write(reply.headers_mut());
        }
        reply
    }

    /// Counts a request of an account, if the number of its requests in flight is limited.
    fn begin(&self, call: &Call) -> Result<Option<Arc<RequestInFlight>>> {
        let limited = call.asker().account.zip(self.core.limits().requests);
        let begun = limited.map(|(account, most)| self.in_flight.begin(account, most));
        Ok(begun.transpose()?.map(Arc::new))
    }
}

/// Runs the handler within its time-out. Short reads of an account wait for their turn.
async fn handle(
    route: &Route,
    call: Call,
    in_flight: Option<&RequestInFlight>,
    reads: bool,
) -> Answer {
    let timeout = match route.class {
        Class::Upload | Class::Attachment | Class::Long => UPLOAD,
        Class::Auth | Class::Api | Class::Free => REQUEST,
    };
    let reader = in_flight.filter(|_| reads && timeout == REQUEST);
    let handling = async {
        let _turn = match reader {
            Some(request) => request.turn().await?,
            None => None,
        };
        (route.handler)(call).await
    };
    let answered = tokio::time::timeout(timeout, handling).await;
    answered.unwrap_or(Err(Error::TooSlow))
}

/// Redirects a browser to the path without the slash at its end, because the page's relative links lead to its siblings. The
/// redirect is relative too, because a proxy may have stripped the beginning of the path.
fn without_slash(path: &str, query: &str) -> Reply {
    let name = path.trim_end_matches('/').rsplit('/').next();
    let mut to = format!("../{}", name.unwrap_or_default());
    if !query.is_empty() {
        to = format!("{to}?{query}");
    }
    let mut reply = Reply::default();
    *reply.status_mut() = StatusCode::PERMANENT_REDIRECT;
    if let Ok(to) = HeaderValue::try_from(to) {
        reply.headers_mut().insert(header::LOCATION, to);
    }
    reply
}

/// The body's parts as bytes. If it breaks off, that is the client's fault.
fn parts(
    body: impl Stream<Item = std::result::Result<impl Buf, warp::Error>> + Send + Sync + 'static,
) -> Body {
    Box::pin(body.map(|part| -> Result<Bytes> {
        let mut part =
            part.map_err(|e| Error::Malformed(format!("The body could not be read: {e}")))?;
        Ok(part.copy_to_bytes(part.remaining()))
    }))
}
