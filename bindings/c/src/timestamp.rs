//! Times of records, as text and as milliseconds.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use skiplino::jiff::Timestamp;

use crate::c_string;

/// The value of a time that is absent.
pub const SKIPLINO_NO_TIME: i64 = i64::MIN;

/// A time of a record. The text is formatted on first use: a page has hundreds of times, and most
/// programs need only the number.
pub(crate) struct RecordTime {
    at: Timestamp,
    text: OnceLock<CString>,
}

impl RecordTime {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self {
            at,
            text: OnceLock::new(),
        }
    }

    pub(crate) fn ms(&self) -> i64 {
        self.at.as_millisecond()
    }

    /// In the API's format.
    pub(crate) fn text(&self) -> *const c_char {
        self.text
            .get_or_init(|| c_string::owned(&format!("{:.3}", self.at)))
            .as_ptr()
    }
}
