//! Does the client have it already? The one rule for everything that is sent with an entity tag.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use http::StatusCode;

use super::answer::{Answer, Reply};
use super::call::Call;
use crate::core::error::Error;
use crate::core::hex;

/// A tag for this content: 32 hex digits of its SHA-256.
pub fn hash(bytes: &[u8]) -> String {
    hex(&digest(&SHA256, bytes).as_ref()[..16])
}

/// Answers with `304 Not Modified` if `If-None-Match` has this tag, and otherwise with what `whole` makes; with the `ETag`
/// in both cases.
///
/// # Errors
/// Those of `whole`; `Internal` if the tag has signs in it that no entity tag may have.
pub fn unless_known(call: &Call, tag: &str, whole: impl FnOnce(&ETag) -> Answer) -> Answer {
    let etag = format!("\"{tag}\"").parse::<ETag>();
    let etag = etag.map_err(|_| Error::Internal(format!("{tag} is no entity tag")))?;
    let known = call.headers().typed_get::<IfNoneMatch>();
    let mut reply = if known.is_some_and(|known| !known.precondition_passes(&etag)) {
        let mut reply = Reply::new(Bytes::new().into());
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
        reply
    } else {
        whole(&etag)?
    };
    reply.headers_mut().typed_insert(etag);
    Ok(reply)
}
