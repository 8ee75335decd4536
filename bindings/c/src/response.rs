//! The response of a call, without its data.

use std::ffi::{CString, c_char};
use std::ptr;

use skiplino::Response;

use crate::argument::StringArg;
use crate::boundary;
use crate::c_string;

/// The status, headers and message of a successful call. Request it with `response` of
/// skiplino_call_options. Free it with skiplino_response_free(). A response never changes: any
/// thread may read it.
pub struct skiplino_response {
    status: i32,
    attempts: u32,
    recovered: bool,
    message: Option<CString>,
    headers: Vec<(String, CString)>,
}

impl skiplino_response {
    pub(crate) fn new<T>(response: &Response<T>) -> Self {
        Self {
            status: response.status().into(),
            attempts: response.attempts(),
            recovered: response.recovered(),
            message: response.message().map(c_string::owned),
            headers: response
                .headers()
                .map(|(name, value)| (name.to_owned(), c_string::owned(value)))
                .collect(),
        }
    }
}

/// The HTTP status; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_status(response: Option<&skiplino_response>) -> i32 {
    boundary::get(response, 0, |response| response.status)
}

/// The number of attempts; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_attempts(response: Option<&skiplino_response>) -> u32 {
    boundary::get(response, 0, |response| response.attempts)
}

/// Whether the response to a write was lost and a lookup confirmed the write. Message, status and
/// headers are then those of the lookup. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_recovered(response: Option<&skiplino_response>) -> bool {
    boundary::get(response, false, |response| response.recovered)
}

/// The message of the server, or NULL. Borrowed: valid as long as the response.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_message(response: Option<&skiplino_response>) -> *const c_char {
    boundary::get(response, ptr::null(), |response| {
        c_string::pointer(&response.message)
    })
}

/// A header by its name, in upper or lower case, or NULL. Borrowed: valid as long as the response.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_header(
    response: Option<&skiplino_response>,
    name: StringArg,
) -> *const c_char {
    boundary::get(response, ptr::null(), |response| {
        let Ok(Some(wanted)) = name.optional("name") else {
            return ptr::null();
        };
        let mut headers = response.headers.iter();
        let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map_or(ptr::null(), |(_, value)| value.as_ptr())
    })
}

/// Frees a response. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_free(response: Option<Box<skiplino_response>>) {
    boundary::free(response);
}
