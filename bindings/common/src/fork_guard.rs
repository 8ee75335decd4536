//! Keeps a forked child away from its parent's connections.

use std::{fmt, mem, process};

/// A value that only the process that created it may use.
///
/// A forked child inherits the value's sockets, locks and epoll descriptor but none of its threads.
/// Therefore [`get`](Self::get) returns nothing in the child, and dropping the value in the child
/// leaks it: closing it would break the parent's connections.
pub struct ForkGuarded<T> {
    /// Present until the drop.
    value: Option<T>,
    pid: u32,
}

impl<T> ForkGuarded<T> {
    /// Binds the value to this process.
    pub fn new(value: T) -> Self {
        Self {
            value: Some(value),
            pid: process::id(),
        }
    }

    fn is_owner(&self) -> bool {
        self.pid == process::id()
    }

    /// The value, or `None` in a forked child.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_owner())
    }

    /// The value, or `None` in a forked child.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        let is_owner = self.is_owner();
        self.value.as_mut().filter(|_| is_owner)
    }

    /// The value in any process, for reads that are safe in a forked child.
    pub fn get_unguarded(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T> Drop for ForkGuarded<T> {
    fn drop(&mut self) {
        if !self.is_owner() {
            mem::forget(self.value.take());
        }
    }
}

impl<T> fmt::Debug for ForkGuarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkGuarded")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
