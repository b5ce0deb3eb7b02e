//! How does a SHA-256 stand in the feed? As 64 hex digits, for people who read it, and half as long as JSON's list of numbers.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;

/// For serde's `with`.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(hash: &Option<[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
    hash.map(|hash| hex(&hash)).serialize(serializer)
}

/// For serde's `with`.
///
/// # Errors
/// If it is no hash.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<[u8; 32]>, D::Error> {
    let text = Option::<Cow<'_, str>>::deserialize(deserializer)?;
    let read = |text: Cow<'_, str>| {
        read(&text).ok_or_else(|| D::Error::custom("a hash has 64 hex digits"))
    };
    text.map(read).transpose()
}

fn read(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_was_written() {
        let hash: [u8; 32] = std::array::from_fn(|at| at as u8 * 8 + 7);
        assert_eq!(read(&hex(&hash)), Some(hash));
        for wrong in [
            "",
            "0",
            &"0".repeat(62),
            &"0".repeat(63),
            &"0".repeat(65),
            &"0".repeat(66),
            &"+f".repeat(32),
            &"ä".repeat(32),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
