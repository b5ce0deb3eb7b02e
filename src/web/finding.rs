//! How does a client ask for messages by their words? In every dialect by `q`, `before` and `limit`.

use http::HeaderValue;

use super::answer::Reply;
use super::call::{Call, PositionHeader};
use crate::core::View;
use crate::core::error::{Error, Result};
use crate::core::limits;
use crate::core::search::{Found, Query, Search, Seeker};

/// Messages that were found, what was read with them, and the headers of the answer.
pub struct Finding<T> {
    pub found: Found,
    pub also: T,
    pub headers: FindingHeaders,
}

/// `x-position`, and `x-indexing` if many messages are not indexed yet, so that some may be missing.
pub struct FindingHeaders {
    position: PositionHeader,
    indexing: bool,
}

impl FindingHeaders {
    /// The reply with these headers.
    pub fn added_to(self, reply: Reply) -> Reply {
        let mut reply = self.position.added_to(reply);
        if self.indexing {
            let so = HeaderValue::from_static("true");
            reply.headers_mut().insert("x-indexing", so);
        }
        reply
    }
}

/// Finds what the query of a request asks for. `place` are the names of the field with a conversation's id, which may be
/// missing; `page` is how many messages a page has by default.
///
/// # Errors
/// `Invalid` for what is wrong in the query; as [`crate::core::Core::search`].
pub async fn find<T, V>(
    call: &Call,
    seeker: Seeker,
    place: &[&str],
    page: u32,
    also: V,
) -> Result<Finding<T>>
where
    V: FnOnce(&View<'_>, &Found) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let mut fields = call.query();
    let typed = fields.text(&["q"]);
    let within = fields.optional_id(place);
    let before = fields.optional_id(&["before"]);
    let limit = fields.number("limit", page, 1, limits::PAGE);
    let query = match Query::read(&typed, call.core().spelling()) {
        Ok(query) => fields.done(Some(query))?,
        Err(Error::Invalid(faults)) => return Err(fields.refused(faults)),
        Err(error) => return Err(error),
    };
    let search = Search {
        query,
        seeker,
        within,
        before,
        limit,
    };
    let (found, also, position) = call.search(search, also).await?;
    let indexing = found.indexing;
    Ok(Finding {
        found,
        also,
        headers: FindingHeaders { position, indexing },
    })
}
