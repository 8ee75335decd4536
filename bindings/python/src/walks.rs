//! What comes bit by bit: the pages of a list, and the changes of a ticket.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{Stream, StreamExt as _};
use pyo3::prelude::*;
use skiplino::{Error, List, Page, Pages, PagesWait, Progress, Watch};
use tokio::sync::Mutex as AsyncMutex;

use crate::asking::blocking;
use crate::bridge::{self, Finish, ReplyTo};
use crate::errors;
use crate::models::ToPython;
use crate::process::OfProcess;

type Step = Option<Result<Finish, Error>>;
type Waited = Box<dyn FnMut() -> Step + Send>;
type Streamed = Pin<Box<dyn Stream<Item = Result<Finish, Error>> + Send>>;
type Seen = Arc<Mutex<Progress>>;

const FORKED: &str = "this was begun in the process before the fork: begin it again in this one";

fn finish<T: ToPython>(item: T) -> Finish {
    bridge::finish(move |py| item.to_python(py))
}

fn note(seen: &Seen, progress: Progress) {
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = progress;
}

/// One that is waited for.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct Walk {
    steps: OfProcess<Mutex<Waited>>,
    seen: Seen,
}

/// One whose steps an event loop waits for.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct AsyncWalk {
    steps: OfProcess<Arc<AsyncMutex<Streamed>>>,
    seen: Seen,
}

impl Walk {
    fn new(steps: impl FnMut() -> Step + Send + 'static, seen: Seen) -> Self {
        Self {
            steps: OfProcess::new(Mutex::new(Box::new(steps))),
            seen,
        }
    }

    pub(crate) fn pages<T: Send + 'static>(list: List<T>) -> Self
    where
        Page<T>: ToPython,
    {
        let seen = Seen::default();
        let noted = Arc::clone(&seen);
        let mut pages: PagesWait<T> = list.pages_wait();
        let next = move || {
            let step = pages.next();
            note(&noted, pages.progress());
            step.map(|page| page.map(finish))
        };
        Self::new(next, seen)
    }

    pub(crate) fn watch(watch: Watch) -> Self {
        let mut changes = watch.wait();
        let next = move || changes.next().map(|change| change.map(finish));
        Self::new(next, Seen::default())
    }
}

#[pymethods]
impl Walk {
    /// The next one, or None after the last.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let steps = self.steps.get().ok_or_else(|| errors::closed(py, FORKED))?;
        // Locked only while Python is let go of: whoever holds it may be waiting for Python.
        let step = blocking(py, || {
            let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
            steps().transpose()
        })?;
        step.map(|finish| finish(py)).transpose()
    }

    #[getter]
    fn total(&self) -> Option<u64> {
        self.steps.get().and_then(|_| progress(&self.seen).total)
    }

    #[getter]
    fn moved(&self) -> bool {
        self.steps.get().is_some_and(|_| progress(&self.seen).moved)
    }
}

impl AsyncWalk {
    fn new(steps: impl Stream<Item = Result<Finish, Error>> + Send + 'static, seen: Seen) -> Self {
        let steps: Streamed = Box::pin(steps);
        Self {
            steps: OfProcess::new(Arc::new(AsyncMutex::new(steps))),
            seen,
        }
    }

    pub(crate) fn pages<T: Send + Sync + 'static>(list: List<T>) -> Self
    where
        Page<T>: ToPython,
    {
        let seen = Seen::default();
        let noted = Arc::clone(&seen);
        let mut pages: Pages<T> = list.pages();
        let steps = futures_util::stream::poll_fn(move |context| {
            let step = pages.poll_next_unpin(context);
            if step.is_ready() {
                note(&noted, pages.progress());
            }
            step.map(|step| step.map(|page| page.map(finish)))
        });
        Self::new(steps, seen)
    }

    pub(crate) fn watch(watch: Watch) -> Self {
        Self::new(watch.map(|change| change.map(finish)), Seen::default())
    }
}

#[pymethods]
impl AsyncWalk {
    /// Asks for the next one; None is told after the last.
    fn next(&self, py: Python<'_>, reply_to: ReplyTo<'_>) -> PyResult<Py<PyAny>> {
        let steps = self.steps.get().ok_or_else(|| errors::closed(py, FORKED))?;
        let steps = Arc::clone(steps);
        reply_to.submit(py, async move {
            // A step that is cancelled leaves what it was waiting for to the next one.
            match steps.lock().await.next().await {
                Some(Ok(finish)) => finish,
                Some(Err(error)) => bridge::finish(move |py| Err(errors::raise(py, &error))),
                None => bridge::finish(|py| Ok(py.None())),
            }
        })
    }

    #[getter]
    fn total(&self) -> Option<u64> {
        self.steps.get().and_then(|_| progress(&self.seen).total)
    }

    #[getter]
    fn moved(&self) -> bool {
        self.steps.get().is_some_and(|_| progress(&self.seen).moved)
    }
}

fn progress(seen: &Seen) -> Progress {
    *seen.lock().unwrap_or_else(PoisonError::into_inner)
}
