//! How is a request answered? With a JSON body, a stream, or the one envelope of refusals.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use warp::Reply as _;

use crate::core::error::{Error, Result};

/// An HTTP response.
pub type Reply = warp::reply::Response;

/// What a handler returns: a reply, or the refusal to shape.
pub type Answer = Result<Reply>;

/// `Retry-After` of a server that is overloaded.
const OVERLOAD_PASSES: Duration = Duration::from_secs(1);

/// How many bytes are reserved for an answer; most fit.
const USUAL: usize = 1_024;

/// A reply with this status and a JSON body.
pub fn json_reply(status: StatusCode, body: &impl Serialize) -> Reply {
    let mut bytes = Vec::with_capacity(USUAL);
    if let Err(error) = serde_json::to_writer(&mut bytes, body) {
        // Never fails: all keys of our shapes are text.
        tracing::error!(%error, "an answer could not be encoded");
    }
    let mut reply = Response::new(Bytes::from(bytes).into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    reply
}

/// `200 OK` with a JSON body.
pub fn ok(body: impl Serialize) -> Answer {
    Ok(json_reply(StatusCode::OK, &body))
}

/// A reply whose body is a stream of parts.
pub fn stream_reply<S>(status: StatusCode, parts: S) -> Reply
where
    S: futures_util::Stream<Item = std::result::Result<Bytes, std::io::Error>>
        + Send
        + Sync
        + 'static,
{
    let mut reply = warp::reply::stream(parts).into_response();
    *reply.status_mut() = status;
    reply
}

/// The status of a refusal.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Malformed(_) | Error::Invalid(_) => StatusCode::BAD_REQUEST,
        Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Taken(_) | Error::Conflict(_) => StatusCode::CONFLICT,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::WrongType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Error::TooOften { .. } | Error::UsedUp { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::NotConfigured(_) => StatusCode::NOT_IMPLEMENTED,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The `errors` of a refusal: a line for each wrong field, or the message if no field is wrong.
pub fn details(error: &Error) -> Vec<String> {
    match error {
        Error::Invalid(faults) => faults
            .iter()
            .map(|fault| format!("{}: {}", fault.field, fault.wrong))
            .collect(),
        other => vec![other.to_string()],
    }
}

/// The envelope of every refusal, in every dialect:
/// `{ success: false, statusCode, error, message, errors, requestId? }`.
pub fn refusal(error: &Error, request: &str) -> Reply {
    let status = status(error);
    let mut body = envelope_of(status, &error.to_string(), &details(error));
    if let Error::Internal(cause) = error {
        tracing::error!(request, cause, "a request failed");
        body["requestId"] = json!(request);
    }
    let mut reply = json_reply(status, &body);
    let wait = match error {
        Error::TooOften { retry_after } | Error::UsedUp { retry_after, .. } => Some(*retry_after),
        Error::Overloaded(_) => Some(OVERLOAD_PASSES),
        _ => None,
    };
    if let Some(wait) = wait {
        reply
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds(wait));
    }
    if let Error::Unauthorized(_) = error {
        reply
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Error::TooLarge(_) | Error::TooSlow = error {
        // The rest of the body is still coming, and nobody reads it.
        reply
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

/// `405 Method Not Allowed`, with the methods that the path has.
pub fn wrong_method(allowed: &str) -> Reply {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let message = format!("Method not allowed: use {allowed}");
    let mut reply = json_reply(status, &envelope(status, &message));
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        reply.headers_mut().insert(header::ALLOW, allowed);
    }
    reply
}

/// The envelope of a refusal whose only detail is its message.
pub fn envelope(status: StatusCode, message: &str) -> Value {
    envelope_of(status, message, &[message.to_owned()])
}

fn envelope_of(status: StatusCode, message: &str, errors: &[String]) -> Value {
    json!({
        "success": false,
        "statusCode": status.as_u16(),
        "error": status.canonical_reason().unwrap_or("Error"),
        "message": message,
        "errors": errors,
    })
}

/// A duration in whole seconds, rounded up, at least 1.
pub fn seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1000).max(1) as u64)
}
