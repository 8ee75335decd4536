//! The options of a call: its core options, its cancellation token, and whether it returns the full
//! response.

use bindings_common::ForkGuarded;
use pyo3::prelude::*;
use skiplino::{Call, CallOptions, List, Response};

use crate::blocking::blocking;
use crate::errors;
use crate::event_loop::{ReplyTo, finish};
use crate::models::ToPython;

/// Cancels the calls, lists and watches that ``client.with_options(cancellation_token=…)`` makes,
/// from any thread.
///
/// Those in progress raise ``CancelledError`` at once; its ``outcome`` says whether a write may
/// have been applied. Later calls raise ``CancelledError`` before they send a request. In an event
/// loop, cancelling the task has the same effect without the ``outcome``.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct CancellationToken(ForkGuarded<skiplino::CancellationToken>);

#[pymethods]
impl CancellationToken {
    #[new]
    fn new() -> Self {
        Self(ForkGuarded::new(skiplino::CancellationToken::new()))
    }

    /// Cancels them. Calling this again has no effect.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        self.get(py).map(skiplino::CancellationToken::cancel)
    }

    /// Whether ``cancel()`` was called.
    #[getter]
    fn is_cancelled(&self, py: Python<'_>) -> PyResult<bool> {
        self.get(py).map(skiplino::CancellationToken::is_cancelled)
    }
}

impl CancellationToken {
    fn get(&self, py: Python<'_>) -> PyResult<&skiplino::CancellationToken> {
        self.0.get().ok_or_else(|| errors::closed(py, FORKED))
    }
}

const FORKED: &str =
    "this token belongs to the process before the fork: create a new one in this process";

/// Everything about a call except its input.
#[derive(Default)]
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct Options {
    pub(crate) call: CallOptions,
    pub(crate) cancellation_token: Option<Py<CancellationToken>>,
    pub(crate) full_response: bool,
}

#[pymethods]
impl Options {
    /// The same options, for calls that return the full response.
    fn with_full_response(&self, py: Python<'_>) -> Self {
        let token = self.cancellation_token.as_ref();
        Self {
            call: self.call.clone(),
            cancellation_token: token.map(|token| token.clone_ref(py)),
            full_response: true,
        }
    }
}

impl Options {
    /// The token that cancels the call, if there is one.
    pub(crate) fn cancellation_token(
        &self,
        py: Python<'_>,
    ) -> PyResult<Option<skiplino::CancellationToken>> {
        let token = self.cancellation_token.as_ref();
        token.map(|token| token.get().get(py).cloned()).transpose()
    }

    /// A list whose pages are fetched with these options.
    pub(crate) fn list<T: Send + 'static>(
        &self,
        py: Python<'_>,
        list: List<T>,
    ) -> PyResult<List<T>> {
        let list = list.options(self.call.clone());
        Ok(match self.cancellation_token(py)? {
            Some(token) => list.cancelled_by(&token),
            None => list,
        })
    }

    /// Makes the call. Returns its data, or with `reply_to` the number of the pending call.
    pub(crate) fn send<T: ToPython>(
        &self,
        py: Python<'_>,
        reply_to: Option<ReplyTo<'_>>,
        call: Call<T>,
    ) -> PyResult<Py<PyAny>> {
        let mut call = call.options(self.call.clone());
        if let Some(token) = self.cancellation_token(py)? {
            call = call.cancelled_by(&token);
        }
        let call = call.with_response();
        let full_response = self.full_response;
        let to_python = move |py: Python<'_>, response: Response<T>| match full_response {
            true => response.to_python(py),
            false => response.into_data().to_python(py),
        };
        match reply_to {
            None => to_python(py, blocking(py, || call.wait())?),
            Some(reply_to) => reply_to.submit(py, async move {
                let result = call.await;
                finish(move |py| match result {
                    Ok(response) => to_python(py, response),
                    Err(error) => Err(errors::raise(py, &error)),
                })
            }),
        }
    }
}
