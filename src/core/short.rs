//! A short text without memory of its own: ids and moments, of which a page spells a hundred.

/// A text of at most 36 bytes, which is a UUID, the longest.
pub type Short = arrayvec::ArrayString<36>;
