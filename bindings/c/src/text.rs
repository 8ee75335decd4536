//! Strings from C and to C.

use std::ffi::{CStr, CString, c_char};
use std::io::Write as _;
use std::ptr;

use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};

/// A string of the caller's: NULL, or NUL-terminated and left alone for the length of the call.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Text(*const c_char);

impl Text {
    pub(crate) const NONE: Self = Self(ptr::null());

    /// The string, where there is one. `name` is the argument's.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&str>, Failure> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: it is not NULL, and the header asks for a NUL-terminated string that lives for the call.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map(Some).map_err(|_| {
            skiplino_error::refused(skiplino_code::SKIPLINO_NOT_UTF8, name, "must be UTF-8")
        })
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name)?
            .ok_or_else(|| skiplino_error::null(name))
    }
}

/// A text for C. A NUL within, which C could not see past, becomes U+FFFD.
pub(crate) fn owned(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// A text that may be absent, as C gets it.
pub(crate) fn borrowed(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// The texts of a record in one allocation, each with its NUL: a page has hundreds of them.
pub(crate) struct Texts<const N: usize> {
    all: Vec<u8>,
    starts: [u32; N],
}

const ABSENT: u32 = u32::MAX;

impl<const N: usize> Texts<N> {
    pub(crate) fn new() -> Self {
        Self {
            all: Vec::with_capacity(N * 24),
            starts: [ABSENT; N],
        }
    }

    pub(crate) fn set(&mut self, index: usize, text: &str) {
        let start = self.all.len();
        if text.contains('\0') {
            self.all
                .extend_from_slice(text.replace('\0', "\u{fffd}").as_bytes());
        } else {
            self.all.extend_from_slice(text.as_bytes());
        }
        self.end(index, start);
    }

    /// As the API writes times.
    pub(crate) fn set_time(&mut self, index: usize, time: skiplino::jiff::Timestamp) {
        let start = self.all.len();
        // Writing to memory cannot fail.
        let _ = write!(self.all, "{time:.3}");
        self.end(index, start);
    }

    fn end(&mut self, index: usize, start: usize) {
        self.all.push(0);
        if let (Some(slot), Ok(start)) = (self.starts.get_mut(index), start.try_into()) {
            *slot = start;
        }
    }

    pub(crate) fn get(&self, index: usize) -> *const c_char {
        let start = self.starts.get(index).copied().unwrap_or(ABSENT);
        self.all
            .get(start as usize..)
            .filter(|text| !text.is_empty())
            .map_or(ptr::null(), |text| text.as_ptr().cast())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_again_and_end_where_they_end() {
        let mut texts = Texts::<3>::new();
        texts.set(2, "last");
        texts.set(0, "a\0b");
        assert!(texts.get(1).is_null() && texts.get(3).is_null());
        for (index, expected) in [(0, "a\u{fffd}b"), (2, "last")] {
            let text = Text(texts.get(index));
            assert!(text.required("text").is_ok_and(|text| text == expected));
        }
    }
}
