//! Exports that panic, for the tests of the hosts. Not in a release.
#![allow(clippy::panic, reason = "the tests need a panic")]

use crate::errors::SkiplinoError;
use crate::pending_call::PendingCall;
use crate::runtime;

/// Panics on the caller's thread.
#[uniffi::export]
pub fn testing_panic() -> Result<(), SkiplinoError> {
    panic!("for the tests")
}

/// Panics on the runtime's thread, as a bug in an operation would.
#[cfg(not(feature = "kotlin"))]
#[uniffi::export]
pub async fn testing_panic_async() -> Result<(), SkiplinoError> {
    panicking_call().await
}

pub(crate) fn panicking_call<R: 'static>() -> PendingCall<R> {
    PendingCall::new(runtime::run(Box::pin(async { panic!("for the tests") })))
}
