//! Pending calls of an event loop.
//!
//! The calls run on one runtime per process, whose threads never touch Python. Completed calls are
//! queued, and one byte through a socket wakes the loop, which takes the whole queue: waking the
//! loop for each call would cost more than the call does. The byte is therefore sent when the
//! runtime's thread has nothing else to do, or when enough calls have completed that the loop can
//! start on them while the runtime continues.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::mem;
use std::panic::AssertUnwindSafe;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bindings_common::ForkGuarded;
use futures_util::FutureExt as _;
use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use skiplino::SigpipeGuard;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::socket_pair::{self, Socket, socket_pair};
use crate::{errors, log};

const FORKED: &str =
    "this call belongs to the process before the fork: make the call again in this process";

/// Makes a call's result, on the loop's thread.
pub(crate) type Finish = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// A closure as a `Finish`.
pub(crate) fn finish(
    end: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send + 'static,
) -> Finish {
    Box::new(end)
}

/// The pending and the completed calls of an event loop.
#[pyclass(frozen, weakref, module = "skiplino._native")]
pub(crate) struct CompletionQueue(ForkGuarded<Inner>);

struct Inner {
    reader: Socket,
    completed: Arc<Completed>,
    pending: Mutex<HashMap<u64, PendingCall>>,
    next_number: AtomicU64,
}

struct Completed {
    queue: Mutex<Vec<(u64, Finish)>>,
    writer: Socket,
}

struct PendingCall {
    future: Py<PyAny>,
    task: AbortHandle,
}

impl Inner {
    /// Stops all pending calls.
    fn stop(&self) {
        // Dropped after the lock is released, because dropping a future may run Python code.
        let stopped = mem::take(&mut *lock(&self.pending));
        for call in stopped.values() {
            call.task.abort();
        }
    }
}

// A loop that no longer exists awaits none of its calls.
impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

thread_local! {
    /// The loops that this thread of the runtime has to wake before it sleeps.
    static TO_WAKE: RefCell<Vec<Arc<Completed>>> = const { RefCell::new(Vec::new()) };
}

/// Wakes the loops whose calls this thread completed.
fn wake_all() {
    for completed in TO_WAKE.take() {
        completed.wake();
    }
}

impl Completed {
    /// The queue's length at which the loop is woken at once.
    const BATCH: usize = 16;

    fn push(self: &Arc<Self>, number: u64, finish: Finish) {
        let mut queue = lock(&self.queue);
        queue.push((number, finish));
        let length = queue.len();
        drop(queue);
        if length == 1 {
            TO_WAKE.with_borrow_mut(|loops| loops.push(Arc::clone(self)));
        } else if length == Self::BATCH {
            self.wake();
        }
    }

    fn wake(&self) {
        // A full socket means that the loop was woken already; a closed one, that the loop no
        // longer exists.
        let _ = (&self.writer).write(&[0]);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime of this process. A forked child gets its own.
pub(crate) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);
    let mut current = lock(&RUNTIME);
    let pid = process::id();
    if let Some((owner, runtime)) = *current
        && owner == pid
    {
        return Ok(runtime);
    }
    let built = Builder::new_multi_thread()
        // Receiving a response takes four times as long as handing it to Python. With one thread,
        // the system tends to run that thread on the core of Python's thread.
        .worker_threads(2)
        .thread_name("skiplino")
        .on_thread_start(|| mem::forget(SigpipeGuard::new()))
        .on_thread_park(wake_all)
        .enable_all()
        .build()?;
    // Never shut down: the end of the process ends it, even with calls pending.
    let runtime: &'static Runtime = Box::leak(Box::new(built));
    *current = Some((pid, runtime));
    Ok(runtime)
}

#[pymethods]
impl CompletionQueue {
    #[new]
    fn new() -> PyResult<Self> {
        let (reader, writer) = socket_pair().map_err(PyOSError::new_err)?;
        Ok(Self(ForkGuarded::new(Inner {
            reader,
            completed: Arc::new(Completed {
                queue: Mutex::default(),
                writer,
            }),
            pending: Mutex::default(),
            next_number: AtomicU64::new(0),
        })))
    }

    /// The number of the socket that is readable when calls have completed.
    fn fileno(&self, py: Python<'_>) -> PyResult<socket_pair::Number> {
        Ok(socket_pair::number(&self.inner(py)?.reader))
    }

    /// The number of a duplicate of the socket, which the caller closes.
    fn duplicate_socket(&self, py: Python<'_>) -> PyResult<socket_pair::Number> {
        let reader = self.inner(py)?.reader.try_clone()?;
        Ok(socket_pair::into_number(reader))
    }

    /// Sets the results of the futures of all completed calls.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let Some(inner) = self.0.get() else {
            return Ok(());
        };
        // Further bytes belong to batches that an earlier drain has taken. There are none if the
        // loop itself has received them.
        let _ = (&inner.reader).read(&mut [0; 64]);
        let completed = mem::take(&mut *lock(&inner.completed.queue));
        for (number, finish) in completed {
            let Some(call) = lock(&inner.pending).remove(&number) else {
                continue;
            };
            let future = call.future.bind(py);
            let set = match finish(py) {
                Ok(data) => future.call_method1(intern!(py, "set_result"), (data,)),
                Err(error) => future.call_method1(intern!(py, "set_exception"), (error,)),
            };
            // Fails without harm if the future was cancelled after the call completed.
            if let Err(error) = set
                && !future.call_method0(intern!(py, "done"))?.is_truthy()?
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Stops a call and closes its connection.
    fn cancel(&self, number: u64) {
        if let Some(inner) = self.0.get() {
            // Dropped after the lock is released, because dropping a future may run Python code.
            let stopped = lock(&inner.pending).remove(&number);
            if let Some(call) = stopped {
                call.task.abort();
            }
        }
    }

    // The futures refer to their loop, and the loop to this queue.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let inner = self.0.get();
        if let Some(Ok(pending)) = inner.map(|inner| inner.pending.try_lock()) {
            for call in pending.values() {
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

    /// Fails the calls that were pending when this process was forked. Their tasks belong to the
    /// parent and are not touched.
    fn abandon_after_fork(&self, py: Python<'_>) -> PyResult<()> {
        let inner = self.0.get_unguarded();
        let calls = inner.map(|inner| mem::take(&mut *lock(&inner.pending)));
        for call in calls.into_iter().flatten() {
            let future = call.1.future.bind(py);
            if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
                future.call_method1(intern!(py, "set_exception"), (errors::closed(py, FORKED),))?;
            }
        }
        Ok(())
    }

    /// The number of pending calls.
    fn __len__(&self) -> usize {
        self.0.get().map_or(0, |inner| lock(&inner.pending).len())
    }
}

impl CompletionQueue {
    fn inner(&self, py: Python<'_>) -> PyResult<&Inner> {
        self.0.get().ok_or_else(|| errors::closed(py, FORKED))
    }
}

/// Where a call's result goes: the queue of an event loop, and the future that the loop awaits.
#[derive(FromPyObject)]
pub(crate) struct ReplyTo<'py>(Bound<'py, CompletionQueue>, Bound<'py, PyAny>);

impl ReplyTo<'_> {
    /// Starts the work and returns its number, which `CompletionQueue::cancel` takes.
    pub(crate) fn submit(
        self,
        py: Python<'_>,
        work: impl Future<Output = Finish> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        let Self(queue, future) = self;
        log::refresh_level(py);
        let inner = queue.get().inner(py)?;
        let number = inner.next_number.fetch_add(1, Ordering::Relaxed);
        let completed = Arc::clone(&inner.completed);
        // Locked before the task starts, so that the call is known when it completes.
        let mut pending = lock(&inner.pending);
        let task = runtime()?.spawn(async move {
            let result = AssertUnwindSafe(work).catch_unwind().await;
            completed.push(
                number,
                result.unwrap_or_else(|_| finish(|py| Err(errors::bug(py)))),
            );
        });
        pending.insert(
            number,
            PendingCall {
                future: future.unbind(),
                task: task.abort_handle(),
            },
        );
        drop(pending);
        Ok(number.into_pyobject(py)?.into_any().unbind())
    }
}
