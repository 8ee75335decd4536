//! How every call leaves Python: waited for without the interpreter's lock, or handed to an event loop.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use skiplino::{Call, CallOptions, Error, Response};

use crate::bridge::{ReplyTo, finish};
use crate::models::{self, ToPython};
use crate::{errors, log};

thread_local! {
    /// What a signal handler raised while this thread waited.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Something was raised where nobody could take it: the call that this thread waits for ends with it, if it waits for one.
pub(crate) fn raised(py: Python<'_>, error: PyErr) {
    if WAITING.get() {
        RAISED.set(Some(error));
    } else {
        error.write_unraisable(py, None);
    }
}

/// Whether the thread that waits should give up: a signal handler has raised, as that of Ctrl-C does, or the interpreter is ending.
pub(crate) fn interrupted() -> bool {
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

/// What becomes of something that was waited for and failed.
pub(crate) trait Raise {
    fn raise(self, py: Python<'_>) -> PyErr;
}

impl Raise for Error {
    fn raise(self, py: Python<'_>) -> PyErr {
        errors::raise(py, &self)
    }
}

/// Waits with the interpreter free for other threads. Everything that blocks goes through here.
pub(crate) fn blocking<T: Send, E: Raise + Send>(
    py: Python<'_>,
    wait: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    log::look(py);
    let outer = WAITING.replace(true);
    let ended = py.detach(|| catch_unwind(AssertUnwindSafe(wait)));
    WAITING.set(outer);
    if let Some(raised) = RAISED.take() {
        return Err(raised);
    }
    match ended {
        Ok(result) => result.map_err(|error| error.raise(py)),
        Err(_) => Err(errors::bug(py)),
    }
}

/// What of a call is not its input: its options, and whether the whole response is wanted.
#[derive(Default)]
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct Options {
    pub(crate) call: CallOptions,
    pub(crate) respond: bool,
}

#[pymethods]
impl Options {
    /// The same, and the whole response.
    fn responding(&self) -> Self {
        Self {
            call: self.call.clone(),
            respond: true,
        }
    }
}

impl Options {
    /// Makes the call: its data, or with `reply_to` the number of a call under way.
    pub(crate) fn send<T: ToPython>(
        &self,
        py: Python<'_>,
        reply_to: Option<ReplyTo<'_>>,
        call: Call<T>,
    ) -> PyResult<Py<PyAny>> {
        let call = call.options(self.call.clone()).with_response();
        let respond = self.respond;
        match reply_to {
            None => shown(py, blocking(py, || call.wait())?, respond),
            Some(reply_to) => reply_to.submit(py, async move {
                let result = call.await;
                finish(move |py| match result {
                    Ok(response) => shown(py, response, respond),
                    Err(error) => Err(errors::raise(py, &error)),
                })
            }),
        }
    }
}

fn shown<T: ToPython>(py: Python<'_>, response: Response<T>, respond: bool) -> PyResult<Py<PyAny>> {
    if respond {
        models::Response::new(py, response)?.to_python(py)
    } else {
        response.into_data().to_python(py)
    }
}
