//! The response of a call, without its data.

use std::ffi::{CString, c_char};
use std::ptr;

use skiplino::Response;

use crate::argument::StringArg;
use crate::boundary;
use crate::c_string;

/// What came around the data of a call that succeeded. Ask for it with `skiplino_call_options.response`; free it with
/// skiplino_response_free(). It does not change: any thread may read it.
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

/// How many attempts it took; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_attempts(response: Option<&skiplino_response>) -> u32 {
    boundary::get(response, 0, |response| response.attempts)
}

/// Whether a write's own answer was lost and its effect was found by looking. Message, status and headers are then those of the
/// read that found it. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_recovered(response: Option<&skiplino_response>) -> bool {
    boundary::get(response, false, |response| response.recovered)
}

/// The server's message, or NULL. Borrowed: lives as long as the response.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_response_message(response: Option<&skiplino_response>) -> *const c_char {
    boundary::get(response, ptr::null(), |response| {
        c_string::pointer(&response.message)
    })
}

/// A header of the answer, whatever the case of its name, or NULL. Borrowed: lives as long as the response.
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
