//! What belongs to the process that made it.

use std::mem;
use std::process;

/// A value that a forked child neither uses nor drops: its threads are not there, its locks may be held for ever, and its sockets
/// are the parent's, down to the epoll that they are registered with.
pub(crate) struct OfProcess<T> {
    pid: u32,
    /// Present until it is dropped.
    value: Option<T>,
}

impl<T> OfProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            pid: process::id(),
            value: Some(value),
        }
    }

    /// The value, whoever made it: for what is known to be safe in a child.
    pub(crate) fn inherited(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, unless this is another process.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.pid == process::id())
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if self.pid != process::id() {
            mem::forget(self.value.take());
        }
    }
}
