//! Errors as the hosts make theirs from them.

use std::collections::HashMap;
use std::fmt;

use skiplino::{Error, ErrorKind, Operation, Outcome, TimeoutKind};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// What went wrong, as far as a program would act on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum FailureKind {
            $($(#[$doc])* $kind,)+
            /// The client is closed, or what it had begun.
            Closed,
        }

        impl From<ErrorKind> for FailureKind {
            fn from(kind: ErrorKind) -> Self {
                match kind {
                    $(ErrorKind::$kind => Self::$kind,)+
                    // A kind that the core has and this does not, which the test below would have found.
                    _ => Self::Internal,
                }
            }
        }
    };
}

kinds! {
    /// Refused here, before anything was sent; `fields` names the input.
    InvalidRequest,
    /// The operation needs a secret key and the client holds a public one. Refused here, before anything was sent.
    SecretKeyRequired,
    /// 401: the key is missing, unknown or of the wrong class.
    Unauthorized,
    /// 400: a business rule forbids it; `reason` has the localised text.
    Rejected,
    /// 404.
    NotFound,
    /// 409: the ticket's state forbids it. Final.
    Conflict,
    /// 422: `fields` has the reasons field by field.
    Validation,
    /// 429: too many requests; `retry_after_ms` says for how long to wait, if the server did.
    RateLimited,
    /// 5xx.
    Server,
    /// Any other status, redirects included.
    UnexpectedStatus,
    /// A success whose body cannot be read; `path` has the JSON path.
    Decode,
    /// Name look-up, connection or TLS failed: nothing was sent.
    Connect,
    /// The connection was lost after sending began.
    Transport,
    /// A deadline passed; `timeout` says which.
    Timeout,
    /// A write that may have happened, and that could not be found out about.
    OutcomeUnknown,
    /// Its handle ended it.
    Cancelled,
    /// A bug of this library.
    Internal,
}

/// What a failed call did to the server's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureOutcome {
    /// Nothing: it never arrived, was refused, or only reads.
    NotApplied,
    /// A write that may have happened.
    Unknown,
}

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureTimeout {
    /// Connecting, TLS included.
    Connect,
    /// One attempt, from its start to the end of its answer.
    Attempt,
    /// The whole call, retries and pauses included.
    Call,
}

/// Why a call failed.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// What it did to the server's state.
    pub outcome: FailureOutcome,
    /// Whether the same call may well succeed later.
    pub retryable: bool,
    /// The operation's id, as in `bookTicket`; absent when a client could not even be built.
    pub operation: Option<String>,
    /// The HTTP status; absent when no answer came.
    pub status: Option<u16>,
    /// The `message` of the server's envelope.
    pub server_message: Option<String>,
    /// The `error` of the server's envelope where it is a text, or what was found wrong here.
    pub reason: Option<String>,
    /// Reasons by field.
    pub fields: HashMap<String, Vec<String>>,
    /// Where in the JSON, as in `data[0].createdAt`.
    pub path: Option<String>,
    /// How long the server asked to wait.
    pub retry_after_ms: Option<u64>,
    /// Which deadline passed.
    pub timeout: Option<FailureTimeout>,
    /// How many attempts were made; 0 when it was refused here.
    pub attempts: u32,
    /// One line for a person, without keys, query strings or values of a customer's record.
    pub text: String,
}

/// The error of every export.
#[derive(Debug, Clone, uniffi::Error)]
pub enum SkiplinoError {
    /// The only one there is: what is known is in its field.
    Failed {
        /// Why.
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

    /// Input that is refused before it reaches the core, as the core would refuse it.
    pub(crate) fn invalid(field: &str, reason: &str) -> Self {
        let text = format!("invalid input: {field}: {reason}");
        Self::new(FailureKind::InvalidRequest, None, text).edit(|failure| {
            failure
                .fields
                .insert(field.to_owned(), vec![reason.to_owned()]);
        })
    }

    /// The same, of an operation.
    pub(crate) fn of(self, operation: Operation) -> Self {
        self.edit(|failure| {
            failure.operation = Some(operation.id().to_owned());
            failure.text = format!("{}: {}", operation.title(), failure.text);
        })
    }

    pub(crate) fn closed() -> Self {
        Self::new(FailureKind::Closed, None, "the client is closed".to_owned())
    }

    /// A read that its handle ended.
    pub(crate) fn cancelled(operation: Operation) -> Self {
        Self::new(
            FailureKind::Cancelled,
            Some(operation),
            "cancelled".to_owned(),
        )
    }

    /// Something of ours panicked.
    pub(crate) fn bug() -> Self {
        let text = "a bug in the client library".to_owned();
        Self::new(FailureKind::Internal, None, text)
            .edit(|failure| failure.outcome = FailureOutcome::Unknown)
    }

    /// What a call says that was cancelled because its client was closed.
    pub(crate) fn by_closing(self) -> Self {
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
                timeout: error.timeout().map(|deadline| match deadline {
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

impl fmt::Display for SkiplinoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { failure } = self;
        f.write_str(&failure.text)
    }
}

impl std::error::Error for SkiplinoError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_like() {
        for kind in ErrorKind::ALL {
            assert_eq!(format!("{:?}", FailureKind::from(kind)), kind.as_str());
        }
    }
}
