//! The C functions that Kotlin calls through JNA. A panic never leaves them.

use std::ptr;
use std::slice;
use std::sync::{Mutex, PoisonError};

use bindings_common::catch_panic;

use crate::kotlin::call_driver;

/// The call is in flight; its result comes from [`skiplino_kotlin_drive`].
const IN_FLIGHT: i32 = -1;
/// The call could not start.
const FAILED: i32 = -2;

/// Starts a call of the object with this handle. The first `length` bytes of `buffer` are a
/// [`NativeCall`](crate::operations::NativeCall) as written by UniFFI's converters. `id` is unique
/// among the calls in flight.
///
/// Returns the length of the result and writes the result to `buffer` if it is ready at once and
/// fits; otherwise -1 and [`skiplino_kotlin_drive`] returns the result; -2 after a failure.
///
/// # Safety
///
/// `buffer` has `capacity` initialized bytes that no other code accesses during this call, and
/// `length` is at most `capacity`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiplino_kotlin_start_call(
    handle: i64,
    id: i64,
    buffer: *mut u8,
    capacity: i32,
    length: i32,
) -> i32 {
    let (handle, id) = (handle.cast_unsigned(), id.cast_unsigned());
    let started = catch_panic(|| {
        let (Ok(capacity), Ok(length)) = (usize::try_from(capacity), usize::try_from(length))
        else {
            return FAILED;
        };
        // SAFETY: the caller promises that many bytes for the duration of this call.
        let buffer = unsafe { slice::from_raw_parts_mut(buffer, capacity) };
        let Some(call) = buffer.get(..length) else {
            return FAILED;
        };
        let Some(result) = call_driver::start_call(handle, id, call) else {
            return IN_FLIGHT;
        };
        match (buffer.get_mut(..result.len()), i32::try_from(result.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(&result);
                length
            }
            _ => {
                call_driver::return_result(id, &result);
                IN_FLIGHT
            }
        }
    });
    started.unwrap_or(FAILED)
}

/// Cancels a call in flight. The call ends with a result that says whether a write may have been
/// applied.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_cancel_call(id: i64) {
    catch_panic(|| call_driver::cancel_call(id.cast_unsigned()));
}

/// Aborts a call in flight, and its connection. The call gives no result.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_abort_call(id: i64) {
    catch_panic(|| call_driver::abort_call(id.cast_unsigned()));
}

/// Drives all calls until at least one has a result, and returns the results. Returns NULL if no
/// runtime can be created and no call was waiting. The results are valid until the next call of
/// this function. Exactly one thread calls it, in a loop.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_drive() -> *const u8 {
    static RETURNED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    let driven = catch_panic(|| {
        let Some(results) = call_driver::drive_until_results() else {
            return ptr::null();
        };
        let mut returned = RETURNED.lock().unwrap_or_else(PoisonError::into_inner);
        *returned = results;
        returned.as_ptr()
    });
    driven.unwrap_or(ptr::null())
}
