//! Structs of the caller's that begin with their own size, so that fields can join them without breaking programs built before.

use std::mem::size_of;
use std::ptr;

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

/// # Safety
/// `repr(C)`, begins with `size: usize`, and any bytes of a caller's make a valid value.
pub(crate) unsafe trait SizedStruct: Copy {
    /// Every field as the header's `_INIT` has it.
    const INIT: Self;
    /// The size of the first release: no caller's is smaller.
    const MIN_SIZE: usize;
}

/// A caller's copy, as large as theirs is; what they do not have is as in `INIT`. `INIT` for NULL.
pub(crate) fn read<T: SizedStruct>(from: *const T, name: &str) -> Result<T, Failure> {
    let mut copy = T::INIT;
    if from.is_null() {
        return Ok(copy);
    }
    // SAFETY: it is not NULL, and every such struct begins with its size.
    let size = unsafe { from.cast::<usize>().read() };
    if size < T::MIN_SIZE || size > size_of::<T>() {
        return Err(skiplino_error::rejected(
            skiplino_code::SKIPLINO_STRUCT_SIZE,
            name,
            "its size is not one that this library knows: begin with its _INIT, and link the library that the header came with",
        ));
    }
    // SAFETY: the caller has `size` bytes, `copy` at least as many, and any bytes are a valid `T`.
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

    // SAFETY: `repr(C)`, its size first, and integers take any bytes.
    unsafe impl SizedStruct for Grown {
        const INIT: Self = Self {
            size: size_of::<Self>(),
            old: 1,
            new: 2,
        };
        const MIN_SIZE: usize = 16;
    }

    #[test]
    fn fields_that_a_caller_does_not_have_keep_their_defaults() {
        let old = [16_u64, 7];
        let read_old = read(ptr::from_ref(&old).cast::<Grown>(), "grown");
        assert!(read_old.is_ok_and(|grown| grown.old == 7 && grown.new == 2));
        for size in [0, 15, 25] {
            let other = Grown {
                size,
                ..Grown::INIT
            };
            let refused = read(&raw const other, "grown").err();
            assert!(refused.is_some_and(|error| error.code == skiplino_code::SKIPLINO_STRUCT_SIZE));
        }
        assert!(read::<Grown>(ptr::null(), "grown").is_ok_and(|grown| grown.old == 1));
    }
}
