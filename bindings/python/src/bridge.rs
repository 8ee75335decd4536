//! Calls under way for an event loop.
//!
//! They run on one runtime a process, whose threads never touch Python. What ends is queued, and one byte through a socket wakes the
//! loop, which takes all that has come: waking it for each call would cost more than the call does. So the byte is sent when the
//! thread that got it has nothing more to do for the moment, or when so much has come that loop and runtime may as well work side by
//! side.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::panic::AssertUnwindSafe;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::process::OfProcess;
use crate::{errors, log};

const FORKED: &str = "this was under way in the process before the fork";

/// What a call gives, once the loop's thread asks for it.
pub(crate) type Finish = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// A closure as a `Finish`.
pub(crate) fn finish(
    end: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send + 'static,
) -> Finish {
    Box::new(end)
}

/// The way into an event loop and what is on it.
#[pyclass(frozen, weakref, module = "skiplino._native")]
pub(crate) struct Bridge(OfProcess<Inner>);

struct Inner {
    reader: UnixStream,
    ended: Arc<Ended>,
    under_way: Mutex<HashMap<u64, UnderWay>>,
    next: AtomicU64,
}

struct Ended {
    queue: Mutex<Vec<(u64, Finish)>>,
    writer: UnixStream,
}

struct UnderWay {
    future: Py<PyAny>,
    task: AbortHandle,
}

impl Inner {
    /// Stops all calls under way.
    fn stop(&self) {
        // Dropped after the lock: what it holds may run Python code as it goes.
        let stopped = std::mem::take(&mut *lock(&self.under_way));
        for call in stopped.values() {
            call.task.abort();
        }
    }
}

// A loop that is gone waits for nothing.
impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

thread_local! {
    /// Of a thread of the runtime: the loops to wake before it sleeps.
    static TO_WAKE: RefCell<Vec<Arc<Ended>>> = const { RefCell::new(Vec::new()) };
}

/// Wakes the loops for which something has come.
fn wake_all() {
    for ended in TO_WAKE.take() {
        ended.wake();
    }
}

impl Ended {
    /// What a loop is woken for at once.
    const BATCH: usize = 16;

    fn push(self: &Arc<Self>, number: u64, finish: Finish) {
        let mut queue = lock(&self.queue);
        queue.push((number, finish));
        let waiting = queue.len();
        drop(queue);
        if waiting == 1 {
            TO_WAKE.with_borrow_mut(|loops| loops.push(Arc::clone(self)));
        } else if waiting == Self::BATCH {
            self.wake();
        }
    }

    fn wake(&self) {
        // Full means that the loop has been woken already; closed, that it is gone.
        let _ = (&self.writer).write(&[0]);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime of this process; a forked child gets its own.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);
    let mut kept = lock(&RUNTIME);
    let pid = process::id();
    if let Some((made_in, runtime)) = *kept
        && made_in == pid
    {
        return Ok(runtime);
    }
    let built = Builder::new_multi_thread()
        // An answer costs four times as much to get as to hand to Python, and systems like to put a thread on the core of whom it talks to.
        .worker_threads(2)
        .thread_name("skiplino")
        .on_thread_park(wake_all)
        .enable_all()
        .build()?;
    // Never ended: the process's end does that, whatever is under way.
    let runtime: &'static Runtime = Box::leak(Box::new(built));
    *kept = Some((pid, runtime));
    Ok(runtime)
}

#[pymethods]
impl Bridge {
    #[new]
    fn new() -> PyResult<Self> {
        let (reader, writer) = UnixStream::pair().map_err(PyOSError::new_err)?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Self(OfProcess::new(Inner {
            reader,
            ended: Arc::new(Ended {
                queue: Mutex::default(),
                writer,
            }),
            under_way: Mutex::default(),
            next: AtomicU64::new(0),
        })))
    }

    /// What the loop has to watch.
    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        Ok(self.inner(py)?.reader.as_raw_fd())
    }

    /// Hands out all that has come.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let Some(inner) = self.0.get() else {
            return Ok(());
        };
        // What more there is belongs to batches that have been taken.
        let _ = (&inner.reader).read(&mut [0; 64]);
        let ended = std::mem::take(&mut *lock(&inner.ended.queue));
        for (number, finish) in ended {
            let Some(call) = lock(&inner.under_way).remove(&number) else {
                continue;
            };
            let future = call.future.bind(py);
            let set = match finish(py) {
                Ok(data) => future.call_method1(intern!(py, "set_result"), (data,)),
                Err(error) => future.call_method1(intern!(py, "set_exception"), (error,)),
            };
            // Cancelled between the call's end and now.
            if let Err(error) = set
                && !future.call_method0(intern!(py, "done"))?.is_truthy()?
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Stops a call. Its request ends with its connection.
    fn cancel(&self, number: u64) {
        if let Some(inner) = self.0.get() {
            // Dropped after the lock: what it holds may run Python code as it goes.
            let stopped = lock(&inner.under_way).remove(&number);
            if let Some(call) = stopped {
                call.task.abort();
            }
        }
    }

    // What is under way leads back to its loop, and from there to here.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let inner = self.0.get();
        if let Some(Ok(under_way)) = inner.map(|inner| inner.under_way.try_lock()) {
            for call in under_way.values() {
                visit.call(&call.future)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        if let Some(inner) = self.0.get() {
            inner.stop();
        }
    }

    /// Fails what was under way when this process was forked off. Its tasks are the parent's, and are left alone.
    fn forsake(&self, py: Python<'_>) -> PyResult<()> {
        let inner = self.0.inherited();
        let calls = inner.map(|inner| std::mem::take(&mut *lock(&inner.under_way)));
        for call in calls.into_iter().flatten() {
            let future = call.1.future.bind(py);
            if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
                future.call_method1(intern!(py, "set_exception"), (errors::closed(py, FORKED),))?;
            }
        }
        Ok(())
    }

    /// Calls under way.
    fn __len__(&self) -> usize {
        self.0.get().map_or(0, |inner| lock(&inner.under_way).len())
    }
}

impl Bridge {
    fn inner(&self, py: Python<'_>) -> PyResult<&Inner> {
        self.0.get().ok_or_else(|| errors::closed(py, FORKED))
    }
}

/// Where the end of a call is told: a loop's bridge, and the future that waits.
#[derive(FromPyObject)]
pub(crate) struct ReplyTo<'py>(Bound<'py, Bridge>, Bound<'py, PyAny>);

impl ReplyTo<'_> {
    /// Starts the work, and gives its number, by which it can be stopped.
    pub(crate) fn submit(
        self,
        py: Python<'_>,
        work: impl Future<Output = Finish> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        let Self(bridge, future) = self;
        log::look(py);
        let inner = bridge.get().inner(py)?;
        let number = inner.next.fetch_add(1, Ordering::Relaxed);
        let ended = Arc::clone(&inner.ended);
        // Before it can end.
        let mut under_way = lock(&inner.under_way);
        let task = runtime()?.spawn(async move {
            let ended_as = AssertUnwindSafe(work).catch_unwind().await;
            ended.push(
                number,
                ended_as.unwrap_or_else(|_| finish(|py| Err(errors::bug(py)))),
            );
        });
        under_way.insert(
            number,
            UnderWay {
                future: future.unbind(),
                task: task.abort_handle(),
            },
        );
        drop(under_way);
        Ok(number.into_pyobject(py)?.into_any().unbind())
    }
}
