//! Blocking calls: they release the interpreter's lock while they wait.

use bindings_common::catch_panic;
use pyo3::prelude::*;
use skiplino::Error;

use crate::interrupt::Waiting;
use crate::{errors, log};

/// A failure that becomes a Python exception.
pub(crate) trait Raise {
    fn raise(self, py: Python<'_>) -> PyErr;
}

impl Raise for Error {
    fn raise(self, py: Python<'_>) -> PyErr {
        errors::raise(py, &self)
    }
}

/// Waits with the interpreter free for other threads. Everything that blocks is called through this
/// function.
pub(crate) fn blocking<T: Send, E: Raise + Send>(
    py: Python<'_>,
    wait: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    log::refresh_level(py);
    let waiting = Waiting::start();
    let result = py.detach(|| catch_panic(wait));
    waiting.end()?;
    match result {
        Some(result) => result.map_err(|error| error.raise(py)),
        None => Err(errors::bug(py)),
    }
}
