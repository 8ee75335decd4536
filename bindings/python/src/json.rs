//! JSON between Python's values, its texts and the core.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde_json::{Map, Number, Value};
use skiplino::jiff::civil;

use crate::errors;

/// Deeper than anything that people keep, and far from the end of the stack.
const DEEPEST: usize = 100;

/// A value that JSON has, or a refusal that names the field.
pub(crate) fn value(given: &Bound<'_, PyAny>, field: &str) -> PyResult<Value> {
    within(given, field, 0)
}

fn within(given: &Bound<'_, PyAny>, field: &str, depth: usize) -> PyResult<Value> {
    let py = given.py();
    if depth > DEEPEST {
        return Err(errors::invalid(py, field, "is nested too deeply"));
    }
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
            _ => Err(errors::invalid(
                py,
                field,
                "holds an integer of more than 64 bits",
            )),
        };
    }
    if let Ok(number) = given.cast::<PyFloat>() {
        return Number::from_f64(number.value())
            .map(Value::Number)
            .ok_or_else(|| errors::invalid(py, field, "holds a number that JSON does not have"));
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        let items = given
            .try_iter()?
            .map(|item| within(&item?, field, depth + 1));
        return items.collect::<PyResult<Vec<_>>>().map(Value::Array);
    }
    if let Ok(mapping) = given.cast::<PyMapping>() {
        let mut object = Map::new();
        for pair in mapping.items()?.iter() {
            let (key, item) = pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            let Ok(key) = key.cast::<PyString>() else {
                return Err(errors::invalid(py, field, "holds a key that is not a str"));
            };
            object.insert(key.extract()?, within(&item, field, depth + 1)?);
        }
        return Ok(Value::Object(object));
    }
    let name = given.get_type().name()?;
    let reason = format!("holds a {name}, which JSON does not have");
    Err(errors::invalid(py, field, &reason))
}

/// What a JSON text says, as Python has it.
pub(crate) fn loads(py: Python<'_>, text: &str) -> PyResult<Py<PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let loads = LOADS.import(py, "json", "loads")?;
    loads.call1((text,)).map(Bound::unbind)
}

/// A record as the API's JSON, as Python has it.
pub(crate) fn to_dict(py: Python<'_>, record: &impl serde::Serialize) -> PyResult<Py<PyAny>> {
    match serde_json::to_string(record) {
        Ok(text) => loads(py, &text),
        Err(_) => Err(errors::bug(py)),
    }
}

/// A record from the API's JSON.
pub(crate) fn from_dict<T: serde::de::DeserializeOwned>(given: &Bound<'_, PyDict>) -> PyResult<T> {
    let text = value(given, "record")?.to_string();
    serde_json::from_str(&text).map_err(|error| {
        // What serde says of a value quotes it; where it stands is enough.
        let reason = format!("is not such a record (category {:?})", error.classify());
        errors::invalid(given.py(), "record", &reason)
    })
}

/// A day, from its three numbers.
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
