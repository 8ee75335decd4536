//! Replaces values by their shapes, because a report must not contain their content.

use serde_json::{Map, Value, json};

use crate::field_words::is_field_name;

/// Fields whose values are kept, because they say nothing about a person.
const OPEN: [&str; 2] = ["status", "type"];

/// The value with each text, number and unusual name replaced by its shape.
pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => {
            let digits = number.to_string().len();
            let kind = if number.is_f64() { "number" } else { "integer" };
            json!(format!("<{kind}, {digits}>"))
        }
        Value::String(text) => json!(shape_of_text(text)),
        Value::Array(items) => shape_of_list(items),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| {
                    let shown = match value {
                        Value::String(text) if OPEN.contains(&name.as_str()) && is_word(text) => {
                            value.clone()
                        }
                        // Programs choose these keys, which may be personal data.
                        Value::Object(own) if name == "metadata" => {
                            json!(format!("<object, {}>", own.len()))
                        }
                        _ => shape(value),
                    };
                    (shape_of_name(name), shown)
                })
                .collect::<Map<_, _>>(),
        ),
    }
}

/// Counts consecutive records of the same shape, and writes the shape once.
fn shape_of_list(items: &[Value]) -> Value {
    let mut shapes: Vec<(Value, usize)> = Vec::new();
    for item in items {
        let shape = shape(item);
        match shapes.last_mut() {
            Some((last, count)) if *last == shape => *count += 1,
            _ => shapes.push((shape, 1)),
        }
    }
    let shapes = shapes.into_iter().map(|(shape, count)| match count {
        1 => shape,
        _ => json!({ "times": count, "item": shape }),
    });
    shapes.collect()
}

/// The shape, as in `<text, 14>`, `<hex, 32>` and `<time, dddd-dd-ddTdd:dd:dd.dddZ>`.
pub(crate) fn shape_of_text(text: &str) -> String {
    let length = text.chars().count();
    let is = |accept: fn(&char) -> bool| length > 0 && text.chars().all(|char| accept(&char));
    if text.parse::<jiff::Timestamp>().is_ok() {
        let digits = |char: char| if char.is_ascii_digit() { 'd' } else { char };
        let form: String = text.chars().map(digits).collect();
        return format!("<time, {form}>");
    }
    let kind = if is(char::is_ascii_digit) {
        "digits"
    } else if length >= 8 && is(char::is_ascii_hexdigit) {
        "hex"
    } else if is(char::is_ascii_alphanumeric) {
        "letters and digits"
    } else {
        "text"
    };
    format!("<{kind}, {length}>")
}

/// The name of a field, or its shape if it could be an id or the name of a person: a server may use
/// these as names of fields.
pub(crate) fn shape_of_name(name: &str) -> String {
    match is_field_name(name) {
        true => name.to_owned(),
        false => shape_of_text(name),
    }
}

/// Whether a text is a value such as `noShow` or `no_show`, and not somebody's name or number.
pub(crate) fn is_word(text: &str) -> bool {
    (1..=24).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|char| char.is_ascii_alphabetic() || matches!(char, '_' | '-'))
}

/// The value of a header if it describes the server, and its shape if it could identify a person.
pub(crate) fn shape_of_header(name: &str, value: &str) -> String {
    const KEPT: [&str; 16] = [
        "age",
        "allow",
        "alt-svc",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "keep-alive",
        "retry-after",
        "server",
        "strict-transport-security",
        "transfer-encoding",
        "vary",
        "via",
    ];
    // Numbers, and the windows in which they count.
    let is_limit = (name.contains("ratelimit") || name.contains("rate-limit"))
        && value
            .chars()
            .all(|char| char.is_ascii_digit() || " ;=,w\"".contains(char));
    match KEPT.contains(&name) || is_limit {
        true => value.to_owned(),
        false => shape_of_text(value),
    }
}

/// Redacts the texts that are kept, as the SDK redacts error texts.
pub(crate) fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(skiplino::redact(&text)),
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (skiplino::redact(&name), redacted(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_person_is_left() {
        let found = shape(&json!({
            "message": "Noor fetched",
            "data": [
                {"_id": "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b", "name": "Noor", "mobile": "+97333112233",
                 "metadata": {"Noor's dog": "Rex"}, "status": "Noor", "vip": true, "floor": 3},
                {"+97333112233": "a", "noor@example.com": "b", "sk_live_1234567890": "c",
                 "97333112233": "d", "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b": "e",
                 "Noor": {"noorAhmed": 1, "noor_ahmed": 2}, "k7m2p9x4q1": "f", "deadbeefab": "g"},
            ],
        }));
        let text = found.to_string();
        for secret in [
            "noor", "ahmed", "9f2c", "97333", "rex", "example", "sk_", "dog", "k7m2", "dead",
        ] {
            assert!(
                !text.to_lowercase().contains(secret),
                "{secret} is in {text}"
            );
        }
        assert_eq!(found["data"][0]["_id"], "<hex, 32>");
        assert_eq!(found["data"][0]["status"], "<letters and digits, 4>");
        assert_eq!(found["data"][0]["floor"], "<integer, 1>");
        assert_eq!(found["data"][0]["vip"], true);
    }

    #[test]
    fn what_helps_is_kept() {
        let ticket = json!({"status": "noShow", "type": "sequential", "queueSize": 6,
            "bookedAt": "2026-06-23T11:08:41+03:00", "time": null});
        assert_eq!(
            shape(&json!([ticket, ticket, ticket])),
            json!([{"times": 3, "item": {"status": "noShow", "type": "sequential",
                "queueSize": "<integer, 1>", "bookedAt": "<time, dddd-dd-ddTdd:dd:dd+dd:dd>",
                "time": null}}])
        );
        assert_eq!(shape_of_header("content-type", "text/html"), "text/html");
        assert_eq!(shape_of_header("set-cookie", "id=Noor"), "<text, 7>");
        for value in ["100", "100, 100;w=60", "\"1\";w=60"] {
            assert_eq!(shape_of_header("x-ratelimit-limit", value), value);
        }
        assert_eq!(
            shape_of_header("ratelimit-policy", "\"noor\";w=60"),
            "<text, 11>"
        );
    }

    #[test]
    fn texts_that_are_kept_are_looked_through_again() {
        let found = redacted(json!({"via": "1.1 noor@example.com", "a": ["+97333112233"]}));
        assert!(!found.to_string().contains("noor"), "{found}");
        assert!(!found.to_string().contains("33112233"), "{found}");
    }
}
