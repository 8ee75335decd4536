//! What the tests of the hosts need, and no release has: exports that panic, how many handles there are, and a phone.
#![allow(clippy::panic, reason = "that is its work")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::calls::Sending;
use crate::errors::SkiplinoError;
use crate::runtime;

static CLIENTS: AtomicU64 = AtomicU64::new(0);
static WALKS: AtomicU64 = AtomicU64::new(0);
static CANCEL_HANDLES: AtomicU64 = AtomicU64::new(0);

/// Counts one handle for as long as it lives.
pub(crate) struct Counted(&'static AtomicU64);

impl Counted {
    fn of(counter: &'static AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }

    pub(crate) fn client() -> Self {
        Self::of(&CLIENTS)
    }

    pub(crate) fn walk() -> Self {
        Self::of(&WALKS)
    }

    pub(crate) fn handle() -> Self {
        Self::of(&CANCEL_HANDLES)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The handles that live.
#[derive(Debug, Clone, uniffi::Record)]
pub struct LiveHandles {
    /// Clients.
    pub clients: u64,
    /// Walks and watches.
    pub walks: u64,
    /// Handles that end calls.
    pub cancel_handles: u64,
    /// Tasks of the runtime: calls under way and connections.
    pub tasks: u64,
}

/// Counts the handles that live.
#[uniffi::export]
pub fn testing_live_handles() -> LiveHandles {
    let runtime = runtime::runtime().ok();
    LiveHandles {
        clients: CLIENTS.load(Ordering::SeqCst),
        walks: WALKS.load(Ordering::SeqCst),
        cancel_handles: CANCEL_HANDLES.load(Ordering::SeqCst),
        tasks: runtime.map_or(0, |runtime| runtime.metrics().num_alive_tasks() as u64),
    }
}

static ON_DEVICE: AtomicBool = AtomicBool::new(false);

pub(crate) fn on_device() -> bool {
    ON_DEVICE.load(Ordering::SeqCst)
}

/// Has clients that are made from now on take this system for a phone's, or no longer.
#[uniffi::export]
pub fn testing_set_on_device(on: bool) {
    ON_DEVICE.store(on, Ordering::SeqCst);
}

/// Panics on the caller's thread.
#[uniffi::export]
pub fn testing_panic() -> Result<(), SkiplinoError> {
    panic!("for the tests")
}

/// Panics on the runtime's threads, as a bug in an operation would.
#[cfg(not(feature = "kotlin"))]
#[uniffi::export]
pub async fn testing_panic_async() -> Result<(), SkiplinoError> {
    panics().await
}

pub(crate) fn panics<R: 'static>() -> Sending<R> {
    Sending::new(runtime::run(Box::pin(async { panic!("for the tests") })))
}
