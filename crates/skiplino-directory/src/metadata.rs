//! Metadata written as JSON text.

use serde_json::{Map, Value};

use crate::error::{JsonError, MetadataError};

/// Reads a JSON object. An integer that would be rounded is rejected.
///
/// # Errors
/// If the text is not JSON, is not an object, or holds an integer of more than 64 bits.
pub fn parse_metadata(text: &str) -> Result<Map<String, Value>, MetadataError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) if has_large_integer(text) => Err(MetadataError::LargeInteger),
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(MetadataError::NotObject),
        Err(error) => Err(MetadataError::Json(JsonError::from(&error))),
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
    }
}
