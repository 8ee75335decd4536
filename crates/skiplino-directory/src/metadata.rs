//! Metadata written as JSON text.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{JsonError, MetadataError};

/// Reads a JSON object. Text of which a part would be lost is rejected: an integer that would be
/// rounded, and a key that appears twice.
///
/// # Errors
/// If the text is not JSON, is not an object, holds an integer of more than 64 bits, or holds the
/// same key twice in one object.
pub fn parse_metadata(text: &str) -> Result<Map<String, Value>, MetadataError> {
    let duplicate = Cell::new(None);
    let unique = Unique {
        duplicate: &duplicate,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = unique.deserialize(&mut json);
    match value.and_then(|value| json.end().map(|()| value)) {
        Ok(Value::Object(_)) if has_large_integer(text) => Err(MetadataError::LargeInteger),
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(MetadataError::NotObject),
        Err(error) => Err(match duplicate.take() {
            Some(key) => MetadataError::DuplicateKey(key),
            None => MetadataError::Json(JsonError::from(&error)),
        }),
    }
}

/// Reads a JSON value, and rejects objects with a key that appears twice. The key is stored in
/// `duplicate`.
#[derive(Clone, Copy)]
struct Unique<'a> {
    duplicate: &'a Cell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if object.contains_key(&key) {
                self.duplicate.set(Some(key));
                return Err(A::Error::custom("duplicate key"));
            }
            object.insert(key, fields.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

/// Whether JSON has an integer of more than 64 bits, which the parser would round without notice.
fn has_large_integer(text: &str) -> bool {
    let mut in_string = false;
    let mut is_escaped = false;
    let blank_strings = |c: char| {
        let is_quote = c == '"' && !is_escaped;
        is_escaped = in_string && c == '\\' && !is_escaped;
        in_string ^= is_quote;
        if in_string { ' ' } else { c }
    };
    let outside_strings: String = text.chars().map(blank_strings).collect();
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    outside_strings
        .split(|c| !is_of_number(c))
        .filter(|number| number.len() > 18 && !number.contains(['.', 'e', 'E']))
        .any(|number| number.parse::<u64>().is_err() && number.parse::<i64>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_be_rounded_are_rejected() {
        for kept in [
            r#"{"a": 18446744073709551615, "b": -9223372036854775808}"#,
            r#"{"a": "123456789012345678901234567890", "b\"": 1}"#,
            r#"{"a\\": [1.2345678901234567890, 1e300, 123456789012345678]}"#,
        ] {
            assert!(parse_metadata(kept).is_ok(), "{kept}");
        }
        for rounded in [
            r#"{"a": 18446744073709551616}"#,
            r#"{"a\\": [-9223372036854775809]}"#,
        ] {
            assert_eq!(
                parse_metadata(rounded),
                Err(MetadataError::LargeInteger),
                "{rounded}"
            );
        }
        assert_eq!(parse_metadata("[1]"), Err(MetadataError::NotObject));
        let early = MetadataError::Json(JsonError::UnexpectedEnd(1));
        assert_eq!(parse_metadata("{"), Err(early));
        let more = MetadataError::Json(JsonError::Syntax(4));
        assert_eq!(parse_metadata("{} {}"), Err(more));
    }

    #[test]
    fn every_digit_of_a_number_is_kept() {
        let number = |text: &str| {
            let object = parse_metadata(&format!("{{\"a\": {text}}}"));
            object.ok()?.get("a").map(Value::to_string)
        };
        for text in ["94.95886283158103", "-18.183216676054286", "5e-324"] {
            assert_eq!(number(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_key_that_appears_twice_is_rejected_at_any_depth() {
        for twice in [
            r#"{"tier": 1, "tier": 1}"#,
            r#"{"a": [{"b": 1}, {"tier": 1, "\u0074ier": 2}]}"#,
        ] {
            let error = MetadataError::DuplicateKey("tier".to_owned());
            assert_eq!(parse_metadata(twice), Err(error), "{twice}");
        }
        let once = r#"{"a": {"a": [{"a": 1.5}, {"a": "x"}]}, "b": null, "c": true}"#;
        let parsed = serde_json::from_str::<Map<_, _>>(once).ok();
        assert_eq!(parse_metadata(once).ok(), parsed);
    }
}
