//! A request in hand: who asks, for what, and with which path, query, headers and body.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::Web;
use super::answer::Reply;
use super::fields::Fields;
use super::forms::percent_decoded;
use super::input::Input;
use super::rates::Asker;
use crate::core::error::{Error, Result};
use crate::core::id::{Id, IdKind, Spelling};
use crate::core::model::{Me, Page, Position};
use crate::core::search::{Found, Search};
use crate::core::{Core, Tx, View};
use crate::core::{limits, missed};

/// Who sent a request. `server` finds it out and puts it into the request's extensions.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The client's address; behind a trusted proxy the one that the proxy says.
    pub address: IpAddr,
    /// The address is the client's own, and not that of a proxy with many clients.
    pub is_own: bool,
    /// It was sent from this machine to a name of this machine, without a proxy.
    pub is_local: bool,
    /// The request's id, in the answer and in the log.
    pub request: Arc<str>,
}

impl Visitor {
    /// The address, if it proves that two requests come from one client; `None` if it may be a proxy's.
    pub fn proof(&self) -> Option<String> {
        self.is_own.then(|| self.address.to_string())
    }
}

/// The parts of a body as they come in.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send + Sync>>;

/// A request in hand.
pub struct Call {
    web: Arc<Web>,
    visitor: Visitor,
    params: Vec<String>,
    query: String,
    headers: HeaderMap,
    body: Option<Body>,
    me: Result<Option<Me>>,
}

impl Call {
    pub(super) async fn new(
        web: Arc<Web>,
        visitor: Visitor,
        query: String,
        headers: HeaderMap,
        body: Body,
    ) -> Self {
        let me = match bearer(&headers) {
            Some(token) => web.core.me(token).await.map(Some),
            None => Ok(None),
        };
        Self {
            web,
            visitor,
            params: Vec::new(),
            query,
            headers,
            body: Some(body),
            me,
        }
    }

    pub(super) fn at(mut self, params: Vec<String>) -> Self {
        self.params = params;
        self
    }

    pub(super) fn asker(&self) -> Asker {
        let account = self
            .me
            .as_ref()
            .ok()
            .and_then(|me| me.as_ref())
            .map(|me| me.id);
        Asker {
            account,
            address: self.visitor.address,
        }
    }

    /// What the routes of this server have in common.
    pub fn web(&self) -> &Web {
        &self.web
    }

    pub fn core(&self) -> &Core {
        &self.web.core
    }

    pub fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The person who asks.
    ///
    /// # Errors
    /// `Unauthorized` without a token, or with one that is bad or has expired.
    pub fn me(&self) -> Result<Me> {
        self.me
            .clone()?
            .ok_or(Error::Unauthorized("A token is required"))
    }

    /// The person who asks, if the request has a token.
    ///
    /// # Errors
    /// `Unauthorized` with a bad token, so that a broken login does not look like none.
    pub fn maybe_me(&self) -> Result<Option<Me>> {
        self.me.clone()
    }

    /// The reader of something public; with `--members-only` a token is required.
    ///
    /// # Errors
    /// As [`Call::me`].
    pub fn reader(&self) -> Result<Option<Me>> {
        if self.web.members_only {
            self.me().map(Some)
        } else {
            self.maybe_me()
        }
    }

    /// The id in a `{name}` of the path; positions count from 0, `name` is for the refusal.
    ///
    /// # Errors
    /// `Invalid` if it is not the id of a `K`.
    pub fn id<K: IdKind>(&self, position: usize, name: &str) -> Result<Id<K>> {
        let read = self.web.core.spelling().read(self.param(position));
        read.ok_or_else(|| Error::invalid(name, format!("must be the id of a {}", K::NAME)))
    }

    /// The text in a `{name}` of the path; positions count from 0, and past the last it is empty.
    pub fn param(&self, position: usize) -> &str {
        self.params.get(position).map_or("", String::as_str)
    }

    /// What a client percent-encoded in a `{name}` of the path; `name` is for the refusal.
    ///
    /// # Errors
    /// `Invalid` for what is no such text.
    pub fn decoded(&self, position: usize, name: &str) -> Result<String> {
        percent_decoded(self.param(position))
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| Error::invalid(name, "must be percent-encoded UTF-8"))
    }

    /// The administrator who asks.
    ///
    /// # Errors
    /// As [`Call::me`], and `Forbidden` for everybody else.
    pub fn admin(&self) -> Result<Me> {
        let me = self.me()?;
        if me.admin {
            Ok(me)
        } else {
            Err(Error::Forbidden("Only administrators may do this"))
        }
    }

    /// The query, as fields of text.
    pub fn query(&self) -> Fields<'_> {
        Fields::new(self.query_object(), self.web.core.spelling())
    }

    /// The query as it came.
    pub(super) fn raw_query(&self) -> &str {
        &self.query
    }

    fn query_object(&self) -> Input {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        let fields =
            pairs.map(|(name, value)| (name.into_owned(), Input::Text(value.into_owned())));
        Input::Fields(fields.collect())
    }

    /// The fields of the JSON object in the body; an empty body is an empty object.
    ///
    /// # Errors
    /// `WrongType` for another content type, `TooLarge`, `Malformed` if it is not a JSON object.
    pub async fn fields(&mut self) -> Result<Fields<'_>> {
        let object = self.object().await?;
        Ok(Fields::new(object, self.web.core.spelling()))
    }

    /// The JSON object in the body; an empty body is an empty object.
    ///
    /// # Errors
    /// As [`Call::fields`].
    pub async fn object(&mut self) -> Result<Input> {
        let bytes = self.bytes(limits::JSON_BYTES).await?;
        // Some editors and clients begin every file with a byte order mark.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let given = if bytes.is_empty() {
            Input::Fields(Vec::new())
        } else if !self.is_json() {
            return Err(Error::WrongType(
                "The content type must be application/json",
            ));
        } else {
            serde_json::from_slice(bytes)
                .map_err(|e| Error::Malformed(format!("The body is not valid JSON: {e}")))?
        };
        match given {
            Input::Fields(_) => Ok(given),
            _ => Err(Error::Malformed("The body must be a JSON object".into())),
        }
    }

    /// The query if it has one of these fields, else the JSON object in the body.
    ///
    /// # Errors
    /// As [`Call::fields`].
    pub async fn query_or_object(&mut self, names: &[&str]) -> Result<Input> {
        let query = self.query_object();
        if names.iter().any(|name| query.has(name)) {
            Ok(query)
        } else {
            self.object().await
        }
    }

    /// The body as a stream; it can be taken once, and is empty after that.
    pub fn body(&mut self) -> Body {
        self.body
            .take()
            .unwrap_or_else(|| Box::pin(futures_util::stream::empty()))
    }

    /// Runs a verb that changes something.
    pub fn write<T, V>(&self, verb: V) -> impl Future<Output = Result<T>> + Send + use<T, V>
    where
        V: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.web.core.write(verb)
    }

    /// Runs a verb that reads.
    pub fn read<T, V>(&self, verb: V) -> impl Future<Output = Result<T>> + Send + use<T, V>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let core = self.web.core.clone();
        async move { core.read(verb).await }
    }

    /// Runs a verb that reads no more than a page, on this thread (see [`Core::read_inline`]).
    pub fn read_inline<T, V>(&self, verb: V) -> impl Future<Output = Result<T>> + Send + use<T, V>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let core = self.web.core.clone();
        async move { core.read_inline(verb).await }
    }

    /// As [`Call::read`], for a list of conversations; also answers the position to catch up from.
    pub fn read_at<T, V>(
        &self,
        verb: V,
    ) -> impl Future<Output = Result<(T, PositionHeader)>> + Send + use<T, V>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let spelling = self.core().spelling().clone();
        let read = self.read(move |view| Ok((verb(view)?, missed::position(view)?)));
        async move {
            let (found, position) = read.await?;
            Ok((found, PositionHeader::of(&spelling, position)))
        }
    }

    /// As [`Call::read_inline`], for a list of messages; also answers the position to catch up from.
    pub fn read_inline_at<T, V>(
        &self,
        verb: V,
    ) -> impl Future<Output = Result<(T, PositionHeader)>> + Send + use<T, V>
    where
        V: FnOnce(&View<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let spelling = self.core().spelling().clone();
        let read = self.read_inline(move |view| Ok((verb(view)?, missed::position(view)?)));
        async move {
            let (found, position) = read.await?;
            Ok((found, PositionHeader::of(&spelling, position)))
        }
    }

    /// Finds messages; also answers what `also` reads in the same snapshot, and the position to catch up from.
    pub fn search<T, V>(
        &self,
        search: Search,
        also: V,
    ) -> impl Future<Output = Result<(Found, T, PositionHeader)>> + Send + use<T, V>
    where
        V: FnOnce(&View<'_>, &Found) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let core = self.web.core.clone();
        async move {
            let (found, (more, position)) = core
                .search(search, |view, found| {
                    Ok((also(view, found)?, missed::position(view)?))
                })
                .await?;
            let position = PositionHeader::of(core.spelling(), position);
            Ok((found, more, position))
        }
    }

    fn is_json(&self) -> bool {
        self.header(header::CONTENT_TYPE).is_some_and(|value| {
            let essence = value
                .split(';')
                .next()
                .unwrap_or("")
                .trim()
                .to_ascii_lowercase();
            essence == "application/json"
                || (essence.starts_with("application/") && essence.ends_with("+json"))
        })
    }

    /// The whole body. Its bytes are counted as they come in, because a `Content-Length` may be missing or wrong.
    async fn bytes(&mut self, most: usize) -> Result<Bytes> {
        let mut body = self.body();
        let mut bytes = BytesMut::new();
        while let Some(part) = body.next().await {
            bytes.extend_from_slice(&part?);
            if bytes.len() > most {
                return Err(Error::TooLarge(format!(
                    "The body must be at most {most} bytes"
                )));
            }
        }
        Ok(bytes.freeze())
    }
}

/// The `x-position` header: the position of the log at a read. A socket that connects with it as `lastMessageId` gets what
/// came after that read.
pub struct PositionHeader(HeaderValue);

/// The spelling of the beginning of the log.
const NOTHING: HeaderValue = HeaderValue::from_static("0");

impl PositionHeader {
    fn of(spelling: &Spelling, position: Position) -> Self {
        let spelled = if position == missed::BEGINNING {
            Ok(NOTHING)
        } else {
            HeaderValue::from_str(&spelling.uuid(position))
        };
        // Never fails: hex digits and dashes are allowed in a header.
        Self(spelled.unwrap_or(NOTHING))
    }

    /// The reply with this header.
    pub fn added_to(self, mut reply: Reply) -> Reply {
        reply.headers_mut().insert("x-position", self.0);
        reply
    }
}

/// The token in `Authorization: Bearer <token>` or `Authorization: <token>`. Another scheme is for a proxy in front.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    values.find_map(|value| {
        let value = value.to_str().ok()?.trim();
        let token = without_bearer(value);
        let is_of_another_scheme = token.len() == value.len() && value.contains(' ');
        (!is_of_another_scheme).then_some(token)
    })
}

/// A token with or without `Bearer ` before it.
pub fn without_bearer(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value.trim(),
    }
}

/// `page`, `limit` and `order` of a list, as the rooms document has them; newest first by default.
pub fn page(query: &mut Fields<'_>, default_limit: u32) -> Page {
    Page {
        page: query.number("page", 1, 1, 10_000_000),
        limit: query.number("limit", default_limit, 1, limits::PAGE),
        descending: query.word("order", &[("desc", true), ("asc", false)]),
    }
}

/// The `pagination` of a page: `{ page, limit, total, totalPages }`.
pub fn pagination(page: Page, total: i64) -> Value {
    json!({
        "page": page.page,
        "limit": page.limit,
        "total": total,
        "totalPages": page.pages(total),
    })
}
