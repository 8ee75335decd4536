//! Exceptions that end the call that this thread waits for: those of signal handlers and of log
//! handlers.

use std::cell::{Cell, RefCell};

use pyo3::prelude::*;

thread_local! {
    /// The exception that ends this thread's call.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
    static IS_WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Ends this thread's call with an exception that was raised where Python cannot propagate it.
///
/// Outside of a call the exception goes to `sys.unraisablehook`.
pub(crate) fn end_call_with(py: Python<'_>, error: PyErr) {
    if IS_WAITING.get() {
        RAISED.set(Some(error));
    } else {
        error.write_unraisable(py, None);
    }
}

/// Whether this thread's call has to end: a signal handler raised, as Ctrl-C does, or the
/// interpreter is shutting down.
pub(crate) fn is_interrupted() -> bool {
    if RAISED.with_borrow(Option::is_some) {
        return true;
    }
    Python::try_attach(|py| match py.check_signals() {
        Ok(()) => false,
        Err(raised) => {
            RAISED.set(Some(raised));
            true
        }
    })
    .unwrap_or(true)
}

/// Marks that this thread waits for a call, which [`is_interrupted`] may end.
#[must_use = "the mark stays until it is ended"]
pub(crate) struct Waiting {
    /// Whether the call was made while another call of this thread waits.
    outer: bool,
}

impl Waiting {
    pub(crate) fn start() -> Self {
        let outer = IS_WAITING.replace(true);
        Self { outer }
    }

    /// # Errors
    /// The exception that ended the call.
    pub(crate) fn end(self) -> PyResult<()> {
        IS_WAITING.set(self.outer);
        RAISED.take().map_or(Ok(()), Err)
    }
}
