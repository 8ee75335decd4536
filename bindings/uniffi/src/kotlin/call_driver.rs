//! The calls in flight: starts and cancels them on the callers' threads, and runs them on the
//! thread that drives the runtime.

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use skiplino::SigpipeGuard;
use tokio::task::AbortHandle;
use uniffi::Lift;

use crate::UniFfiTag;
use crate::cancellation::CancelHandle;
use crate::errors::SkiplinoError;
use crate::kotlin::erased_call::{EncodedResult, ErasedCall, encode_error};
use crate::operations::{NativeCall, dispatch};
use crate::runtime::runtime;

/// A call in flight.
struct CallInFlight {
    cancel: Arc<CancelHandle>,
    /// Absent until the driving thread has spawned the call.
    task: Option<AbortHandle>,
}

/// The state shared by the callers and the driving thread.
#[derive(Default)]
struct CallQueue {
    /// By the call ids that Kotlin chose.
    in_flight: HashMap<u64, CallInFlight>,
    /// Calls that the driving thread has not spawned yet.
    not_spawned: Vec<(u64, ErasedCall)>,
    /// Results that the driving thread has not returned yet, one after the other: call id, length,
    /// result. The whole is preceded by its length in bytes.
    results: Vec<u8>,
    /// Wakes the driving thread while it waits for calls or results.
    driver: Option<Waker>,
}

static QUEUE: LazyLock<Mutex<CallQueue>> = LazyLock::new(Mutex::default);

fn queue() -> MutexGuard<'static, CallQueue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Updates the queue and wakes the driving thread.
fn update_and_wake(update: impl FnOnce(&mut CallQueue)) {
    let mut queue = queue();
    update(&mut queue);
    let driver = queue.driver.take();
    drop(queue);
    if let Some(driver) = driver {
        driver.wake();
    }
}

/// Hands a result to the driving thread.
pub(crate) fn return_result(id: u64, result: &[u8]) {
    update_and_wake(|queue| queue.add_result(id, result));
}

/// Starts a call. Returns its result if the call ends at once, for example with invalid input.
pub(crate) fn start_call(handle: u64, id: u64, mut call: &[u8]) -> Option<EncodedResult> {
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
    update_and_wake(|queue| {
        let task = None;
        queue.in_flight.insert(id, CallInFlight { cancel, task });
        queue.not_spawned.push((id, call));
    });
    None
}

/// Cancels a call, which then ends with a result that says whether a write may have been applied.
pub(crate) fn cancel_call(id: u64) {
    if let Some(call) = queue().in_flight.get(&id) {
        call.cancel.cancel();
    }
}

/// Aborts a call and its connection. The call gives no result.
pub(crate) fn abort_call(id: u64) {
    let mut queue = queue();
    let aborted = queue.in_flight.remove(&id);
    if let Some(task) = aborted.and_then(|call| call.task) {
        task.abort();
    }
}

/// Drives all calls until at least one has a result, and returns the results. If no runtime can be
/// created, all waiting calls fail; returns `None` if no call was waiting.
pub(crate) fn drive_until_results() -> Option<Vec<u8>> {
    let Ok(runtime) = runtime() else {
        let mut queue = queue();
        let failed = mem::take(&mut queue.not_spawned);
        for (id, _) in &failed {
            queue.in_flight.remove(id);
            queue.add_result(*id, &encode_error(SkiplinoError::internal()));
        }
        let results = mem::take(&mut queue.results);
        drop(queue);
        return (!results.is_empty()).then_some(results);
    };
    let _no_sigpipe = SigpipeGuard::new();
    Some(runtime.block_on(poll_fn(|context| {
        let mut queue = queue();
        for (id, call) in mem::take(&mut queue.not_spawned) {
            // A call that was aborted before it was spawned is missing here.
            if let Some(in_flight) = queue.in_flight.get_mut(&id) {
                let task = tokio::spawn(async move {
                    let result = call.await;
                    update_and_wake(|queue| {
                        queue.in_flight.remove(&id);
                        queue.add_result(id, &result);
                    });
                });
                in_flight.task = Some(task.abort_handle());
            }
        }
        if queue.results.is_empty() {
            queue.driver = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(mem::take(&mut queue.results))
    })))
}
