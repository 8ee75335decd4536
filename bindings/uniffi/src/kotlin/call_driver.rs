//! Runs the calls of one copy of the Kotlin package. The callers' threads start and cancel calls; a
//! thread of the JVM drives them.
//!
//! Each class loader has a copy of the package, and several copies may share this library. So each
//! copy has a driver of its own, with a runtime, and only that copy gets the results.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use skiplino::SigpipeGuard;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;
use uniffi::Lift;

use crate::UniFfiTag;
use crate::cancellation::CancelHandle;
use crate::errors::SkiplinoError;
use crate::kotlin::erased_call::{EncodedResult, ErasedCall, encode_error};
use crate::operations::{NativeCall, dispatch};

/// A call in flight.
struct CallInFlight {
    cancel: Arc<CancelHandle>,
    /// Absent until the driving thread has spawned the call.
    task: Option<AbortHandle>,
}

/// The state that the callers and the driving thread share.
#[derive(Default)]
struct CallQueue {
    /// By the call ids that Kotlin chose.
    in_flight: HashMap<u64, CallInFlight>,
    /// Calls that the driving thread has not spawned yet.
    not_spawned: Vec<(u64, ErasedCall)>,
    /// Results that the driving thread has not returned yet, one after the other: call id, length,
    /// result. The buffer begins with the length of all results in bytes.
    results: Vec<u8>,
    /// Wakes the driving thread while it waits for calls or results.
    waker: Option<Waker>,
    /// Whether new calls are refused. The driver then ends after the calls in flight.
    is_closing: bool,
}

impl CallQueue {
    fn add_result(&mut self, id: u64, result: &[u8]) {
        /// The size of the length that precedes the results.
        const HEADER: usize = size_of::<u32>();
        if self.results.is_empty() {
            self.results.resize(HEADER, 0);
        }
        // The core limits the size of responses far below the maximum of `u32`.
        let length = u32::try_from(result.len()).unwrap_or(u32::MAX);
        self.results.extend_from_slice(&id.to_be_bytes());
        self.results.extend_from_slice(&length.to_be_bytes());
        self.results.extend_from_slice(result);
        let length = u32::try_from(self.results.len() - HEADER).unwrap_or(u32::MAX);
        if let Some(header) = self.results.first_chunk_mut::<HEADER>() {
            *header = length.to_ne_bytes();
        }
    }
}

/// Runs calls, see the module.
pub(crate) struct CallDriver {
    runtime: Runtime,
    /// The log lines that Kotlin wants, see `log.rs`.
    log_level: AtomicI32,
    queue: Mutex<CallQueue>,
    /// Blocks SIGPIPE on the driving thread, which does nothing else: once, and not for each call.
    block_sigpipe: Once,
    /// The results that Kotlin reads now.
    returned: Mutex<Vec<u8>>,
}

/// The open drivers by handle.
static DRIVERS: LazyLock<Mutex<HashMap<u64, Arc<CallDriver>>>> = LazyLock::new(Mutex::default);

fn drivers() -> MutexGuard<'static, HashMap<u64, Arc<CallDriver>>> {
    DRIVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The driver with this handle, unless it has ended.
pub(crate) fn find(driver: u64) -> Option<Arc<CallDriver>> {
    drivers().get(&driver).map(Arc::clone)
}

/// The number of tasks of all drivers: calls in flight and connections.
#[cfg(feature = "testing")]
pub(crate) fn alive_tasks() -> usize {
    let alive = |driver: &Arc<CallDriver>| driver.runtime.metrics().num_alive_tasks();
    drivers().values().map(alive).sum()
}

impl CallDriver {
    /// Creates a driver and returns its handle.
    pub(crate) fn create() -> io::Result<u64> {
        static LAST: Mutex<u64> = Mutex::new(0);
        let driver = Self {
            runtime: Builder::new_current_thread().enable_all().build()?,
            log_level: AtomicI32::new(0),
            queue: Mutex::default(),
            block_sigpipe: Once::new(),
            returned: Mutex::default(),
        };
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        drivers().insert(*last, Arc::new(driver));
        Ok(*last)
    }

    /// Ends the driver after the calls in flight, which their clients must end.
    pub(crate) fn close(&self) {
        self.update_and_wake(|queue| queue.is_closing = true);
    }

    pub(crate) fn log_level(&self) -> i32 {
        self.log_level.load(Ordering::Relaxed)
    }

    pub(crate) fn set_log_level(&self, level: i32) {
        self.log_level.store(level, Ordering::Relaxed);
    }

    fn queue(&self) -> MutexGuard<'_, CallQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Updates the queue and wakes the driving thread.
    fn update_and_wake(&self, update: impl FnOnce(&mut CallQueue)) {
        let mut queue = self.queue();
        update(&mut queue);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Hands a result to the driving thread.
    pub(crate) fn return_result(&self, id: u64, result: &[u8]) {
        self.update_and_wake(|queue| queue.add_result(id, result));
    }

    /// Starts a call. Returns its result if the call ends at once, for example with invalid input.
    pub(crate) fn start_call(
        &self,
        handle: u64,
        id: u64,
        mut call: &[u8],
    ) -> Option<EncodedResult> {
        let Ok(call) = <NativeCall as Lift<UniFfiTag>>::try_read(&mut call) else {
            return Some(encode_error(SkiplinoError::internal()));
        };
        let cancel = CancelHandle::new();
        let mut call = match dispatch(handle, call, Arc::clone(&cancel)) {
            Ok(call) => call,
            Err(error) => return Some(encode_error(error)),
        };
        let context = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(result) = call.poll_unpin(context) {
            return Some(result);
        }
        let mut refused = None;
        self.update_and_wake(|queue| {
            if queue.is_closing {
                refused = Some(call);
                return;
            }
            let task = None;
            queue.in_flight.insert(id, CallInFlight { cancel, task });
            queue.not_spawned.push((id, call));
        });
        refused.map(|_| encode_error(SkiplinoError::closed()))
    }

    /// Cancels a call, which then ends with a result that says whether a write may have been
    /// applied.
    pub(crate) fn cancel_call(&self, id: u64) {
        if let Some(call) = self.queue().in_flight.get(&id) {
            call.cancel.cancel();
        }
    }

    /// Aborts a call and its connection. The call gives no result.
    pub(crate) fn abort_call(&self, id: u64) {
        let mut queue = self.queue();
        let aborted = queue.in_flight.remove(&id);
        if let Some(task) = aborted.and_then(|call| call.task) {
            task.abort();
        }
    }

    /// Drives the calls until there are results, and returns their address, which is valid until
    /// the next call; `None` at the end of the driver.
    pub(crate) fn drive(self: &Arc<Self>) -> Option<*const u8> {
        self.block_sigpipe
            .call_once(|| mem::forget(SigpipeGuard::new()));
        let results = self.runtime.block_on(poll_fn(|context| {
            // Dropped after the lock is released.
            let mut aborted = Vec::new();
            let mut queue = self.queue();
            for (id, call) in mem::take(&mut queue.not_spawned) {
                // A call that was aborted before it was spawned is missing here.
                let Some(in_flight) = queue.in_flight.get_mut(&id) else {
                    aborted.push(call);
                    continue;
                };
                let driver = Arc::downgrade(self);
                let task = tokio::spawn(async move {
                    let result = call.await;
                    // Alive, because it runs this task.
                    if let Some(driver) = driver.upgrade() {
                        driver.update_and_wake(|queue| {
                            queue.in_flight.remove(&id);
                            queue.add_result(id, &result);
                        });
                    }
                });
                in_flight.task = Some(task.abort_handle());
            }
            if !queue.results.is_empty() {
                return Poll::Ready(Some(mem::take(&mut queue.results)));
            }
            if queue.is_closing && queue.in_flight.is_empty() {
                return Poll::Ready(None);
            }
            queue.waker = Some(context.waker().clone());
            Poll::Pending
        }))?;
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        *returned = results;
        Some(returned.as_ptr())
    }
}

/// Frees a driver that has ended, with its runtime and the connections. Waits for the runtime's
/// threads, because the library may be unloaded afterwards.
pub(crate) fn free(driver: u64) {
    let freed = drivers().remove(&driver);
    drop(freed);
}
