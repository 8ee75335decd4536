//! State for the tests of the hosts: how many handles are alive, to find leaks, and a simulated
//! phone. Not in a release.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::runtime;

static CLIENTS: AtomicU64 = AtomicU64::new(0);
static PAGERS: AtomicU64 = AtomicU64::new(0);
static CANCEL_HANDLES: AtomicU64 = AtomicU64::new(0);

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

/// How many handles are alive.
#[derive(Debug, Clone, uniffi::Record)]
pub struct LiveHandles {
    /// Clients.
    pub clients: u64,
    /// Pagers and watches.
    pub pagers: u64,
    /// Handles that cancel calls.
    pub cancel_handles: u64,
    /// Tasks of the runtime: calls in flight and connections.
    pub tasks: u64,
}

/// Counts the live handles.
#[uniffi::export]
pub fn testing_live_handles() -> LiveHandles {
    let runtime = runtime::runtime().ok();
    LiveHandles {
        clients: CLIENTS.load(Ordering::SeqCst),
        pagers: PAGERS.load(Ordering::SeqCst),
        cancel_handles: CANCEL_HANDLES.load(Ordering::SeqCst),
        tasks: runtime.map_or(0, |runtime| runtime.metrics().num_alive_tasks() as u64),
    }
}

static ON_DEVICE: AtomicBool = AtomicBool::new(false);

pub(crate) fn on_device() -> bool {
    ON_DEVICE.load(Ordering::SeqCst)
}

/// Makes clients that are created from now on treat this system as a phone, or stops that.
#[uniffi::export]
pub fn testing_set_on_device(on: bool) {
    ON_DEVICE.store(on, Ordering::SeqCst);
}
