//! State for the tests of the hosts: how many handles are alive, to find leaks, a simulated phone,
//! and a call that panics. Not in a release.
#![allow(clippy::panic, reason = "the tests need a panic")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::pending_call::PendingCall;
use crate::runtime;

static CLIENTS: AtomicU64 = AtomicU64::new(0);
static PAGERS: AtomicU64 = AtomicU64::new(0);
static CANCEL_HANDLES: AtomicU64 = AtomicU64::new(0);

/// The numbers of live clients, pagers and handles that cancel calls.
pub(crate) fn live_handles() -> [u64; 3] {
    [&CLIENTS, &PAGERS, &CANCEL_HANDLES].map(|counter| counter.load(Ordering::SeqCst))
}

/// Counts one handle for as long as it lives.
pub(crate) struct Counted(&'static AtomicU64);

impl Counted {
    fn new(counter: &'static AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }

    pub(crate) fn client() -> Self {
        Self::new(&CLIENTS)
    }

    pub(crate) fn pager() -> Self {
        Self::new(&PAGERS)
    }

    pub(crate) fn cancel_handle() -> Self {
        Self::new(&CANCEL_HANDLES)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

static ON_DEVICE: AtomicBool = AtomicBool::new(false);

pub(crate) fn on_device() -> bool {
    ON_DEVICE.load(Ordering::SeqCst)
}

pub(crate) fn set_on_device(on: bool) {
    ON_DEVICE.store(on, Ordering::SeqCst);
}

/// A call that panics on the runtime's thread.
pub(crate) fn panicking_call<R: 'static>() -> PendingCall<R> {
    PendingCall::new(runtime::run(Box::pin(async { panic!("for the tests") })))
}
