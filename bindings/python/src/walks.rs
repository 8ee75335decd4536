//! What comes bit by bit: the pages of a list, and the changes of a ticket.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{Stream, StreamExt as _};
use pyo3::prelude::*;
use skiplino::{BlockingPages, Error, List, ListProgress, Page, Pages, Watch};
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;

use crate::asking::blocking;
use crate::bridge::{self, Finish, ReplyTo};
use crate::errors;
use crate::models::ToPython;
use crate::process::OfProcess;

pub(crate) type Step = Option<Result<Finish, Error>>;
type Waited = Box<dyn FnMut() -> Step + Send>;
pub(crate) type Streamed = Pin<Box<dyn Stream<Item = Result<Finish, Error>> + Send>>;
type Seen = Arc<Mutex<ListProgress>>;

const FORKED: &str = "this was begun in the process before the fork: begin it again in this one";

const CANCELLED: &str = "reading this list was cancelled: begin it again";

fn finish<T: ToPython>(item: T) -> Finish {
    bridge::finish(move |py| item.to_python(py))
}

fn note(seen: &Seen, progress: ListProgress) {
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
    steps: OfProcess<Arc<AsyncMutex<Steps>>>,
    seen: Seen,
}

/// A step that is cancelled takes the stream with it, and so the requests under way and whatever they hold, as the lock that other
/// watchers of the same ticket wait for.
struct Steps {
    /// Absent while a step is under way, before the first one of a watch, and after one that was cancelled.
    stream: Option<Streamed>,
    /// For one that can begin anew without telling anything wrong.
    begin: Option<Box<dyn Fn() -> Streamed + Send>>,
    /// Where it runs. Kept, because asking for it takes a lock, and a thread without the interpreter's lock must hold none when
    /// another one forks.
    runtime: Handle,
}

impl Steps {
    async fn next(&mut self) -> Finish {
        let taken = self.stream.take();
        let Some(mut stream) = taken.or_else(|| self.begin.as_ref().map(|begin| begin())) else {
            return bridge::finish(|py| Err(errors::closed(py, CANCELLED)));
        };
        let step = stream.next().await;
        self.stream = Some(stream);
        match step {
            Some(Ok(finish)) => finish,
            Some(Err(error)) => bridge::finish(move |py| Err(errors::raise(py, &error))),
            None => bridge::finish(|py| Ok(py.None())),
        }
    }

    fn end(&mut self) {
        // The connection of a request under way goes back to a pool that looks for its runtime.
        let _entered = self.runtime.enter();
        self.stream = None;
        self.begin = None;
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.end();
    }
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
        let mut pages: BlockingPages<T> = list.pages_blocking();
        let next = move || {
            let step = pages.next();
            note(&noted, pages.progress());
            step.map(|page| page.map(finish))
        };
        Self::new(next, seen)
    }

    /// Of which nothing is known but its steps.
    pub(crate) fn of(steps: impl FnMut() -> Step + Send + 'static) -> Self {
        Self::new(steps, Seen::default())
    }

    pub(crate) fn watch(watch: Watch) -> Self {
        let mut changes = watch.wait();
        let next = move || changes.next().map(|change| change.map(finish));
        Self::of(next)
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
    fn changed_during_read(&self) -> bool {
        self.steps
            .get()
            .is_some_and(|_| progress(&self.seen).changed_during_read)
    }
}

impl AsyncWalk {
    fn new(steps: Steps, seen: Seen) -> Self {
        Self {
            steps: OfProcess::new(Arc::new(AsyncMutex::new(steps))),
            seen,
        }
    }

    pub(crate) fn pages<T: Send + Sync + 'static>(list: List<T>) -> PyResult<Self>
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
        let steps = Steps {
            stream: Some(Box::pin(steps)),
            begin: None,
            runtime: bridge::runtime()?.handle().clone(),
        };
        Ok(Self::new(steps, seen))
    }

    /// Of which nothing is known but its steps.
    pub(crate) fn of(steps: Streamed) -> PyResult<Self> {
        let steps = Steps {
            stream: Some(steps),
            begin: None,
            runtime: bridge::runtime()?.handle().clone(),
        };
        Ok(Self::new(steps, Seen::default()))
    }

    pub(crate) fn watch(watch: impl Fn() -> Watch + Send + 'static) -> PyResult<Self> {
        let begin =
            move || -> Streamed { Box::pin(watch().map(|change| change.map(finish)).fuse()) };
        let steps = Steps {
            stream: None,
            begin: Some(Box::new(begin)),
            runtime: bridge::runtime()?.handle().clone(),
        };
        Ok(Self::new(steps, Seen::default()))
    }
}

#[pymethods]
impl AsyncWalk {
    /// Asks for the next one; None is told after the last.
    fn next(&self, py: Python<'_>, reply_to: ReplyTo<'_>) -> PyResult<Py<PyAny>> {
        let steps = self.steps.get().ok_or_else(|| errors::closed(py, FORKED))?;
        let steps = Arc::clone(steps);
        reply_to.submit(py, async move { steps.lock().await.next().await })
    }

    /// Ends it, whoever still has this, as the traceback of an error. Of no effect on a step under way.
    fn close(&self) {
        if let Some(Ok(mut steps)) = self.steps.get().map(|steps| steps.try_lock()) {
            steps.end();
        }
    }

    #[getter]
    fn total(&self) -> Option<u64> {
        self.steps.get().and_then(|_| progress(&self.seen).total)
    }

    #[getter]
    fn changed_during_read(&self) -> bool {
        self.steps
            .get()
            .is_some_and(|_| progress(&self.seen).changed_during_read)
    }
}

fn progress(seen: &Seen) -> ListProgress {
    *seen.lock().unwrap_or_else(PoisonError::into_inner)
}
