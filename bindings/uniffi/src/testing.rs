//! Exports for the tests of the hosts: panics, the live handles, and a simulated phone. Not in a
//! release.
#![allow(clippy::panic, reason = "the tests need a panic")]

use crate::errors::SkiplinoError;
#[cfg(feature = "kotlin")]
use crate::kotlin::call_driver::alive_tasks;
#[cfg(not(feature = "kotlin"))]
use crate::runtime::alive_tasks;
use crate::test_state;

/// Panics on the caller's thread.
#[uniffi::export]
pub fn testing_panic() -> Result<(), SkiplinoError> {
    panic!("for the tests")
}

/// Panics on the runtime's thread, as a bug in an operation would.
#[cfg(not(feature = "kotlin"))]
#[uniffi::export]
pub async fn testing_panic_async() -> Result<(), SkiplinoError> {
    test_state::panicking_call().await
}

/// How many handles are alive.
#[derive(Debug, Clone, uniffi::Record)]
pub struct LiveHandles {
    /// Clients.
    pub clients: u64,
    /// Pagers and watches.
    pub pagers: u64,
    /// Handles that cancel calls.
    pub cancel_handles: u64,
    /// Tasks of the runtimes: calls in flight and connections.
    pub tasks: u64,
}

/// Counts the live handles.
#[uniffi::export]
pub fn testing_live_handles() -> LiveHandles {
    let [clients, pagers, cancel_handles] = test_state::live_handles();
    LiveHandles {
        clients,
        pagers,
        cancel_handles,
        tasks: alive_tasks() as u64,
    }
}

/// Makes clients that are created from now on treat this system as a phone, or stops that.
#[uniffi::export]
pub fn testing_set_on_device(on: bool) {
    test_state::set_on_device(on);
}
