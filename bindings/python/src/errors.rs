//! Errors as `skiplino._errors` has them: a class a kind.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use skiplino::{Error, ErrorKind, Operation, Outcome, TimeoutKind};

/// The Python exception of an error. Where even that fails, the failure is what is raised.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).unwrap_or_else(|failure| failure)
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let told = PyDict::new(py);
    let outcome = match error.outcome() {
        Outcome::NotApplied => "NotApplied",
        Outcome::Unknown => "Unknown",
    };
    let timeout = error.timeout().map(|deadline| match deadline {
        TimeoutKind::Connect => "Connect",
        TimeoutKind::Attempt => "Attempt",
        TimeoutKind::Call => "Call",
    });
    told.set_item("outcome", outcome)?;
    told.set_item("retryable", error.is_retryable())?;
    told.set_item("operation", error.operation().map(Operation::id))?;
    told.set_item("status", error.status())?;
    told.set_item("message", error.message())?;
    told.set_item("reason", error.reason())?;
    told.set_item("fields", error.fields())?;
    told.set_item("path", error.path())?;
    told.set_item(
        "retry_after",
        error.retry_after().map(|wait| wait.as_secs_f64()),
    )?;
    told.set_item("timeout", timeout)?;
    told.set_item("attempts", error.attempts())?;
    make(py, error.kind().as_str(), &error.to_string(), &told)
}

/// Input that is refused before it reaches the client, as the client would refuse it.
pub(crate) fn invalid(py: Python<'_>, field: &str, reason: &str) -> PyErr {
    invalid_of(py, None, field, reason)
}

/// Input of an operation that is refused.
pub(crate) fn invalid_of(
    py: Python<'_>,
    operation: Option<Operation>,
    field: &str,
    reason: &str,
) -> PyErr {
    let refused = || {
        let fields = PyDict::new(py);
        fields.set_item(field, [reason])?;
        let told = PyDict::new(py);
        told.set_item("fields", fields)?;
        let mut text = format!("invalid input: {field}: {reason}");
        if let Some(operation) = operation {
            told.set_item("operation", operation.id())?;
            text = format!("{}: {text}", operation.title());
        }
        make(py, ErrorKind::InvalidRequest.as_str(), &text, &told)
    };
    refused().unwrap_or_else(|failure| failure)
}

/// A handle that was closed, or that another process made.
pub(crate) fn closed(py: Python<'_>, text: &str) -> PyErr {
    make(py, "Closed", text, &PyDict::new(py)).unwrap_or_else(|failure| failure)
}

/// Something of ours panicked.
pub(crate) fn bug(py: Python<'_>) -> PyErr {
    let told = PyDict::new(py);
    told.set_item("outcome", "Unknown")
        .and_then(|()| {
            let text = "a bug in the client library";
            make(py, ErrorKind::Internal.as_str(), text, &told)
        })
        .unwrap_or_else(|failure| failure)
}

fn make(py: Python<'_>, kind: &str, text: &str, told: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let function = MAKE.import(py, "skiplino._errors", "_of_kind")?;
    function
        .call((kind, text), Some(told))
        .map(PyErr::from_value)
}
