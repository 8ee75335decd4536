//! Strings for C to read.

use std::ffi::{CString, c_char};
use std::ptr;

/// Copies a text. U+FFFD replaces every NUL, which would end the string for C.
pub(crate) fn owned(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// A pointer to a text, or NULL.
pub(crate) fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// The texts of a record in one allocation, each with its NUL: a page has hundreds of texts.
pub(crate) struct StringTable<const N: usize> {
    bytes: Vec<u8>,
    starts: [u32; N],
}

/// The start of a text that is absent.
const ABSENT: u32 = u32::MAX;

impl<const N: usize> StringTable<N> {
    pub(crate) fn new(texts: [Option<&str>; N]) -> Self {
        let table = Self::concatenated(texts);
        // Counting the NULs of all texts at once is several times as fast as searching each text.
        if table.count_nuls() == texts.iter().flatten().count() {
            return table;
        }
        let replaced = texts.map(|text| text.map(|text| text.replace('\0', "\u{fffd}")));
        Self::concatenated(replaced.each_ref().map(Option::as_deref))
    }

    fn concatenated(texts: [Option<&str>; N]) -> Self {
        let length = texts.iter().flatten().map(|text| text.len() + 1).sum();
        let (mut bytes, mut starts) = (Vec::with_capacity(length), [ABSENT; N]);
        for (slot, text) in starts.iter_mut().zip(texts) {
            if let (Some(text), Ok(start)) = (text, u32::try_from(bytes.len())) {
                *slot = start;
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(0);
            }
        }
        Self { bytes, starts }
    }

    fn count_nuls(&self) -> usize {
        // 255 bytes at a time: their sum cannot overflow a `u8`.
        let in_chunk = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(*byte == 0)).sum::<u8>();
        self.bytes
            .chunks(u8::MAX.into())
            .map(|chunk| usize::from(in_chunk(chunk)))
            .sum()
    }

    /// A pointer to a text, or NULL.
    pub(crate) fn get(&self, index: usize) -> *const c_char {
        let start = self.starts.get(index).copied().unwrap_or(ABSENT);
        self.bytes
            .get(start as usize..)
            .filter(|text| !text.is_empty())
            .map_or(ptr::null(), |text| text.as_ptr().cast())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn every_text_of_a_table_is_read_back_whole() {
        let long = "x".repeat(300);
        let table = StringTable::new([Some("a\0b"), None, Some("last"), Some(&long)]);
        assert!(table.get(1).is_null() && table.get(4).is_null());
        for (index, expected) in [(0, "a\u{fffd}b"), (2, "last"), (3, &long)] {
            // SAFETY: a table's texts end with a NUL and live as long as the table.
            let text = unsafe { CStr::from_ptr(table.get(index)) };
            assert_eq!(text.to_str(), Ok(expected));
        }
    }
}
