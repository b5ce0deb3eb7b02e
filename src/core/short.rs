//! A short text without heap memory, for ids and times: a page of messages has hundreds of them.

/// A text of at most 36 bytes: a UUID is the longest.
pub type Short = arrayvec::ArrayString<36>;
