//! Where do the pages come from? The files under `assets/pages/`, all that browsers ask for, embedded in the binary.
//!
//! A page brings a policy: scripts, styles and connections of this server alone, nothing inline, no frames. So a name
//! that somebody has made of HTML stays a name even where a page forgot to escape it.

use std::borrow::Cow;

use bytes::Bytes;
use headers::{HeaderMapExt, IfNoneMatch};
use http::{HeaderValue, Response, StatusCode, header};
use rust_embed::{Embed, EmbeddedFile};

use super::answer::Answer;
use super::call::Call;
use super::routes::Route;
use crate::core::error::Error;
use crate::core::hex;
use crate::routes;

#[derive(Embed)]
#[folder = "assets/pages"]
struct Assets;

/// What a page may load and do. Pictures may come from elsewhere: a trusted application says where a face is.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The chat page, and what the pages are made of.
pub fn routes() -> Vec<Route> {
    routes! {
        GET "/" => async |call: Call| page(&call, "chat/index.html"), Free;
        GET "/assets/{*path}" => async |call: Call| page(&call, call.param(0)), Free;
    }
}

/// Answers with a file of `assets/pages/`, or with "not changed".
///
/// # Errors
/// `NotFound` for what is not there.
pub fn page(call: &Call, path: &str) -> Answer {
    let file = Assets::get(path).ok_or(Error::NotFound("Page"))?;
    embedded(call, file, &media_type(path))
}

fn embedded(call: &Call, file: EmbeddedFile, media_type: &str) -> Answer {
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let etag: headers::ETag = tag
        .parse()
        .map_err(|_| Error::Internal(format!("{tag} is no entity tag")))?;
    let known = call
        .headers()
        .typed_get::<IfNoneMatch>()
        .is_some_and(|wanted| !wanted.precondition_passes(&etag));
    let body = match file.data {
        _ if known => Bytes::new(),
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut reply = Response::new(body.into());
    if known {
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = reply.headers_mut();
    headers.typed_insert(etag);
    for (name, value) in [
        (header::CONTENT_TYPE, media_type),
        // Asked for again each time, and nearly always not changed: a new binary shows at once.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    Ok(reply)
}

fn media_type(path: &str) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    match guessed.type_() {
        mime_guess::mime::TEXT => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_string(),
    }
}
