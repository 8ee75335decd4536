//! Strings from C and to C.

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::OnceLock;

use skiplino::jiff::Timestamp;

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
    pub(crate) fn of(texts: [Option<&str>; N]) -> Self {
        let all = Self::as_they_are(texts);
        // Looking through all of them at once is several times as quick as through one after another.
        if all.ends() == texts.iter().flatten().count() {
            return all;
        }
        let mended = texts.map(|text| text.map(|text| text.replace('\0', "\u{fffd}")));
        Self::as_they_are(mended.each_ref().map(Option::as_deref))
    }

    fn as_they_are(texts: [Option<&str>; N]) -> Self {
        let length = texts.iter().flatten().map(|text| text.len() + 1).sum();
        let (mut all, mut starts) = (Vec::with_capacity(length), [ABSENT; N]);
        for (slot, text) in starts.iter_mut().zip(texts) {
            if let (Some(text), Ok(start)) = (text, u32::try_from(all.len())) {
                *slot = start;
                all.extend_from_slice(text.as_bytes());
                all.push(0);
            }
        }
        Self { all, starts }
    }

    /// How many bytes are NUL.
    fn ends(&self) -> usize {
        let in_part = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == 0)).sum::<u8>();
        self.all
            .chunks(u8::MAX.into())
            .map(|part| usize::from(in_part(part)))
            .sum()
    }

    pub(crate) fn get(&self, index: usize) -> *const c_char {
        let start = self.starts.get(index).copied().unwrap_or(ABSENT);
        self.all
            .get(start as usize..)
            .filter(|text| !text.is_empty())
            .map_or(ptr::null(), |text| text.as_ptr().cast())
    }
}

/// A time of a record. Its text is made when it is first asked for: a page has hundreds of them, and most programs want the number.
pub(crate) struct Time {
    at: Timestamp,
    text: OnceLock<CString>,
}

impl Time {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self {
            at,
            text: OnceLock::new(),
        }
    }

    pub(crate) fn ms(&self) -> i64 {
        self.at.as_millisecond()
    }

    /// As the API writes times.
    pub(crate) fn text(&self) -> *const c_char {
        self.text
            .get_or_init(|| owned(&format!("{:.3}", self.at)))
            .as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_again_and_end_where_they_end() {
        let long = "x".repeat(300);
        let texts = Texts::of([Some("a\0b"), None, Some("last"), Some(&long)]);
        assert!(texts.get(1).is_null() && texts.get(4).is_null());
        for (index, expected) in [(0, "a\u{fffd}b"), (2, "last"), (3, &long)] {
            let text = Text(texts.get(index));
            assert!(text.required("text").is_ok_and(|text| text == expected));
        }
    }
}
