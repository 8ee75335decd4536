//! The iterators behind Python's lists, watches and syncs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use bindings_common::{ForkGuarded, Step, StreamSteps};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use pyo3::prelude::*;
use skiplino::{BlockingPages, Error, List, ListProgress, Page, Watch};
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;

use crate::blocking::blocking;
use crate::errors;
use crate::event_loop::{Finish, ReplyTo, finish, runtime};
use crate::models::ToPython;

/// An item of a blocking iterator; `None` after the last item.
pub(crate) type NextItem = Option<Result<Finish, Error>>;
type NextItemFn = Box<dyn FnMut() -> NextItem + Send>;
/// The items of an iterator for event loops.
pub(crate) type ItemStream = BoxStream<'static, Result<Finish, Error>>;
/// The progress of a list, which is readable while a page is fetched.
type SharedProgress = Arc<Mutex<ListProgress>>;
/// The number of requests of a sync, as of its last item.
pub(crate) type Requests = Arc<AtomicU64>;

const FORKED: &str =
    "this iterator belongs to the process before the fork: create a new one in this process";

const IN_USE: &str = "this thread is already waiting for the next item of this iterator";

const CANCELLED: &str = "reading this list was cancelled: start again with a new list";

/// Converts an item to Python, on the thread that receives it.
pub(crate) fn convert(item: impl ToPython) -> Finish {
    finish(move |py| item.to_python(py))
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn load(progress: &SharedProgress) -> ListProgress {
    *lock(progress)
}

fn store(progress: &SharedProgress, current: ListProgress) {
    *lock(progress) = current;
}

/// An iterator that blocks.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct NativeIterator {
    /// Absent after the end, so that an iterator which something still refers to, such as a
    /// traceback, keeps no connections.
    next: ForkGuarded<Mutex<Option<NextItemFn>>>,
    /// The thread that has locked `next`.
    owner: Mutex<Option<ThreadId>>,
    progress: SharedProgress,
    requests: Requests,
}

/// Marks a thread as the owner of an iterator until it is dropped.
struct Ownership<'a>(&'a Mutex<Option<ThreadId>>);

impl<'a> Ownership<'a> {
    fn take(owner: &'a Mutex<Option<ThreadId>>) -> Self {
        *lock(owner) = Some(thread::current().id());
        Self(owner)
    }
}

impl Drop for Ownership<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

impl NativeIterator {
    fn new(next: impl FnMut() -> NextItem + Send + 'static, progress: SharedProgress) -> Self {
        Self {
            next: ForkGuarded::new(Mutex::new(Some(Box::new(next)))),
            owner: Mutex::default(),
            progress,
            requests: Requests::default(),
        }
    }

    /// The rows of a sync, which counts its requests.
    pub(crate) fn from_sync(
        next: impl FnMut() -> NextItem + Send + 'static,
        requests: Requests,
    ) -> Self {
        Self {
            requests,
            ..Self::from_fn(next)
        }
    }

    pub(crate) fn from_fn(next: impl FnMut() -> NextItem + Send + 'static) -> Self {
        Self::new(next, SharedProgress::default())
    }

    /// The pages of a list.
    pub(crate) fn from_list<T: Send + 'static>(list: List<T>) -> Self
    where
        Page<T>: ToPython,
    {
        let progress = SharedProgress::default();
        let shared = Arc::clone(&progress);
        let mut pages: BlockingPages<T> = list.pages_blocking();
        let next = move || {
            let page = pages.next();
            store(&shared, pages.progress());
            page.map(|page| page.map(convert))
        };
        Self::new(next, progress)
    }

    /// The changes of a ticket.
    pub(crate) fn from_watch(watch: Watch) -> Self {
        let mut changes = watch.wait();
        Self::from_fn(move || changes.next().map(|change| change.map(convert)))
    }
}

#[pymethods]
impl NativeIterator {
    /// The next item, or None after the last.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let next = self.next.get().ok_or_else(|| errors::closed(py, FORKED))?;
        // A signal handler, or the source of a sync, runs while its thread waits for an item.
        if *lock(&self.owner) == Some(thread::current().id()) {
            return Err(errors::invalid(py, "next", IN_USE));
        }
        // Locked without the interpreter's lock, because the owner of the mutex may need the
        // interpreter's lock.
        let item = blocking(py, || {
            let mut next = lock(next);
            let _ownership = Ownership::take(&self.owner);
            let item = next.as_mut().and_then(|next| next());
            if !matches!(item, Some(Ok(_))) {
                *next = None;
            }
            item.transpose()
        })?;
        item.map(|finish| finish(py)).transpose()
    }

    #[getter]
    fn total(&self) -> Option<u64> {
        self.next.get().and_then(|_| load(&self.progress).total)
    }

    #[getter]
    fn changed_during_read(&self) -> bool {
        self.next
            .get()
            .is_some_and(|_| load(&self.progress).changed_during_read)
    }

    #[getter]
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// An iterator whose items an event loop awaits.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct NativeAsyncIterator {
    items: ForkGuarded<Arc<AsyncMutex<Items>>>,
    progress: SharedProgress,
    requests: Requests,
}

/// The stream behind an iterator, and the runtime that it runs on.
struct Items {
    steps: StreamSteps<Finish, Error>,
    /// Stored, because `runtime()` takes a lock, and a thread without the interpreter's lock must
    /// not hold one while another thread forks.
    runtime: Handle,
}

impl Items {
    async fn next(&mut self) -> Finish {
        match self.steps.next().await {
            Step::Item(Ok(finish)) => finish,
            Step::Item(Err(error)) => finish(move |py| Err(errors::raise(py, &error))),
            Step::Finished => finish(|py| Ok(py.None())),
            Step::Interrupted => finish(|py| Err(errors::closed(py, CANCELLED))),
        }
    }

    fn close(&mut self) {
        let _entered = self.runtime.enter();
        self.steps.close();
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        self.close();
    }
}

impl NativeAsyncIterator {
    /// `start` makes the stream, see [`StreamSteps::new`].
    fn new(
        start: impl FnMut() -> Option<ItemStream> + Send + 'static,
        progress: SharedProgress,
    ) -> PyResult<Self> {
        let items = Items {
            steps: StreamSteps::new(start),
            runtime: runtime()?.handle().clone(),
        };
        Ok(Self {
            items: ForkGuarded::new(Arc::new(AsyncMutex::new(items))),
            progress,
            requests: Requests::default(),
        })
    }

    /// The items of a stream that cannot start again.
    pub(crate) fn from_stream(stream: ItemStream) -> PyResult<Self> {
        let mut stream = Some(stream);
        Self::new(move || stream.take(), SharedProgress::default())
    }

    /// The rows of a sync, which counts its requests.
    pub(crate) fn from_sync(stream: ItemStream, requests: Requests) -> PyResult<Self> {
        let iterator = Self::from_stream(stream)?;
        Ok(Self {
            requests,
            ..iterator
        })
    }

    /// The pages of a list.
    pub(crate) fn from_list<T: Send + Sync + 'static>(list: List<T>) -> PyResult<Self>
    where
        Page<T>: ToPython,
    {
        let progress = SharedProgress::default();
        let latest = Arc::clone(&progress);
        let mut list = Some(list);
        let start = move || {
            // A list that starts again would return the same records twice.
            let mut pages = list.take()?.pages();
            let latest = Arc::clone(&latest);
            let stream = stream::poll_fn(move |context| {
                let page = pages.poll_next_unpin(context);
                if page.is_ready() {
                    store(&latest, pages.progress());
                }
                page.map_ok(convert)
            });
            Some(stream.boxed())
        };
        Self::new(start, progress)
    }

    /// The changes of a ticket. After a cancelled step the watch starts again, with the current
    /// state.
    pub(crate) fn from_watch(watch: impl Fn() -> Watch + Send + 'static) -> PyResult<Self> {
        let start = move || Some(watch().map_ok(convert).fuse().boxed());
        Self::new(start, SharedProgress::default())
    }
}

#[pymethods]
impl NativeAsyncIterator {
    /// Requests the next item; the reply after the last one is None.
    fn next(&self, py: Python<'_>, reply_to: ReplyTo<'_>) -> PyResult<Py<PyAny>> {
        let items = self.items.get().ok_or_else(|| errors::closed(py, FORKED))?;
        let items = Arc::clone(items);
        reply_to.submit(py, async move { items.lock().await.next().await })
    }

    /// Closes the stream, even while other objects, such as a traceback, refer to this iterator.
    /// Has no effect on a running `next`.
    fn close(&self) {
        if let Some(Ok(mut items)) = self.items.get().map(|items| items.try_lock()) {
            items.close();
        }
    }

    #[getter]
    fn total(&self) -> Option<u64> {
        self.items.get().and_then(|_| load(&self.progress).total)
    }

    #[getter]
    fn changed_during_read(&self) -> bool {
        self.items
            .get()
            .is_some_and(|_| load(&self.progress).changed_during_read)
    }

    #[getter]
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}
