//! What does a request say to Engine.IO, and what does the answer to a handshake say?

use http::{Request, header};

use crate::core::limits::JSON_BYTES;

/// Is this the path of Socket.IO? The same question as Socket.IO itself asks.
pub fn is_for_sockets(path: &str) -> bool {
    let rest = path.strip_prefix("/socket.io");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first parameter of this name in a query, as engineioxide reads it: `sid`, the id of the session; `transport`, which is
/// `websocket` or `polling`; `EIO`, the version of Engine.IO, which is `3` or `4`.
pub fn parameter<'q>(query: Option<&'q str>, name: &str) -> Option<&'q str> {
    let mut pairs = query?.split('&');
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Does a request declare a body of at most [`JSON_BYTES`]?
pub fn is_small<B>(request: &Request<B>) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: usize| length <= JSON_BYTES)
}

/// Does a request ask to become a websocket?
pub fn becomes_websocket<B>(request: &Request<B>) -> bool {
    let says = |name, word: &str| {
        let mut values = request.headers().get_all(name).iter();
        values.any(|value| {
            let words = value.to_str().unwrap_or_default().split(',');
            words
                .map(str::trim)
                .any(|said| said.eq_ignore_ascii_case(word))
        })
    };
    says(header::UPGRADE, "websocket") && says(header::CONNECTION, "upgrade")
}

/// The session id in the answer to a handshake: `0{"sid":"…",…}`, with its length before it for an Engine.IO 3 client.
pub fn session_in(answer: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(answer).ok()?;
    let (_, after) = text.split_once("\"sid\":\"")?;
    Some(after.split_once('"')?.0)
}
