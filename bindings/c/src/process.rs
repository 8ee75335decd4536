//! What belongs to the process that made it.

use std::mem;

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

/// A value with connections. A forked child shares them with its parent, and must neither use nor close them: there it is refused,
/// and left alone when it is freed.
pub(crate) struct Owned<T> {
    value: Option<T>,
    process: u32,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Some(value),
            process: std::process::id(),
        }
    }

    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    pub(crate) fn get(&self) -> Result<&T, Failure> {
        self.value
            .as_ref()
            .filter(|_| self.is_ours())
            .ok_or_else(forked)
    }

    pub(crate) fn get_mut(&mut self) -> Result<&mut T, Failure> {
        let ours = self.is_ours();
        self.value.as_mut().filter(|_| ours).ok_or_else(forked)
    }
}

fn forked() -> Failure {
    skiplino_error::refused(
        skiplino_code::SKIPLINO_FORKED,
        "process",
        "made before fork(): make another one in the child",
    )
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.is_ours() {
            mem::forget(self.value.take());
        }
    }
}
