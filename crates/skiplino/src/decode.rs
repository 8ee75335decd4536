//! From the bytes of an answer to data or to an error. Nothing in here quotes the body: it holds people's names and numbers.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Fields};
use crate::list::{Page, Pagination};

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

/// Data and the envelope's message.
pub(crate) type Decoded<T> = (T, Option<String>);

/// `{message, data}`.
pub(crate) fn data<T: DeserializeOwned>(body: &[u8]) -> Result<Decoded<T>, Error> {
    read::<Envelope<T>>(body).map(|envelope| (envelope.data, envelope.message))
}

/// `{message, data: null}`; whatever the data may become is passed over.
pub(crate) fn nothing(body: &[u8]) -> Result<Decoded<()>, Error> {
    data::<Option<Ignored>>(body).map(|(_, message)| ((), message))
}

#[derive(Deserialize)]
struct Ignored(#[allow(dead_code)] IgnoredAny);

/// `{message, data: [...], pagination}`.
pub(crate) fn page<T: DeserializeOwned>(body: &[u8]) -> Result<Decoded<Page<T>>, Error> {
    let envelope = read::<PageEnvelope<T>>(body)?;
    Ok((
        Page::new(envelope.data, envelope.pagination),
        envelope.message,
    ))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // Checking the encoding once and then parsing text is measurably faster than parsing bytes.
    let text = std::str::from_utf8(body).map_err(|_| malformed("$", "it is not UTF-8"))?;
    // A list would be taken for the envelope's fields one after the other.
    if !text.trim_start().starts_with('{') {
        return Err(explain::<T>(text));
    }
    serde_json::from_str(text).map_err(|_| explain::<T>(text))
}

// The path costs time on every field, so it is only followed when an answer has already turned out bad.
#[cold]
fn explain<T: DeserializeOwned>(text: &str) -> Error {
    let start = text.trim_start();
    if start.is_empty() {
        return malformed("$", "it is empty");
    }
    if start.starts_with('<') {
        return malformed("$", "it is HTML, not JSON");
    }
    if start.starts_with('[') {
        return malformed("$", "expected an object");
    }
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Ok(_) => malformed("$", "there is more after its end"),
        Err(error) => {
            let path = match error.path().to_string() {
                root if root == "." => "$".to_owned(),
                path => path,
            };
            malformed(&path, &without_values(error.inner()))
        }
    }
}

fn malformed(path: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Decode).edit(|inner| {
        inner.path = Some(path.to_owned());
        inner.reason = Some(reason.to_owned());
    })
}

// What the parser says may quote the value it met; what it expected, and the names of fields, are ours.
fn without_values(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return if error.is_eof() {
            "the JSON ends too early".to_owned()
        } else {
            format!(
                "it is not JSON (line {}, column {})",
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
        // The names of our types are nobody's business.
        Some(at) if text[at..].starts_with("expected struct ") => "expected an object".to_owned(),
        Some(at) => text[at..].to_owned(),
        None if text.starts_with("missing field") || text.starts_with("duplicate field") => {
            text.to_owned()
        }
        None => "a value that does not fit".to_owned(),
    }
}

/// What an error's body says, as far as it can be read: the status alone is enough to go on.
#[derive(Default)]
pub(crate) struct Complaint {
    pub(crate) message: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) fields: Fields,
}

pub(crate) fn complaint(body: &[u8]) -> Complaint {
    let mut complaint = Complaint::default();
    let Ok(Value::Object(mut envelope)) = serde_json::from_slice::<Value>(body) else {
        return complaint;
    };
    if let Some(Value::String(message)) = envelope.remove("message") {
        complaint.message = Some(message);
    }
    match envelope.remove("error") {
        Some(Value::Object(fields)) => {
            for (field, reasons) in fields {
                complaint.fields.insert(field, texts(reasons));
            }
        }
        Some(Value::Null) | None => {}
        Some(other) => complaint.reason = Some(texts(other).join(", ")),
    }
    complaint
}

fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.into_iter().flat_map(texts).collect(),
        Value::String(text) => vec![text],
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}
