//! Errors of the core as exceptions. `skiplino._errors` has the list of kinds, with a class for
//! each.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use skiplino::{Error, ErrorKind, Operation, Outcome, TimeoutKind};

/// The Python exception for an error, or the exception that was raised while this one was made.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).unwrap_or_else(|failure| failure)
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let attributes = PyDict::new(py);
    let outcome = match error.outcome() {
        Outcome::NotApplied => "NotApplied",
        Outcome::Unknown => "Unknown",
    };
    let timeout = error.timeout().map(|timeout| match timeout {
        TimeoutKind::Connect => "Connect",
        TimeoutKind::Attempt => "Attempt",
        TimeoutKind::Call => "Call",
    });
    attributes.set_item("outcome", outcome)?;
    attributes.set_item("retryable", error.is_retryable())?;
    attributes.set_item("operation", error.operation().map(Operation::id))?;
    attributes.set_item("status", error.status())?;
    attributes.set_item("message", error.message())?;
    attributes.set_item("reason", error.reason())?;
    attributes.set_item("fields", error.fields())?;
    attributes.set_item("path", error.path())?;
    attributes.set_item(
        "retry_after",
        error.retry_after().map(|wait| wait.as_secs_f64()),
    )?;
    attributes.set_item("timeout", timeout)?;
    attributes.set_item("attempts", error.attempts())?;
    make(py, error.kind().as_str(), &error.to_string(), &attributes)
}

/// An `InvalidRequestError` for input that is rejected before it reaches the core.
pub(crate) fn invalid(py: Python<'_>, field: &str, reason: &str) -> PyErr {
    invalid_of(py, None, field, reason)
}

/// An `InvalidRequestError` for the input of an operation.
pub(crate) fn invalid_of(
    py: Python<'_>,
    operation: Option<Operation>,
    field: &str,
    reason: &str,
) -> PyErr {
    let exception = || {
        let fields = PyDict::new(py);
        fields.set_item(field, [reason])?;
        let attributes = PyDict::new(py);
        attributes.set_item("fields", fields)?;
        let mut text = format!("invalid input: {field}: {reason}");
        if let Some(operation) = operation {
            attributes.set_item("operation", operation.id())?;
            text = format!("{}: {text}", operation.title());
        }
        make(py, ErrorKind::InvalidRequest.as_str(), &text, &attributes)
    };
    exception().unwrap_or_else(|failure| failure)
}

/// A `ClosedError` for a handle that was closed, or that belongs to another process.
pub(crate) fn closed(py: Python<'_>, text: &str) -> PyErr {
    make(py, "Closed", text, &PyDict::new(py)).unwrap_or_else(|failure| failure)
}

/// A `ConnectError` for a connection that this machine cannot make.
pub(crate) fn no_connection(py: Python<'_>, text: &str) -> PyErr {
    make(py, ErrorKind::Connect.as_str(), text, &PyDict::new(py)).unwrap_or_else(|failure| failure)
}

/// An `InternalError` for a panic.
pub(crate) fn bug(py: Python<'_>) -> PyErr {
    let attributes = PyDict::new(py);
    attributes
        .set_item("outcome", "Unknown")
        .and_then(|()| {
            let text = "a bug in the client library";
            make(py, ErrorKind::Internal.as_str(), text, &attributes)
        })
        .unwrap_or_else(|failure| failure)
}

/// Makes an exception of the kind's class.
fn make(py: Python<'_>, kind: &str, text: &str, attributes: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let function = MAKE.import(py, "skiplino._errors", "_from_kind")?;
    function
        .call((kind, text), Some(attributes))
        .map(PyErr::from_value)
}
