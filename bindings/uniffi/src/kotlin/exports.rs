//! The C functions that Kotlin calls through JNA. A panic never leaves them.

use std::ptr;
use std::slice;

use bindings_common::catch_panic;

use crate::errors::SkiplinoError;
use crate::kotlin::call_driver::{self, CallDriver};
use crate::kotlin::erased_call::encode_error;
use crate::kotlin::log;

/// The call is in flight; its result comes from [`skiplino_kotlin_drive`].
const IN_FLIGHT: i32 = -1;
/// The call could not start.
const FAILED: i32 = -2;

/// Creates a driver, which runs calls, and returns its handle; 0 after a failure, for example if
/// too many files are open.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_create_driver() -> i64 {
    let created = catch_panic(|| CallDriver::create().unwrap_or(0));
    created.unwrap_or(0).cast_signed()
}

/// Starts a call of the object with the handle `object`. The first `length` bytes of `buffer` are a
/// [`NativeCall`](crate::operations::NativeCall) as written by UniFFI's converters. `id` is unique
/// among the calls of the driver, and positive.
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
    driver: i64,
    object: i64,
    id: i64,
    buffer: *mut u8,
    capacity: i32,
    length: i32,
) -> i32 {
    let (object, id) = (object.cast_unsigned(), id.cast_unsigned());
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
        let driver = call_driver::find(driver.cast_unsigned());
        let result = match &driver {
            Some(driver) => log::into_log_of(driver, || driver.start_call(object, id, call)),
            None => Some(encode_error(SkiplinoError::closed())),
        };
        let Some(result) = result else {
            return IN_FLIGHT;
        };
        match (
            buffer.get_mut(..result.len()),
            i32::try_from(result.len()),
            driver,
        ) {
            (Some(start), Ok(length), _) => {
                start.copy_from_slice(&result);
                length
            }
            (_, _, Some(driver)) => {
                driver.return_result(id, &result);
                IN_FLIGHT
            }
            _ => FAILED,
        }
    });
    started.unwrap_or(FAILED)
}

/// Cancels a call in flight. The call ends with a result that says whether a write may have been
/// applied.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_cancel_call(driver: i64, id: i64) {
    with_driver(driver, |driver| driver.cancel_call(id.cast_unsigned()));
}

/// Aborts a call in flight, and its connection. The call gives no result.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_abort_call(driver: i64, id: i64) {
    with_driver(driver, |driver| driver.abort_call(id.cast_unsigned()));
}

/// Drives the calls of a driver until there are results, and returns these; NULL at the end of the
/// driver. The results are valid until the next call of this function. Exactly one thread calls it
/// for each driver, in a loop.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_drive(driver: i64) -> *const u8 {
    let driven = catch_panic(|| {
        let driver = call_driver::find(driver.cast_unsigned())?;
        log::into_log_of(&driver, || driver.drive())
    });
    driven.flatten().unwrap_or(ptr::null())
}

/// Ends a driver: it refuses new calls, and [`skiplino_kotlin_drive`] returns NULL after the calls
/// in flight.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_close_driver(driver: i64) {
    with_driver(driver, |driver| driver.close());
}

/// Frees a driver, after [`skiplino_kotlin_drive`] has returned NULL, on the same thread.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_free_driver(driver: i64) {
    catch_panic(|| call_driver::free(driver.cast_unsigned()));
}

/// Adds log lines up to a level to the results of a driver: 1 for warnings, 2 for information, 3
/// for everything; 0 for none. Their call id is 0, and they consist of the level and the text.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_set_log_level(driver: i64, level: i32) {
    with_driver(driver, |driver| log::set_level(driver, level));
}

fn with_driver(driver: i64, work: impl FnOnce(&CallDriver)) {
    catch_panic(|| {
        if let Some(driver) = call_driver::find(driver.cast_unsigned()) {
            work(&driver);
        }
    });
}
