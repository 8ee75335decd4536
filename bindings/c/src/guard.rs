//! What stands around every export.

use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

/// Runs `body`; a panic ends here, and gives `otherwise`.
pub(crate) fn guard<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(panic) => {
            // Dropping what was panicked with could panic again.
            mem::forget(panic);
            otherwise
        }
    }
}

/// Something that can fail, and how it is told.
pub(crate) fn call(
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> skiplino_code {
    let result = guard(None, || Some(body()));
    let failed = match result {
        Some(Ok(())) => return skiplino_code::SKIPLINO_OK,
        Some(Err(failed)) => failed,
        None => skiplino_error::internal(),
    };
    let code = failed.code;
    if let Some(error) = error {
        error.write(failed);
    }
    code
}

/// Something that is read from a handle; `none` for NULL.
pub(crate) fn get<T, R: Copy>(of: Option<&T>, none: R, read: impl FnOnce(&T) -> R) -> R {
    guard(none, || of.map_or(none, read))
}

/// The end of a handle.
pub(crate) fn free<T>(handle: Option<Box<T>>) {
    guard((), || drop(handle));
}
