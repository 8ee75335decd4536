//! Metadata as the server sends it: JSON text that stays text, but that every language can read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

/// Reads the text of the metadata.
///
/// The parser of a record only looks for the end of the text. The libraries of some languages would
/// fail later, each with an error of its own: at deep nesting, at a number that is out of range, at
/// half of a surrogate pair.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    let text = Option::<&RawValue>::deserialize(deserializer)?;
    if let Some(text) = text
        && !is_plain(text.get())
        && serde_json::from_str::<Readable>(text.get()).is_err()
    {
        let expected =
            "JSON of at most 127 levels, with numbers below 1.8e308 and complete characters";
        // `http::decode` recognises this value, because it is reported after its end.
        return Err(D::Error::invalid_value(
            Unexpected::Other("metadata"),
            &expected,
        ));
    }
    Ok(text)
}

/// Whether valid JSON is certainly readable, which saves a second parse of most metadata: it is too
/// short for 128 levels and for a number of 309 digits, and has neither an exponent nor an escape.
fn is_plain(json: &str) -> bool {
    json.len() < 256
        && !json.contains('\\')
        && !json
            .as_bytes()
            .windows(2)
            .any(|pair| matches!(pair, [b'0'..=b'9', b'e' | b'E']))
}

/// JSON that has been parsed completely. Nothing of it is kept.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}
