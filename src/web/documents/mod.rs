//! Where are routes and events documented? An OpenAPI and an AsyncAPI document per dialect, made from the JSON files beside
//! its handlers.
//!
//! A dialect's files have what is its own: operations by route, events by name, schemas. What follows from the route table
//! (path parameters, refusals, rate limits) and what all dialects share is added here, at the first request.
//!
//! The notation in these files, beside OpenAPI's own:
//! - `"$ref": "User"` names a schema of the document or a shared one; `"User"` in place of a schema is the same;
//! - all `properties` of an object are required, except those in its list `optional`;
//! - `tag`, `token` (`none`, `optional`, else required), `query`, `path` and `body` belong to an operation; a text in
//!   place of an operation names the route that it is an alias of, a text in place of a response describes a refusal;
//! - if an example is missing, it is made from the examples in the schema.

mod asyncapi;
mod openapi;
pub use openapi::template;
mod schemas;

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::Web;
use super::answer::{Answer, json_reply};
use super::call::Call;
use super::etag;
use super::pages::page;
use super::routes::Route;
use crate::core::error::{Error, Result};
use crate::routes;

/// What all dialects share.
const SHARED: &str = include_str!("shared.json");

/// A dialect's two files, as JSON in the notation above.
#[derive(Debug, Clone, Copy)]
pub struct Documents {
    /// Its operations.
    pub routes: &'static str,
    /// Its events.
    pub events: &'static str,
}

/// What a dialect's documents are made from.
pub struct Described {
    pub name: &'static str,
    pub documents: Documents,
    pub routes: Vec<Route>,
    /// The namespace that its sockets connect to.
    pub namespace: &'static str,
}

/// All documents of a server, made at the first request for one.
pub struct SpecCache {
    described: Vec<Described>,
    made: OnceLock<Result<HashMap<String, Document>>>,
}

/// A document as it is sent.
struct Document {
    body: Bytes,
    tag: String,
}

pub fn routes() -> Vec<Route> {
    routes! {
        GET "/docs" => async |call: Call| page(&call, "docs/index.html").await, Free;
        GET "/docs/{name}/openapi.json"  => show_openapi, Free;
        GET "/docs/{name}/asyncapi.json" => show_asyncapi, Free;
    }
}

/// GET /docs/:name/openapi.json: the routes of one dialect
async fn show_openapi(call: Call) -> Answer {
    show(&call, "openapi")
}

/// GET /docs/:name/asyncapi.json: its events
async fn show_asyncapi(call: Call) -> Answer {
    show(&call, "asyncapi")
}

fn show(call: &Call, kind: &str) -> Answer {
    let specs = &call.web().documents;
    let made = specs.made.get_or_init(|| specs.make(call.web()));
    let made = made.as_ref().map_err(Error::clone)?;
    let document = made.get(&format!("{}/{kind}", call.param(0)));
    document.ok_or(Error::NotFound("Document"))?.reply(call)
}

impl SpecCache {
    pub fn new(described: Vec<Described>) -> Self {
        Self {
            described,
            made: OnceLock::new(),
        }
    }

    fn make(&self, web: &Web) -> Result<HashMap<String, Document>> {
        let mut made = HashMap::new();
        for one in &self.described {
            let (openapi, asyncapi) =
                written(one, &web.public_url, web.core.limits().message_chars)?;
            made.insert(format!("{}/openapi", one.name), Document::new(&openapi));
            made.insert(format!("{}/asyncapi", one.name), Document::new(&asyncapi));
        }
        Ok(made)
    }
}

/// The OpenAPI and the AsyncAPI document of a dialect, for a server at this URL whose messages may have `message_chars`
/// characters.
///
/// # Errors
/// `Internal` if a file is not JSON.
pub fn written(one: &Described, url: &str, message_chars: usize) -> Result<(Value, Value)> {
    let (mut shared, routes) = (read(SHARED)?, read(one.documents.routes)?);
    shared["schemas"]["Text"]["maxLength"] = message_chars.into();
    let events = read(one.documents.events)?;
    Ok((
        openapi::document(one, &routes, &shared, url),
        asyncapi::document(one, &routes, &events, &shared, url),
    ))
}

fn read(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|e| Error::Internal(format!("a document: {e}")))
}

impl Document {
    fn new(document: &Value) -> Self {
        let body = Bytes::from(document.to_string());
        let tag = etag::hash(&body);
        Self { body, tag }
    }

    fn reply(&self, call: &Call) -> Answer {
        let mut reply = etag::unless_known(call, &self.tag, |_| {
            let mut whole = json_reply(StatusCode::OK, &Value::Null);
            *whole.body_mut() = self.body.clone().into();
            Ok(whole)
        })?;
        let cache = HeaderValue::from_static("no-cache");
        reply.headers_mut().insert(header::CACHE_CONTROL, cache);
        Ok(reply)
    }
}
