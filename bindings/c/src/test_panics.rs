//! Exports that panic, for the test of the panic guard. They are not in the header, and only in the
//! library that the tests build.
#![allow(clippy::panic, reason = "the exports of this file must panic")]

use std::mem::MaybeUninit;

use crate::boundary;
use crate::code::skiplino_code;
use crate::error::skiplino_error;

/// Panics when it is dropped.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("a panic in drop");
    }
}

/// Panics with a payload that panics again when it is dropped.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_test_panic(
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || std::panic::panic_any(PanicsOnDrop))
}

/// Panics while a handle is freed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_test_panic_free() {
    boundary::free(Some(Box::new(PanicsOnDrop)));
}
