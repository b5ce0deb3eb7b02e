//! The name of a device in its token: random, so that no two devices share one, not even in a copy of the file.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::random;

/// The name of a device in tokens: 32 hex digits. A device of version 1 keeps its number, in decimal digits, as its token
/// says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid(u128);

/// Hex digits of a random name.
const DIGITS: usize = 32;

impl Sid {
    pub fn random() -> Self {
        // The highest bit distinguishes it from a number.
        Self(u128::from_ne_bytes(random()) | 1 << 127)
    }

    pub fn read(text: &str) -> Option<Self> {
        if text.len() == DIGITS {
            let number = u128::from_str_radix(text, 16).ok()?;
            return Some(Self(number)).filter(|sid| sid.is_random() && sid.to_string() == text);
        }
        text.parse().ok().map(|number: u64| Self(number.into()))
    }

    fn is_random(self) -> bool {
        self.0 >> 127 == 1
    }
}

/// As tokens have it.
impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("no name of a device"))
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_random() {
            write!(f, "{:032x}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for _ in 0..100 {
            let sid = Sid::random();
            assert_eq!(Sid::read(&sid.to_string()), Some(sid));
        }
        assert_eq!(
            Sid::read("7").map(|sid| sid.to_string()).as_deref(),
            Some("7")
        );
        for wrong in [
            "",
            "x",
            "-1",
            "+f",
            &"0".repeat(32),
            &"F".repeat(32),
            &"f".repeat(33),
        ] {
            assert_eq!(Sid::read(wrong), None, "{wrong}");
        }
    }
}
