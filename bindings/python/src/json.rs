//! Converts between Python values and JSON.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde_json::{Map, Number, Value};
use skiplino::jiff::civil;

use crate::errors;

/// The deepest accepted nesting: that of a record in an envelope, as the core accepts it. It needs
/// only a small part of the stack.
const MAX_DEPTH: usize = 130;

/// Why a Python value cannot be JSON. The texts follow the name of the field.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("is nested too deeply")]
    TooDeep,
    #[error("holds an integer of more than 64 bits")]
    LargeInteger,
    #[error("holds a number that JSON does not have")]
    NotFinite,
    #[error("holds a key that is not a str")]
    KeyNotStr,
    #[error("holds a {0}, which JSON does not have")]
    NotInJson(String),
    /// The value itself raised an exception, whose text may repeat personal data.
    #[error("cannot be read")]
    Python(#[from] PyErr),
}

/// A Python value as JSON. The exception of a rejection names the field.
pub(crate) fn value(given: &Bound<'_, PyAny>, field: &str) -> PyResult<Value> {
    to_json(given).map_err(|error| match error {
        JsonError::Python(raised) => raised,
        error => errors::invalid(given.py(), field, &error.to_string()),
    })
}

/// A Python value as JSON.
pub(crate) fn to_json(given: &Bound<'_, PyAny>) -> Result<Value, JsonError> {
    nested_to_json(given, 0)
}

fn nested_to_json(given: &Bound<'_, PyAny>, depth: usize) -> Result<Value, JsonError> {
    if depth > MAX_DEPTH {
        return Err(JsonError::TooDeep);
    }
    let given = &without_numpy(given)?;
    if given.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(bool) = given.cast::<PyBool>() {
        return Ok(Value::Bool(bool.is_true()));
    }
    if let Ok(text) = given.cast::<PyString>() {
        return Ok(Value::String(text.extract()?));
    }
    if let Ok(number) = given.cast::<PyInt>() {
        return match (number.extract::<i64>(), number.extract::<u64>()) {
            (Ok(number), _) => Ok(number.into()),
            (_, Ok(number)) => Ok(number.into()),
            _ => Err(JsonError::LargeInteger),
        };
    }
    if let Ok(number) = given.cast::<PyFloat>() {
        let number = Number::from_f64(number.value());
        return number.map(Value::Number).ok_or(JsonError::NotFinite);
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        let items = given
            .try_iter()?
            .map(|item| nested_to_json(&item?, depth + 1));
        return items.collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    if let Ok(mapping) = given.cast::<PyMapping>() {
        let mut object = Map::new();
        for pair in mapping.items()?.iter() {
            let (key, item) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            let key = key.cast::<PyString>().map_err(|_| JsonError::KeyNotStr)?;
            object.insert(key.extract()?, nested_to_json(&item, depth + 1)?);
        }
        return Ok(Value::Object(object));
    }
    Err(JsonError::NotInJson(given.get_type().name()?.to_string()))
}

/// A number, a time or an array of numpy as a value of Python; any other value as it is.
pub(crate) fn without_numpy<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let is_numpy = value.get_type().module()? == "numpy";
    if is_numpy && value.hasattr(intern!(py, "tolist"))? {
        return value.call_method0(intern!(py, "tolist"));
    }
    Ok(value.clone())
}

/// Reads JSON text into Python values.
pub(crate) fn parse_json(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    static PARSER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let parser = PARSER.import(py, "json", "loads")?;
    parser.call1((text,)).map(Bound::unbind)
}

/// A record as a Python dict, with the field names of the API.
pub(crate) fn to_dict(py: Python<'_>, record: &impl serde::Serialize) -> PyResult<Py<PyAny>> {
    match serde_json::to_string(record) {
        Ok(text) => parse_json(py, &text),
        Err(_) => Err(errors::bug(py)),
    }
}

/// A record from a Python dict, with the field names of the API.
pub(crate) fn from_dict<T: serde::de::DeserializeOwned>(given: &Bound<'_, PyDict>) -> PyResult<T> {
    let text = value(given, "record")?.to_string();
    serde_json::from_str(&text).map_err(|error| {
        // The text of the error would repeat the value, which is personal data.
        let reason = format!(
            "is not a record of this kind (category {:?})",
            error.classify()
        );
        errors::invalid(given.py(), "record", &reason)
    })
}

/// A date, from its three numbers.
pub(crate) fn date(given: &Bound<'_, PyAny>) -> PyResult<civil::Date> {
    let py = given.py();
    let part = |name| given.getattr(name);
    let (year, month, day) = (
        part(intern!(py, "year"))?.extract()?,
        part(intern!(py, "month"))?.extract()?,
        part(intern!(py, "day"))?.extract()?,
    );
    civil::Date::new(year, month, day)
        .map_err(|_| errors::invalid(py, "date", "is not a day of the calendar"))
}
