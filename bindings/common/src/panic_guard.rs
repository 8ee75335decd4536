//! Stops panics at the boundary to another language.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body` and returns its result, or `None` if it panicked.
pub fn catch_panic<R>(body: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(body))
        // Dropping the payload could panic again.
        .map_err(mem::forget)
        .ok()
}
