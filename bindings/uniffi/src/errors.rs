//! The error of every export. The hosts make their own errors from it.

use std::collections::HashMap;

use skiplino::{Error, ErrorKind, Operation, Outcome, TimeoutKind};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// The kind of an error, as far as a program would act on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum FailureKind {
            $($(#[$doc])* $kind,)+
            /// The client is closed, or was closed during the call.
            Closed,
        }

        impl From<ErrorKind> for FailureKind {
            fn from(kind: ErrorKind) -> Self {
                match kind {
                    $(ErrorKind::$kind => Self::$kind,)+
                    // A kind of the core that is missing here. The test below fails for it.
                    _ => Self::Internal,
                }
            }
        }
    };
}

kinds! {
    /// The input is invalid; `fields` names it. Nothing was sent.
    InvalidRequest,
    /// The operation needs a secret key and the client has a public key. Nothing was sent.
    SecretKeyRequired,
    /// Status 401 or 403: the key is missing, unknown or of the wrong kind.
    Unauthorized,
    /// Status 400: a business rule forbids the operation; `reason` has the localised text.
    Rejected,
    /// Status 404.
    NotFound,
    /// Status 409: the ticket's state forbids the operation. Do not retry.
    Conflict,
    /// Status 422: `fields` has the reasons by field.
    Validation,
    /// Status 429: too many requests; `retry_after_ms` has the server's wait, if it sent one.
    RateLimited,
    /// Status 5xx.
    Server,
    /// Any other status, including redirects.
    UnexpectedStatus,
    /// The body of a successful response cannot be decoded or is about another record, or a list
    /// has fewer records than the server counts; `path` has the JSON path.
    Decode,
    /// DNS, connecting or TLS failed. Nothing was sent.
    Connect,
    /// The connection was lost after the request was sent in part or in full.
    Transport,
    /// A timeout expired; `timeout` says which.
    Timeout,
    /// A write may have been applied, and a lookup could not confirm or rule it out.
    OutcomeUnknown,
    /// The call was cancelled by its handle.
    Cancelled,
    /// A bug in this library.
    Internal,
}

/// Whether a failed call may have changed the server's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureOutcome {
    /// The call changed nothing: the server did not receive it, rejected it, or the call only
    /// reads.
    NotApplied,
    /// The write may have been applied.
    Unknown,
}

/// Which timeout expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureTimeout {
    /// Connecting, including TLS.
    Connect,
    /// One attempt, until the end of its response.
    Attempt,
    /// The whole call, including retries and pauses.
    Call,
}

/// Why a call failed.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Failure {
    /// The kind of the error.
    pub kind: FailureKind,
    /// Whether the call may have changed the server's state.
    pub outcome: FailureOutcome,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The operation's id, such as `bookTicket`; absent if the client could not be created.
    pub operation: Option<String>,
    /// The HTTP status; absent without a response.
    pub status: Option<u16>,
    /// The `message` of the server's envelope.
    pub server_message: Option<String>,
    /// The `error` of the server's envelope if it is text, or the reason found by this library.
    pub reason: Option<String>,
    /// Reasons by field.
    pub fields: HashMap<String, Vec<String>>,
    /// The path in the JSON, such as `data[0].createdAt`.
    pub path: Option<String>,
    /// The server's `Retry-After`.
    pub retry_after_ms: Option<u64>,
    /// Which timeout expired.
    pub timeout: Option<FailureTimeout>,
    /// The number of attempts; 0 if nothing was sent.
    pub attempts: u32,
    /// A one-line message without keys, query strings or a customer's data.
    pub text: String,
}

/// The error of every export.
#[derive(Debug, Clone, thiserror::Error, uniffi::Error)]
pub enum SkiplinoError {
    /// The only variant: the record holds everything, so that new facts need no new variants.
    #[error("{}", failure.text)]
    Failed {
        /// The facts about the failure.
        failure: Box<Failure>,
    },
}

impl SkiplinoError {
    fn new(kind: FailureKind, operation: Option<Operation>, text: String) -> Self {
        let text = match operation {
            Some(operation) => format!("{}: {text}", operation.title()),
            None => text,
        };
        Self::Failed {
            failure: Box::new(Failure {
                kind,
                outcome: FailureOutcome::NotApplied,
                retryable: false,
                operation: operation.map(|operation| operation.id().to_owned()),
                status: None,
                server_message: None,
                reason: None,
                fields: HashMap::new(),
                path: None,
                retry_after_ms: None,
                timeout: None,
                attempts: 0,
                text,
            }),
        }
    }

    fn edit(mut self, change: impl FnOnce(&mut Failure)) -> Self {
        let Self::Failed { failure } = &mut self;
        change(failure);
        self
    }

    /// Invalid input, in the core's words.
    pub(crate) fn invalid(field: &str, reason: &str) -> Self {
        let text = format!("invalid input: {field}: {reason}");
        Self::new(FailureKind::InvalidRequest, None, text).edit(|failure| {
            failure
                .fields
                .insert(field.to_owned(), vec![reason.to_owned()]);
        })
    }

    /// Adds the operation.
    pub(crate) fn for_operation(self, operation: Operation) -> Self {
        self.edit(|failure| {
            failure.operation = Some(operation.id().to_owned());
            failure.text = format!("{}: {}", operation.title(), failure.text);
        })
    }

    pub(crate) fn closed() -> Self {
        Self::new(FailureKind::Closed, None, "the client is closed".to_owned())
    }

    /// A read that was cancelled by its handle.
    pub(crate) fn cancelled(operation: Operation) -> Self {
        Self::new(
            FailureKind::Cancelled,
            Some(operation),
            "cancelled".to_owned(),
        )
    }

    /// A bug in this library, such as a panic.
    pub(crate) fn internal() -> Self {
        let text = "a bug in the client library".to_owned();
        Self::new(FailureKind::Internal, None, text)
            .edit(|failure| failure.outcome = FailureOutcome::Unknown)
    }

    /// Turns the `Cancelled` of a call whose client was closed into `Closed`.
    pub(crate) fn into_closed(self) -> Self {
        self.edit(|failure| {
            if failure.kind == FailureKind::Cancelled {
                failure.kind = FailureKind::Closed;
                failure.text = failure
                    .text
                    .replacen("cancelled", "the client is closed", 1);
            }
        })
    }
}

impl From<Error> for SkiplinoError {
    fn from(error: Error) -> Self {
        Self::Failed {
            failure: Box::new(Failure {
                kind: error.kind().into(),
                outcome: match error.outcome() {
                    Outcome::NotApplied => FailureOutcome::NotApplied,
                    Outcome::Unknown => FailureOutcome::Unknown,
                },
                retryable: error.is_retryable(),
                operation: error.operation().map(|operation| operation.id().to_owned()),
                status: error.status(),
                server_message: error.message().map(str::to_owned),
                reason: error.reason().map(str::to_owned),
                fields: error.fields().clone().into_iter().collect(),
                path: error.path().map(str::to_owned),
                retry_after_ms: error
                    .retry_after()
                    .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                timeout: error.timeout().map(|timeout| match timeout {
                    TimeoutKind::Connect => FailureTimeout::Connect,
                    TimeoutKind::Attempt => FailureTimeout::Attempt,
                    TimeoutKind::Call => FailureTimeout::Call,
                }),
                attempts: error.attempts(),
                text: error.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_core_has_a_kind_here() {
        for kind in ErrorKind::ALL {
            assert_eq!(format!("{:?}", FailureKind::from(kind)), kind.as_str());
        }
    }
}
