//! How every call leaves Python: waited for without the interpreter's lock, or handed to an event loop.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use skiplino::{Call, CallOptions, Error, List, Response};

use crate::bridge::{ReplyTo, finish};
use crate::models::{self, ToPython};
use crate::process::OfProcess;
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

/// Ends the calls, lists and watches that ``client.with_options(cancellation_token=…)`` makes, from any thread and for good.
///
/// Those under way raise ``CancelledError`` at once, which says whether a write may have happened; what is called afterwards raises
/// it before anything is sent. In an event loop cancelling the task does as much, and says less.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct CancellationToken(OfProcess<skiplino::CancellationToken>);

#[pymethods]
impl CancellationToken {
    #[new]
    fn new() -> Self {
        Self(OfProcess::new(skiplino::CancellationToken::new()))
    }

    /// Ends them. Twice is as good as once.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.inner(py).map(skiplino::CancellationToken::cancel)
    }

    /// Whether it was.
    #[getter]
    fn is_cancelled(&self, py: Python<'_>) -> PyResult<bool> {
        self.inner(py)
            .map(skiplino::CancellationToken::is_cancelled)
    }
}

impl CancellationToken {
    fn inner(&self, py: Python<'_>) -> PyResult<&skiplino::CancellationToken> {
        self.0.get().ok_or_else(|| errors::closed(py, FORKED))
    }
}

const FORKED: &str =
    "this cancellation_token was made in the process before the fork: make another one in this";

/// What of a call is not its input: its options, what ends it, and whether the whole response is wanted.
#[derive(Default)]
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct Options {
    pub(crate) call: CallOptions,
    pub(crate) cancellation_token: Option<Py<CancellationToken>>,
    pub(crate) respond: bool,
}

#[pymethods]
impl Options {
    /// The same, and the whole response.
    fn responding(&self, py: Python<'_>) -> Self {
        Self {
            call: self.call.clone(),
            cancellation_token: self
                .cancellation_token
                .as_ref()
                .map(|given| given.clone_ref(py)),
            respond: true,
        }
    }
}

impl Options {
    /// What ends the call, if it was given any.
    pub(crate) fn cancellation_token(
        &self,
        py: Python<'_>,
    ) -> PyResult<Option<skiplino::CancellationToken>> {
        let given = self.cancellation_token.as_ref();
        given
            .map(|given| given.get().inner(py).cloned())
            .transpose()
    }

    /// A list whose pages are fetched so.
    pub(crate) fn list<T: Send + 'static>(
        &self,
        py: Python<'_>,
        list: List<T>,
    ) -> PyResult<List<T>> {
        let list = list.options(self.call.clone());
        Ok(match self.cancellation_token(py)? {
            Some(cancellation_token) => list.cancelled_by(&cancellation_token),
            None => list,
        })
    }

    /// Makes the call: its data, or with `reply_to` the number of a call under way.
    pub(crate) fn send<T: ToPython>(
        &self,
        py: Python<'_>,
        reply_to: Option<ReplyTo<'_>>,
        call: Call<T>,
    ) -> PyResult<Py<PyAny>> {
        let mut call = call.options(self.call.clone());
        if let Some(cancellation_token) = self.cancellation_token(py)? {
            call = call.cancelled_by(&cancellation_token);
        }
        let call = call.with_response();
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
