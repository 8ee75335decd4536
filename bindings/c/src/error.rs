//! The error type of the C ABI.

use std::ffi::CString;

use skiplino::{Error, Operation, Outcome, TimeoutKind};

use crate::c_string;
use crate::code::skiplino_code;

/// The reason why a call failed. A failed call creates it if the `error` argument is not NULL. Free
/// it with skiplino_error_free(). An error never changes: any thread may read it. It never contains
/// an API key or the fields of a customer. Only the server's own texts
/// (skiplino_error_server_message(), skiplino_error_reason(), skiplino_error_field_reason()) may
/// quote the input.
pub struct skiplino_error {
    pub(crate) code: skiplino_code,
    pub(crate) status: i32,
    pub(crate) outcome: Outcome,
    pub(crate) operation: Option<CString>,
    pub(crate) message: CString,
    pub(crate) server_message: Option<CString>,
    pub(crate) reason: Option<CString>,
    pub(crate) fields: Vec<(CString, Vec<CString>)>,
    pub(crate) path: Option<CString>,
    pub(crate) retry_after_ms: i64,
    pub(crate) timeout: Option<TimeoutKind>,
    pub(crate) attempts: u32,
    pub(crate) retryable: bool,
}

/// An error on its way to the caller.
pub(crate) type Failure = Box<skiplino_error>;

impl skiplino_error {
    fn local(code: skiplino_code, message: &str) -> Self {
        Self {
            code,
            status: 0,
            outcome: Outcome::NotApplied,
            operation: None,
            message: c_string::owned(message),
            server_message: None,
            reason: None,
            fields: Vec::new(),
            path: None,
            retry_after_ms: -1,
            timeout: None,
            attempts: 0,
            retryable: false,
        }
    }

    pub(crate) fn in_log_callback() -> Failure {
        Box::new(Self::local(
            skiplino_code::SKIPLINO_IN_LOG_CALLBACK,
            "a log callback must not make calls: keep the line, and make the call after the callback \
             returns",
        ))
    }

    /// The error for an invalid argument. It does not repeat the value, which may be personal data.
    pub(crate) fn rejected(code: skiplino_code, name: &str, reason: &str) -> Failure {
        Box::new(Self {
            fields: vec![(c_string::owned(name), vec![c_string::owned(reason)])],
            ..Self::local(code, &format!("invalid input: {name}: {reason}"))
        })
    }

    pub(crate) fn invalid(name: &str, reason: &str) -> Failure {
        Self::rejected(skiplino_code::SKIPLINO_INVALID_REQUEST, name, reason)
    }

    pub(crate) fn null(name: &str) -> Failure {
        Self::rejected(
            skiplino_code::SKIPLINO_NULL_ARGUMENT,
            name,
            "must not be NULL",
        )
    }

    /// The argument, or the error for NULL.
    pub(crate) fn require<T>(argument: Option<T>, name: &str) -> Result<T, Failure> {
        argument.ok_or_else(|| Self::null(name))
    }

    pub(crate) fn forked() -> Failure {
        Self::rejected(
            skiplino_code::SKIPLINO_FORKED,
            "process",
            "the handle was created before fork(): create a new handle in the child process",
        )
    }

    pub(crate) fn end() -> Failure {
        Box::new(Self::local(
            skiplino_code::SKIPLINO_END,
            "the pager or the watch has ended",
        ))
    }

    pub(crate) fn nothing_yet() -> Failure {
        Box::new(Self::local(
            skiplino_code::SKIPLINO_NO_CHANGE,
            "the ticket did not change in the given time",
        ))
    }

    /// The error for a panic. The call may have been applied before the panic.
    pub(crate) fn internal() -> Failure {
        Box::new(Self {
            outcome: Outcome::Unknown,
            ..Self::local(
                skiplino_code::SKIPLINO_INTERNAL,
                "a bug in the client library",
            )
        })
    }

    pub(crate) fn with_operation(mut self: Box<Self>, operation: Operation) -> Failure {
        self.operation = Some(c_string::owned(operation.id()));
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let optional = |text: Option<&str>| text.map(c_string::owned);
        let fields = error.fields().iter();
        Self::new(skiplino_error {
            code: skiplino_code::of(error.kind()),
            status: error.status().map_or(0, i32::from),
            outcome: error.outcome(),
            operation: optional(error.operation().map(Operation::id)),
            message: c_string::owned(&error.to_string()),
            server_message: optional(error.message()),
            reason: optional(error.reason()),
            fields: fields
                .map(|(field, reasons)| {
                    let reasons = reasons.iter().map(|reason| c_string::owned(reason));
                    (c_string::owned(field), reasons.collect())
                })
                .collect(),
            path: optional(error.path()),
            retry_after_ms: error
                .retry_after()
                .map_or(-1, |wait| wait.as_millis().try_into().unwrap_or(i64::MAX)),
            timeout: error.timeout(),
            attempts: error.attempts(),
            retryable: error.is_retryable(),
        })
    }
}
