//! The native function behind `skiplino.doctor()`.

use std::path::PathBuf;

use pyo3::exceptions::PyFileExistsError;
use pyo3::prelude::*;
use serde_json::json;
use skiplino_doctor::{DoctorError, Options, Outcome, examine};

use crate::blocking::{Raise, blocking};
use crate::client::NativeClient;
use crate::directory::os_error;
use crate::errors;
use crate::interrupt::is_interrupted;

impl Raise for DoctorError {
    fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Io { path, source } => {
                os_error(py, &source, path).unwrap_or_else(|failure| failure)
            }
            Self::RecordNotEmpty(_) => PyFileExistsError::new_err(self.to_string()),
            Self::NotRemoved { source, left } => {
                warn_of(&left);
                source.raise(py)
            }
            // Most likely the process has no file descriptors left.
            Self::Setup(_) => errors::no_connection(py, &self.to_string()),
            _ => errors::bug(py),
        }
    }
}

/// Examines the server of a client. Returns the diagnosis as JSON, and the exception of the call
/// that failed if the server cannot be used.
#[pyfunction]
#[pyo3(signature = (client, *, write, book, record))]
pub(crate) fn examine_server(
    py: Python<'_>,
    client: &NativeClient,
    write: bool,
    book: Option<String>,
    record: Option<PathBuf>,
) -> PyResult<(String, Option<PyErr>)> {
    let options = Options {
        settings: client.described_settings(),
        write,
        book,
        record,
    };
    let client = client.client(py)?;
    let diagnosis = blocking(py, || {
        let diagnosis = examine(&client, &options, &is_interrupted, &mut |_| {});
        if let Ok(diagnosis) = &diagnosis {
            // After Ctrl-C the function returns nothing, so the log has these texts.
            warn_of(&diagnosis.left);
        }
        diagnosis
    })?;
    let text = json!({
        "outcome": diagnosis.outcome.name(),
        "summary": diagnosis.summary,
        "left": diagnosis.left,
        "lines": diagnosis.lines.iter().map(|line| json!({
            "id": line.id,
            "topic": line.topic,
            "verdict": line.verdict,
            "found": line.found,
            "advice": line.advice,
        })).collect::<Vec<_>>(),
        "report": diagnosis.report,
    });
    let error = match diagnosis.outcome {
        Outcome::NoAccess(error) => Some(errors::raise(py, &error)),
        _ => None,
    };
    Ok((text.to_string(), error))
}

/// Logs the records that doctor created and could not remove.
fn warn_of(left: &[String]) {
    for left in left {
        tracing::warn!("doctor could not remove {left}");
    }
}
