//! An export that panics, for the tests of what stands around every other one. Not in the header, nor in any library but theirs.
#![allow(clippy::panic, reason = "that is its work")]

use std::mem::MaybeUninit;

use crate::boundary;
use crate::code::skiplino_code;
use crate::error::skiplino_error;

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("once more");
    }
}

/// Panics, with something that panics when it is dropped.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_test_panic(
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || std::panic::panic_any(Bomb))
}

/// Panics where a handle is freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_test_panic_free() {
    boundary::free(Some(Box::new(Bomb)));
}
