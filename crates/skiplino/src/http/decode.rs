//! Decodes the body of a response into data or an error.
//!
//! No error quotes the body, because it contains people's names and numbers.

use std::any::Any;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Fields};
use crate::models::page::{Page, Pagination};

/// The success envelope around one operation's data.
#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default)]
    message: Option<String>,
    data: T,
}

#[derive(Deserialize)]
struct PageEnvelope<T> {
    #[serde(default)]
    message: Option<String>,
    data: Vec<T>,
    pagination: Pagination,
}

/// An operation's data without their type: otherwise the code that makes calls would be compiled
/// once for each type.
pub(crate) type Data = Box<dyn Any + Send>;

/// Reads the body of a success: the data, and the envelope's message.
pub(crate) type DecodeFn = fn(&[u8]) -> Result<(Data, Option<String>), Error>;

/// A [`DecodeFn`] whose data are of this type.
pub(crate) struct Decode<T> {
    pub(crate) read: DecodeFn,
    of: PhantomData<fn() -> T>,
}

// Not derived: a derive would require `T: Clone`.
impl<T> Clone for Decode<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Decode<T> {}

impl<T> Decode<T> {
    const fn by(read: DecodeFn) -> Self {
        Self {
            read,
            of: PhantomData,
        }
    }
}

fn read_data<T: DeserializeOwned, D: Send + 'static>(
    body: &[u8],
    shape: fn(T) -> D,
) -> Result<(Data, Option<String>), Error> {
    let envelope = read::<Envelope<T>>(body)?;
    Ok((Box::new(shape(envelope.data)), envelope.message))
}

/// `{message, data}`.
pub(crate) const fn data<T: DeserializeOwned + Send + 'static>() -> Decode<T> {
    Decode::by(|body| read_data(body, |data: T| data))
}

/// `{message, data}` of an operation that may also find no record.
pub(crate) const fn found<T: DeserializeOwned + Send + 'static>() -> Decode<Option<T>> {
    Decode::by(|body| read_data(body, |data: T| Some(data)))
}

/// `{message, data: null}`; any other data are ignored.
pub(crate) const fn nothing() -> Decode<()> {
    Decode::by(|body| read_data(body, |_: Option<Ignored>| ()))
}

/// `{message, data: [...]}` whose list the caller does not need.
pub(crate) const fn ignored_list() -> Decode<()> {
    Decode::by(|body| read_data(body, |_: Vec<Ignored>| ()))
}

#[derive(Deserialize)]
struct Ignored(#[allow(dead_code)] IgnoredAny);

/// `{message, data: [...], pagination}`.
pub(crate) const fn page<T: DeserializeOwned + Send + 'static>() -> Decode<Page<T>> {
    Decode::by(|body| {
        let envelope = read::<PageEnvelope<T>>(body)?;
        let page = Page::new(envelope.data, envelope.pagination);
        Ok((Box::new(page), envelope.message))
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // Checking the encoding once and parsing text is measurably faster than parsing bytes.
    let text = std::str::from_utf8(body).map_err(|_| malformed("$", "the body is not UTF-8"))?;
    // serde would accept a list as the envelope's fields in order.
    if !text.trim_start().starts_with('{') {
        return Err(no_object(text));
    }
    serde_json::from_str(text).map_err(|error| explain(text, &error))
}

#[cold]
fn no_object(text: &str) -> Error {
    let reason = match text.trim_start().chars().next() {
        None => "the body is empty",
        Some('<') => "the body is HTML, not JSON",
        Some(_) => "expected an object",
    };
    malformed("$", reason)
}

#[cold]
fn explain(text: &str, error: &serde_json::Error) -> Error {
    if error.to_string().starts_with("trailing characters") {
        return malformed("$", "the body continues after the end of the JSON");
    }
    let lines_before = text.split_inclusive('\n').take(error.line().max(1) - 1);
    let read = lines_before.map(str::len).sum::<usize>() + error.column();
    // A list that ends after its bracket has no elements yet.
    let read = match text.trim_end().strip_suffix('[') {
        Some(before) if error.is_eof() => before.len(),
        _ => read,
    };
    let message = error.to_string();
    let in_last = message.starts_with("invalid value");
    // Unreadable metadata is reported after its own end.
    let field = message
        .starts_with("invalid value: metadata,")
        .then_some("metadata");
    let path = path(text, read, in_last, field);
    let is_other_shape = error.is_data();
    malformed(&path, &without_values(error)).edit(|inner| inner.is_other_shape = is_other_shape)
}

/// The path of the value that a parser was reading after `read` bytes. The path ends with `field`,
/// if a field is given.
///
/// A second parser that tracks the path would compile every type's parser twice, a twentieth of the
/// library.
fn path(text: &str, read: usize, in_last: bool, field: Option<&str>) -> String {
    enum Step<'a> {
        Key(&'a str),
        Index(usize),
    }
    let mut steps = Vec::new();
    // How many of the steps lead to the current value, or to the next one.
    let mut depth = 0;
    let (mut at, mut key_follows) = (0, false);
    let bytes = text.as_bytes();
    while at < read.min(bytes.len()) {
        let start = at;
        at += 1;
        match bytes[start] {
            b'{' => {
                depth = steps.len();
                steps.push(Step::Key(""));
                key_follows = true;
            }
            b'[' => {
                steps.push(Step::Index(0));
                depth = steps.len();
            }
            // An invalid value is reported after its record's end if it is the last value.
            b'}' if at >= read && in_last => depth = steps.len(),
            b'}' | b']' => {
                steps.pop();
                depth = steps.len();
                key_follows = false;
            }
            b',' => match steps.last_mut() {
                Some(Step::Index(index)) => {
                    *index += 1;
                    depth = steps.len();
                }
                _ => key_follows = true,
            },
            b'"' => {
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let inside = text.get(start + 1..at).unwrap_or_default();
                at += 1;
                match steps.last_mut() {
                    Some(Step::Key(key)) if key_follows => {
                        *key = inside;
                        key_follows = false;
                        depth = steps.len() - 1;
                    }
                    _ => depth = steps.len(),
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => depth = steps.len(),
        }
    }
    let is_field = |step: &Step<'_>| matches!(step, Step::Key(key) if Some(*key) == field);
    if let Some(at) = steps.iter().position(is_field) {
        depth = at + 1;
    }
    let mut path = String::new();
    for step in steps.iter().take(depth) {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path.extend([".", key]),
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    if path.is_empty() {
        path.push('$');
    }
    path
}

pub(crate) fn malformed(path: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Decode).edit(|inner| {
        inner.path = Some(path.to_owned());
        inner.reason = Some(reason.to_owned());
    })
}

/// The parser's message without the value, which it may quote; the expected type and the field
/// names are ours.
fn without_values(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return if error.is_eof() {
            "the JSON ends too early".to_owned()
        } else {
            format!(
                "the body is not JSON (line {}, column {})",
                error.line(),
                error.column()
            )
        };
    }
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(text, _)| text);
    match text.rfind("expected ") {
        // The names of Rust types mean nothing to the caller.
        Some(at) if text[at..].starts_with("expected struct ") => "expected an object".to_owned(),
        Some(at) if ["expected u32", "expected u64"].contains(&&text[at..]) => {
            "expected a whole number".to_owned()
        }
        Some(at) => text[at..].to_owned(),
        None if text.starts_with("missing field") || text.starts_with("duplicate field") => {
            text.to_owned()
        }
        None => "an invalid value".to_owned(),
    }
}

/// The fields of an error's body that can be read. All of them may be absent: the status alone is
/// an error.
#[derive(Default)]
pub(crate) struct ErrorBody {
    pub(crate) message: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) fields: Fields,
}

pub(crate) fn error_body(body: &[u8]) -> ErrorBody {
    let mut result = ErrorBody::default();
    let Ok(Value::Object(mut envelope)) = serde_json::from_slice::<Value>(body) else {
        return result;
    };
    if let Some(Value::String(message)) = envelope.remove("message") {
        result.message = Some(message);
    }
    match envelope.remove("error") {
        Some(Value::Object(fields)) => {
            for (field, reasons) in fields {
                result.fields.insert(field, texts(reasons));
            }
        }
        Some(Value::Null) | None => {}
        Some(other) => result.reason = Some(texts(other).join(", ")),
    }
    result
}

fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.into_iter().flat_map(texts).collect(),
        Value::String(text) => vec![text],
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::models::{BranchTreeGroup, Customer, Ticket};
    use serde_json::json;

    /// Compares the path of an unreadable body with that of a parser that tracks it. Returns
    /// whether the body was unreadable.
    fn compare<T: DeserializeOwned>(text: &str) -> bool {
        let deserializer = &mut serde_json::Deserializer::from_str(text);
        let Err(followed) = serde_path_to_error::deserialize::<_, T>(deserializer) else {
            return false;
        };
        let expected = followed.path().to_string();
        let expected = if expected == "." { "$" } else { &expected };
        let error = serde_json::from_str::<T>(text).err();
        let found = error.and_then(|error| Some(explain(text, &error).path()?.to_owned()));
        assert_eq!(found.as_deref(), Some(expected), "{text}");
        true
    }

    fn spoil<T: DeserializeOwned>(good: &Value) -> usize {
        fn places(value: &Value, here: &str, all: &mut Vec<String>) {
            all.push(here.to_owned());
            let inside: Vec<_> = match value {
                Value::Object(fields) => fields
                    .iter()
                    .map(|(key, value)| (key.clone(), value))
                    .collect(),
                Value::Array(values) => values
                    .iter()
                    .enumerate()
                    .map(|(nth, value)| (nth.to_string(), value))
                    .collect(),
                _ => Vec::new(),
            };
            for (key, value) in inside {
                places(value, &format!("{here}/{key}"), all);
            }
        }
        let mut all = Vec::new();
        places(good, "", &mut all);
        let mut bad = 0;
        for place in &all[1..] {
            for other in [
                json!(null),
                json!(-1),
                json!(0.5),
                json!(true),
                json!("\\\" {[,:"),
                json!([[], {"a": 1}]),
                json!({"a": {"b": [1]}, "c": "}"}),
            ] {
                let mut spoilt = good.clone();
                *spoilt.pointer_mut(place).unwrap() = other;
                bad += usize::from(compare::<T>(&spoilt.to_string()));
                bad += usize::from(compare::<T>(
                    &serde_json::to_string_pretty(&spoilt).unwrap(),
                ));
            }
            let mut spoilt = good.clone();
            let (parent, key) = place.rsplit_once('/').unwrap();
            if let Some(Value::Object(fields)) = spoilt.pointer_mut(parent) {
                fields.remove(key);
                bad += usize::from(compare::<T>(&spoilt.to_string()));
            }
        }
        bad
    }

    #[test]
    fn the_path_is_that_of_a_parser_which_follows_it() {
        let named = |id: &str| json!({"id": id, "name": "a \"b\" {c}"});
        let ticket = json!({"id": "k7m2p9x4q1", "ticketNumber": "Q017", "status": "waiting", "statusAt": "2026-06-23T11:10:00.000Z", "type": "sequential", "time": null, "branch": named("802b33af66"), "service": named("6fe8fb8b12"), "groupOfService": named("7c1f9a3b2d"), "customer": named("9f2c"), "bookedAt": "2026-06-23T11:08:41.000Z", "queueSize": 6, "waitingTime": 18});
        let customer = json!({"_id": "9f2c", "externalId": "crm", "companyId": "cmp", "name": "n", "email": "e", "mobile": "m", "metadata": {"tier": ["gold", {"x": "\\"}]}, "createdAt": "2026-06-23T11:00:00.000Z", "updatedAt": "2026-06-23T12:30:00.000Z"});
        let pagination =
            json!({"total": 2, "totalPages": 1, "hasNextPage": false, "hasPrevPage": false});
        let group = json!({"id": "g", "name": "n", "services": [{"id": "s", "name": "n", "isOpen": true, "isAppointment": false}, {"id": "s", "name": "n", "isOpen": true, "isAppointment": false}]});
        let bad = spoil::<Envelope<Ticket>>(&json!({"message": "m", "data": ticket}))
            + spoil::<PageEnvelope<Ticket>>(
                &json!({"data": [ticket, ticket], "pagination": pagination}),
            )
            + spoil::<PageEnvelope<Customer>>(
                &json!({"message": null, "data": [customer, customer], "pagination": pagination}),
            )
            + spoil::<Envelope<Vec<BranchTreeGroup>>>(&json!({"data": [group, group]}));
        assert!(bad > 500, "{bad}");
    }

    #[test]
    fn metadata_that_a_language_could_not_read_is_an_error_with_its_path() {
        let deep = format!("{}{}", r#"{"a":"#.repeat(1000), "}".repeat(1000)).replace(":}", ":1}");
        let digits = format!(r#"{{"n": [1, {}]}}"#, "7".repeat(5000));
        let unreadable = [
            &deep,
            &digits,
            r#"{"a": {"b": "\ud83d"}}"#,
            r#"{"\udc00": 1}"#,
            r#"{"a": 1, "b": [1e400]}"#,
            r#"{"metadata": {"metadata": -1e999}}"#,
            "1e400",
        ];
        let readable = [
            r#"{"a": "\ud83d\ude00", "n": [1e300, 123456789012345678901234567890]}"#,
            &format!("{}1{}", r#"{"a":"#.repeat(120), "}".repeat(120)),
        ];
        let times =
            r#""createdAt": "2026-06-23T11:00:00.000Z", "updatedAt": "2026-06-23T12:30:00.000Z""#;
        let start = r#"{"_id": "9f2c", "companyId": "cmp""#;
        let records = |metadata: &str| {
            [
                format!(r#"{start}, "metadata": {metadata} , {times}}}"#),
                format!(r#"{start}, {times}, "metadata": {metadata}}}"#),
            ]
        };
        for record in unreadable.into_iter().flat_map(records) {
            let one = format!(r#"{{"data": {record}, "message": "m"}}"#);
            let list = format!(r#"{{"message": "m", "data": [{record}]}}"#);
            assert!(compare::<Envelope<Customer>>(&one));
            assert!(compare::<Envelope<Vec<Customer>>>(&list));
            let error = read::<Envelope<Vec<Customer>>>(list.as_bytes())
                .err()
                .unwrap();
            assert_eq!(error.path(), Some("data[0].metadata"));
            assert!(
                error.to_string().contains("expected JSON of at most"),
                "{error}"
            );
        }
        for record in readable.into_iter().flat_map(records) {
            assert!(
                serde_json::from_str::<Customer>(&record).is_ok(),
                "{record}"
            );
        }
    }
}
