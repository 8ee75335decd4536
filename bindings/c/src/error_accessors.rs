//! The exports that read an error or the name of a code.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::boundary;
use crate::c_string;
use crate::code::{skiplino_code, skiplino_outcome, skiplino_timeout_kind};
use crate::error::skiplino_error;

/// The code that the call returned; SKIPLINO_OK for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_code(error: Option<&skiplino_error>) -> skiplino_code {
    boundary::get(error, skiplino_code::SKIPLINO_OK, |error| error.code)
}

/// A description in one line, for logs; NULL for NULL. Borrowed: valid as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_message(error: Option<&skiplino_error>) -> *const c_char {
    boundary::get(error, ptr::null(), |error| error.message.as_ptr())
}

/// The HTTP status; 0 if there was no response, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_status(error: Option<&skiplino_error>) -> i32 {
    boundary::get(error, 0, |error| error.status)
}

/// Whether the call may have changed the server's state. Always SKIPLINO_NOT_APPLIED for a read,
/// and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_outcome(error: Option<&skiplino_error>) -> skiplino_outcome {
    boundary::get(error, skiplino_outcome::SKIPLINO_NOT_APPLIED, |error| {
        error.outcome.into()
    })
}

/// The operation, as in "bookTicket", or NULL. Borrowed: valid as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_operation(error: Option<&skiplino_error>) -> *const c_char {
    boundary::get(error, ptr::null(), |error| {
        c_string::pointer(&error.operation)
    })
}

/// The message in the server's response, unchanged, or NULL. Borrowed: valid as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_server_message(error: Option<&skiplino_error>) -> *const c_char {
    boundary::get(error, ptr::null(), |error| {
        c_string::pointer(&error.server_message)
    })
}

/// The server's localised reason, or the reason why the library rejected the input, or NULL.
/// Borrowed: valid as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_reason(error: Option<&skiplino_error>) -> *const c_char {
    boundary::get(error, ptr::null(), |error| c_string::pointer(&error.reason))
}

/// For SKIPLINO_DECODE, the position in the JSON, as in "data[0].createdAt"; otherwise NULL.
/// Borrowed: valid as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_path(error: Option<&skiplino_error>) -> *const c_char {
    boundary::get(error, ptr::null(), |error| c_string::pointer(&error.path))
}

/// The number of fields that have reasons; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_field_count(error: Option<&skiplino_error>) -> usize {
    boundary::get(error, 0, |error| error.fields.len())
}

/// The name of a field by index, from 0. NULL if the index is out of range. Borrowed: valid as long
/// as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_field_name(
    error: Option<&skiplino_error>,
    index: usize,
) -> *const c_char {
    boundary::get(error, ptr::null(), |error| {
        error
            .fields
            .get(index)
            .map_or(ptr::null(), |(name, _)| name.as_ptr())
    })
}

/// A reason of the field `index`, both from 0. NULL if an index is out of range. Borrowed: valid as
/// long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_field_reason(
    error: Option<&skiplino_error>,
    index: usize,
    nth: usize,
) -> *const c_char {
    boundary::get(error, ptr::null(), |error| {
        let reason = error
            .fields
            .get(index)
            .and_then(|(_, reasons)| reasons.get(nth));
        reason.map_or(ptr::null(), |reason| reason.as_ptr())
    })
}

/// The pause that the server requested, in milliseconds; -1 if it requested none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_retry_after_ms(error: Option<&skiplino_error>) -> i64 {
    boundary::get(error, -1, |error| error.retry_after_ms)
}

/// For SKIPLINO_TIMEOUT, the timeout that expired; otherwise SKIPLINO_TIMEOUT_KIND_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_timeout_kind(
    error: Option<&skiplino_error>,
) -> skiplino_timeout_kind {
    boundary::get(
        error,
        skiplino_timeout_kind::SKIPLINO_TIMEOUT_KIND_NONE,
        |error| error.timeout.into(),
    )
}

/// The number of attempts; 0 if the library sent nothing, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_attempts(error: Option<&skiplino_error>) -> u32 {
    boundary::get(error, 0, |error| error.attempts)
}

/// Whether the same call may succeed later. For a write, check skiplino_error_outcome() first.
/// False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_is_retryable(error: Option<&skiplino_error>) -> bool {
    boundary::get(error, false, |error| error.retryable)
}

/// Frees an error. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_free(error: Option<Box<skiplino_error>>) {
    boundary::free(error);
}

/// The name of a code, as in "NotFound". It is the same in every language of this SDK. NULL for an
/// unknown code. The string is valid for the life of the process.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_code_name(code: i32) -> *const c_char {
    boundary::guard(ptr::null(), || {
        skiplino_code::name(code).map_or(ptr::null(), CStr::as_ptr)
    })
}
