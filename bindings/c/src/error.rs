use std::ffi::{CString, c_char};
use std::ptr;

use skiplino::{Error, Operation, Outcome, TimeoutKind};

use crate::code::{skiplino_code, skiplino_outcome, skiplino_timeout_kind};
use crate::guard;
use crate::text;

/// Why a call failed. Made by the call that failed, where its `error` argument is not NULL; free it with skiplino_error_free(). It
/// does not change: any thread may read it. It never holds a key or the values of a customer's record, but what a server's own
/// texts (skiplino_error_server_message(), _reason(), _field_reason()) quote.
pub struct skiplino_error {
    pub(crate) code: skiplino_code,
    status: i32,
    outcome: Outcome,
    operation: Option<CString>,
    message: CString,
    server_message: Option<CString>,
    reason: Option<CString>,
    fields: Vec<(CString, Vec<CString>)>,
    path: Option<CString>,
    retry_after_ms: i64,
    deadline: Option<TimeoutKind>,
    attempts: u32,
    retryable: bool,
}

/// On its way to the caller.
pub(crate) type Failure = Box<skiplino_error>;

impl skiplino_error {
    fn local(code: skiplino_code, message: &str) -> Self {
        Self {
            code,
            status: 0,
            outcome: Outcome::NotApplied,
            operation: None,
            message: text::owned(message),
            server_message: None,
            reason: None,
            fields: Vec::new(),
            path: None,
            retry_after_ms: -1,
            deadline: None,
            attempts: 0,
            retryable: false,
        }
    }

    /// An argument that cannot be. Its value is not repeated.
    pub(crate) fn refused(code: skiplino_code, name: &str, reason: &str) -> Failure {
        Box::new(Self {
            fields: vec![(text::owned(name), vec![text::owned(reason)])],
            ..Self::local(code, &format!("invalid input: {name}: {reason}"))
        })
    }

    pub(crate) fn invalid(name: &str, reason: &str) -> Failure {
        Self::refused(skiplino_code::SKIPLINO_INVALID_REQUEST, name, reason)
    }

    pub(crate) fn null(name: &str) -> Failure {
        Self::refused(
            skiplino_code::SKIPLINO_NULL_ARGUMENT,
            name,
            "must not be NULL",
        )
    }

    pub(crate) fn unless_null<T>(argument: Option<T>, name: &str) -> Result<T, Failure> {
        argument.ok_or_else(|| Self::null(name))
    }

    pub(crate) fn end() -> Failure {
        Box::new(Self::local(
            skiplino_code::SKIPLINO_END,
            "there is nothing more to come",
        ))
    }

    pub(crate) fn nothing_yet() -> Failure {
        Box::new(Self::local(
            skiplino_code::SKIPLINO_NOTHING_YET,
            "nothing changed in time",
        ))
    }

    /// What a panic becomes. Nobody knows how far it had come.
    pub(crate) fn internal() -> Failure {
        Box::new(Self {
            outcome: Outcome::Unknown,
            ..Self::local(
                skiplino_code::SKIPLINO_INTERNAL,
                "a bug in the client library",
            )
        })
    }

    pub(crate) fn during(mut self: Box<Self>, operation: Operation) -> Failure {
        self.operation = Some(text::owned(operation.id()));
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let optional = |text: Option<&str>| text.map(text::owned);
        let fields = error.fields().iter();
        Self::new(skiplino_error {
            code: skiplino_code::of(error.kind()),
            status: error.status().map_or(0, i32::from),
            outcome: error.outcome(),
            operation: optional(error.operation().map(Operation::id)),
            message: text::owned(&error.to_string()),
            server_message: optional(error.message()),
            reason: optional(error.reason()),
            fields: fields
                .map(|(field, reasons)| {
                    let reasons = reasons.iter().map(|reason| text::owned(reason));
                    (text::owned(field), reasons.collect())
                })
                .collect(),
            path: optional(error.path()),
            retry_after_ms: error
                .retry_after()
                .map_or(-1, |wait| wait.as_millis().try_into().unwrap_or(i64::MAX)),
            deadline: error.timeout(),
            attempts: error.attempts(),
            retryable: error.is_retryable(),
        })
    }
}

/// The code that the call returned; SKIPLINO_OK for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_code(error: Option<&skiplino_error>) -> skiplino_code {
    guard::get(error, skiplino_code::SKIPLINO_OK, |error| error.code)
}

/// One line for a person; NULL for NULL. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_message(error: Option<&skiplino_error>) -> *const c_char {
    guard::get(error, ptr::null(), |error| error.message.as_ptr())
}

/// The HTTP status; 0 when no answer came, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_status(error: Option<&skiplino_error>) -> i32 {
    guard::get(error, 0, |error| error.status)
}

/// What it did to the server's state. Always SKIPLINO_NOT_APPLIED for a read, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_outcome(error: Option<&skiplino_error>) -> skiplino_outcome {
    guard::get(error, skiplino_outcome::SKIPLINO_NOT_APPLIED, |error| {
        error.outcome.into()
    })
}

/// The operation, as in "bookTicket", or NULL. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_operation(error: Option<&skiplino_error>) -> *const c_char {
    guard::get(error, ptr::null(), |error| text::borrowed(&error.operation))
}

/// The message of the server's answer, as it came, or NULL. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_server_message(error: Option<&skiplino_error>) -> *const c_char {
    guard::get(error, ptr::null(), |error| {
        text::borrowed(&error.server_message)
    })
}

/// The server's localised reason, or what was found wrong here, or NULL. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_reason(error: Option<&skiplino_error>) -> *const c_char {
    guard::get(error, ptr::null(), |error| text::borrowed(&error.reason))
}

/// For SKIPLINO_DECODE: where in the JSON, as in "data[0].createdAt"; else NULL. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_path(error: Option<&skiplino_error>) -> *const c_char {
    guard::get(error, ptr::null(), |error| text::borrowed(&error.path))
}

/// How many fields have reasons.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_field_count(error: Option<&skiplino_error>) -> usize {
    guard::get(error, 0, |error| error.fields.len())
}

/// The name of a field, from 0; NULL past the last one. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_field_name(
    error: Option<&skiplino_error>,
    index: usize,
) -> *const c_char {
    guard::get(error, ptr::null(), |error| {
        error
            .fields
            .get(index)
            .map_or(ptr::null(), |(name, _)| name.as_ptr())
    })
}

/// A reason of a field, both from 0; NULL past the last one. Borrowed: lives as long as the error.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_field_reason(
    error: Option<&skiplino_error>,
    index: usize,
    nth: usize,
) -> *const c_char {
    guard::get(error, ptr::null(), |error| {
        let reason = error
            .fields
            .get(index)
            .and_then(|(_, reasons)| reasons.get(nth));
        reason.map_or(ptr::null(), |reason| reason.as_ptr())
    })
}

/// How long the server asked to wait, in milliseconds; -1 where it did not.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_retry_after_ms(error: Option<&skiplino_error>) -> i64 {
    guard::get(error, -1, |error| error.retry_after_ms)
}

/// For SKIPLINO_TIMEOUT: which deadline passed.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_timeout_kind(
    error: Option<&skiplino_error>,
) -> skiplino_timeout_kind {
    guard::get(
        error,
        skiplino_timeout_kind::SKIPLINO_TIMEOUT_KIND_NONE,
        |error| error.deadline.into(),
    )
}

/// How many attempts were made; 0 when it was refused here.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_attempts(error: Option<&skiplino_error>) -> u32 {
    guard::get(error, 0, |error| error.attempts)
}

/// Whether the same call may well succeed later. For a write look at skiplino_error_outcome() first.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_is_retryable(error: Option<&skiplino_error>) -> bool {
    guard::get(error, false, |error| error.retryable)
}

/// Frees an error. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_error_free(error: Option<Box<skiplino_error>>) {
    guard::free(error);
}
