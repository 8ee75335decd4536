//! The boundary to C: every export is one call of a function of this module.

use std::cell::Cell;
use std::mem::MaybeUninit;

use bindings_common::catch_panic;

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

thread_local! {
    static IN_LOG_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs a log callback. Calls that the callback makes fail, because it runs in the middle of
/// another call.
pub(crate) fn run_log_callback(callback: impl FnOnce()) {
    IN_LOG_CALLBACK.set(true);
    callback();
    IN_LOG_CALLBACK.set(false);
}

/// Runs `body`. Returns `fallback` if it panics.
pub(crate) fn guard<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_panic(body).unwrap_or(fallback)
}

/// Runs a call that can fail. Returns its code and writes the error, if there is one, to `error`.
pub(crate) fn call(
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> skiplino_code {
    let failure = if IN_LOG_CALLBACK.get() {
        skiplino_error::in_log_callback()
    } else {
        match catch_panic(body) {
            Some(Ok(())) => return skiplino_code::SKIPLINO_OK,
            Some(Err(failure)) => failure,
            None => skiplino_error::internal(),
        }
    };
    let code = failure.code;
    if let Some(error) = error {
        error.write(failure);
    }
    code
}

/// Reads a value from a handle. Returns `fallback` if the handle is NULL.
pub(crate) fn get<T, R: Copy>(handle: Option<&T>, fallback: R, read: impl FnOnce(&T) -> R) -> R {
    guard(fallback, || handle.map_or(fallback, read))
}

/// Frees a handle.
pub(crate) fn free<T>(handle: Option<Box<T>>) {
    guard((), || drop(handle));
}
