//! A short text that is written where it stands: what is spelled a hundred times for one page needs no memory of its own.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// The longest: a UUID.
const ROOM: usize = 36;

/// A text of at most 36 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Short {
    bytes: [u8; ROOM],
    length: u8,
}

impl Short {
    pub const EMPTY: Self = Self {
        bytes: [0; ROOM],
        length: 0,
    };
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let begin = usize::from(self.length);
        let end = begin + text.len();
        let room = self.bytes.get_mut(begin..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end as u8;
        Ok(())
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        // Only whole texts are written to it.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl PartialEq<&str> for Short {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}
