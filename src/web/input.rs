//! What did the client send? A JSON value that may hold binary data, from a body or a socket event.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON as it came in. Unlike `serde_json::Value` it can hold a socket's binary attachment as bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Input {
    #[default]
    Null,
    Flag(bool),
    Integer(i64),
    /// A number that is not an integer, or does not fit into 64 bits.
    Other,
    Text(String),
    List(Vec<Input>),
    /// In the order in which they came. If two have the same name, the last one counts.
    Fields(Vec<(String, Input)>),
    Binary(Bytes),
}

impl Input {
    /// Does this object have a field of this name?
    pub fn has(&self, name: &str) -> bool {
        matches!(self, Self::Fields(fields) if fields.iter().any(|(key, _)| key == name))
    }

    /// Takes a field of an object out of it.
    pub fn take(&mut self, name: &str) -> Option<Input> {
        let Self::Fields(fields) = self else {
            return None;
        };
        let at = fields.iter().rposition(|(key, _)| key == name)?;
        Some(fields.swap_remove(at).1)
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Input, E> {
        Ok(Input::Null)
    }

    fn visit_none<E>(self) -> Result<Input, E> {
        Ok(Input::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Input, D::Error> {
        Input::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Input, E> {
        Ok(Input::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Input, E> {
        Ok(Input::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Input, E> {
        Ok(i64::try_from(number).map_or(Input::Other, Input::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Input, E> {
        // JavaScript sends 7.0 for 7; below 2^53 the conversion is exact.
        let whole = number.fract() == 0.0 && number.abs() < (1_u64 << 53) as f64;
        Ok(if whole {
            Input::Integer(number as i64)
        } else {
            Input::Other
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Input, E> {
        Ok(Input::Text(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Input, E> {
        Ok(Input::Binary(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Input, E> {
        Ok(Input::Binary(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Input, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Input::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Input, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(Input::Fields(fields))
    }
}
