//! How every call leaves Python: waited for without the interpreter's lock, or handed to an event loop.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use skiplino::{Call, CallOptions, Error, Response};

use crate::bridge::{ReplyTo, finish};
use crate::errors;
use crate::models::{self, ToPython};

thread_local! {
    /// What a signal handler raised while this thread waited.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Whether the thread that waits should give up: a signal handler has raised, as that of Ctrl-C does, or the interpreter is ending.
pub(crate) fn interrupted() -> bool {
    Python::try_attach(|py| match py.check_signals() {
        Ok(()) => false,
        Err(raised) => {
            RAISED.set(Some(raised));
            true
        }
    })
    .unwrap_or(true)
}

/// Waits with the interpreter free for other threads. Everything that blocks goes through here.
pub(crate) fn blocking<T: Send>(
    py: Python<'_>,
    wait: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let ended = py.detach(|| catch_unwind(AssertUnwindSafe(wait)));
    if let Some(raised) = RAISED.take() {
        return Err(raised);
    }
    match ended {
        Ok(result) => result.map_err(|error| errors::raise(py, &error)),
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
