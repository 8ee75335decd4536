//! Structs that begin with their own size, so that a later library can add fields without breaking
//! programs that were compiled with an earlier header.

use std::mem::size_of;
use std::ptr;

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

/// # Safety
/// The struct is `repr(C)`, begins with `size: usize`, and is valid for any bytes of a caller.
pub(crate) unsafe trait SizedStruct: Copy {
    /// The values of the `_INIT` macro of the header.
    const INIT: Self;
    /// The size in the first release: the smallest that a caller can pass.
    const MIN_SIZE: usize;
}

/// Copies a struct of the caller. Fields that the caller's struct does not have keep the values of
/// `INIT`. Returns `INIT` for NULL.
pub(crate) fn read<T: SizedStruct>(from: *const T, name: &str) -> Result<T, Failure> {
    let mut copy = T::INIT;
    if from.is_null() {
        return Ok(copy);
    }
    // SAFETY: not NULL, and every `SizedStruct` begins with its size.
    let size = unsafe { from.cast::<usize>().read() };
    if size < T::MIN_SIZE || size > size_of::<T>() {
        return Err(skiplino_error::rejected(
            skiplino_code::SKIPLINO_STRUCT_SIZE,
            name,
            "unknown size: initialise it with its _INIT macro and link the library of its header",
        ));
    }
    // SAFETY: the caller's struct has `size` bytes and `copy` at least as many. Any bytes are a
    // valid `T`.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), ptr::from_mut(&mut copy).cast(), size) };
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Grown {
        size: usize,
        old: u64,
        new: u64,
    }

    // SAFETY: `repr(C)`, the size first. Any bytes are valid integers.
    unsafe impl SizedStruct for Grown {
        const INIT: Self = Self {
            size: size_of::<Self>(),
            old: 1,
            new: 2,
        };
        const MIN_SIZE: usize = 16;
    }

    #[test]
    fn fields_that_the_callers_struct_lacks_keep_their_defaults() {
        let old = [16_u64, 7];
        let read_old = read(ptr::from_ref(&old).cast::<Grown>(), "grown");
        assert!(read_old.is_ok_and(|grown| grown.old == 7 && grown.new == 2));
        for size in [0, 15, 25] {
            let other = Grown {
                size,
                ..Grown::INIT
            };
            let rejected = read(&raw const other, "grown").err();
            assert!(
                rejected.is_some_and(|error| error.code == skiplino_code::SKIPLINO_STRUCT_SIZE)
            );
        }
        assert!(read::<Grown>(ptr::null(), "grown").is_ok_and(|grown| grown.old == 1));
    }
}
