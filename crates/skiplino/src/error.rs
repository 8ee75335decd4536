//! The one error of the crate.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::operation::Operation;
use crate::sanitize::Sanitized;

/// The kind of a failure, on which programs can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Invalid input, rejected before anything was sent; [`Error::fields`] names the field.
    InvalidRequest,
    /// The operation needs a secret key and the client has a public key; rejected before anything
    /// was sent.
    SecretKeyRequired,
    /// 401 or 403: the key is missing, unknown or of the wrong kind.
    Unauthorized,
    /// 400: a business rule does not allow the operation; [`Error::reason`] has the localised text.
    Rejected,
    /// 404.
    NotFound,
    /// 409: the ticket's state does not allow the operation. A retry cannot succeed.
    Conflict,
    /// 422: [`Error::fields`] has the reasons field by field.
    Validation,
    /// 429: too many requests; [`Error::retry_after`] has the time to wait, if the server sent one.
    RateLimited,
    /// 5xx.
    Server,
    /// Any other status, redirects included.
    UnexpectedStatus,
    /// A successful response with an unreadable body or another record than the one asked for, or a
    /// list with fewer records than the server counts; [`Error::path`] has the JSON path.
    Decode,
    /// DNS, connection or TLS failed: nothing was sent.
    Connect,
    /// The connection was lost after sending began.
    Transport,
    /// A deadline passed; [`Error::timeout`] says which.
    Timeout,
    /// A write that may have been applied, and that no lookup could confirm. [`Error::status`],
    /// [`Error::timeout`] and the source describe the failure that lost the response; the text has
    /// the result of the lookup, and what to check before a retry.
    OutcomeUnknown,
    /// A [`CancellationToken`](crate::CancellationToken) cancelled the call.
    Cancelled,
    /// A bug of this library.
    Internal,
}

impl ErrorKind {
    /// Every kind there is today, for tables and tests.
    pub const ALL: [ErrorKind; 17] = [
        Self::InvalidRequest,
        Self::SecretKeyRequired,
        Self::Unauthorized,
        Self::Rejected,
        Self::NotFound,
        Self::Conflict,
        Self::Validation,
        Self::RateLimited,
        Self::Server,
        Self::UnexpectedStatus,
        Self::Decode,
        Self::Connect,
        Self::Transport,
        Self::Timeout,
        Self::OutcomeUnknown,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The kind's name, the same in every host language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "InvalidRequest",
            Self::SecretKeyRequired => "SecretKeyRequired",
            Self::Unauthorized => "Unauthorized",
            Self::Rejected => "Rejected",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::Validation => "Validation",
            Self::RateLimited => "RateLimited",
            Self::Server => "Server",
            Self::UnexpectedStatus => "UnexpectedStatus",
            Self::Decode => "Decode",
            Self::Connect => "Connect",
            Self::Transport => "Transport",
            Self::Timeout => "Timeout",
            Self::OutcomeUnknown => "OutcomeUnknown",
            Self::Cancelled => "Cancelled",
            Self::Internal => "Internal",
        }
    }

    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            400 => Self::Rejected,
            401 | 403 => Self::Unauthorized,
            404 => Self::NotFound,
            409 => Self::Conflict,
            422 => Self::Validation,
            429 => Self::RateLimited,
            500..=599 => Self::Server,
            _ => Self::UnexpectedStatus,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a failed call changed the server's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The call changed nothing: the server did not receive it, rejected it, or the call only
    /// reads.
    NotApplied,
    /// The call was a write, and the server may have applied it.
    Unknown,
}

/// The time limit that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutKind {
    /// Connecting, TLS included.
    Connect,
    /// One attempt, from its start to the end of the response.
    Attempt,
    /// The whole call, retries and pauses included.
    Call,
}

/// The most fields that the text of an error has.
const MAX_PRINTED_FIELDS: usize = 10;

/// Reasons by field, from a 422 response or from input that the client rejected.
pub type Fields = BTreeMap<String, Vec<String>>;

/// Why a call failed. Its size is one machine word.
///
/// `Display` is one line for a person. It never contains a key, a query string or the values of a
/// customer's record.
pub struct Error(Box<Details>);

pub(crate) struct Details {
    pub(crate) kind: ErrorKind,
    pub(crate) operation: Option<Operation>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    pub(crate) headers: HeaderMap,
    pub(crate) message: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) fields: Fields,
    pub(crate) path: Option<String>,
    /// For `Decode`: whether the body is an object of JSON, but not in the expected shape. A second
    /// response would probably be the same.
    pub(crate) is_other_shape: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) timeout: Option<TimeoutKind>,
    pub(crate) attempts: u32,
    /// For `OutcomeUnknown`: the kind of the failure that lost the response, and the result of the
    /// lookup.
    pub(crate) outcome_unknown: Option<(ErrorKind, String)>,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Details {
            kind,
            operation: None,
            status: None,
            headers: HeaderMap::new(),
            outcome: Outcome::NotApplied,
            message: None,
            reason: None,
            fields: Fields::new(),
            path: None,
            is_other_shape: false,
            retry_after: None,
            timeout: None,
            attempts: 0,
            outcome_unknown: None,
            source: None,
        }))
    }

    /// Invalid input in one field.
    pub(crate) fn invalid(field: &str, reason: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::InvalidRequest);
        error.0.fields.insert(field.to_owned(), vec![reason.into()]);
        error
    }

    /// A failure caused by another error.
    pub(crate) fn because(kind: ErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        let mut error = Self::new(kind);
        error.0.source = Some(Box::new(source));
        error
    }

    /// The error with some fields changed.
    pub(crate) fn edit(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(&mut self.0);
        self
    }

    /// The error without this key, which a server may have repeated in its texts.
    pub(crate) fn without_key(self, key: &str) -> Self {
        /// A shorter key would be found in words, too.
        const SHORTEST_KEY: usize = 8;
        if key.len() < SHORTEST_KEY {
            return self;
        }
        self.edit(|inner| {
            let redact = |text: &mut String| {
                if text.contains(key) {
                    *text = text.replace(key, "[redacted]");
                }
            };
            inner.message.iter_mut().for_each(redact);
            inner.reason.iter_mut().for_each(redact);
            inner.path.iter_mut().for_each(redact);
            for (mut field, mut reasons) in std::mem::take(&mut inner.fields) {
                redact(&mut field);
                reasons.iter_mut().for_each(redact);
                inner.fields.insert(field, reasons);
            }
        })
    }

    /// A copy without the source, to report the failure a second time.
    pub(crate) fn clone_summary(&self) -> Self {
        let before = &self.0;
        Self::new(before.kind).edit(|inner| {
            inner.operation = before.operation;
            inner.status = before.status;
            inner.outcome = before.outcome;
            inner.headers = before.headers.clone();
            inner.message = before.message.clone();
            inner.reason = before.reason.clone();
            inner.fields = before.fields.clone();
            inner.attempts = before.attempts;
        })
    }

    /// The failure of a write whose outcome no lookup could determine.
    pub(crate) fn into_outcome_unknown(self, advice: String) -> Self {
        self.edit(|inner| {
            inner.outcome_unknown = Some((inner.kind, advice));
            inner.kind = ErrorKind::OutcomeUnknown;
            inner.outcome = Outcome::Unknown;
        })
    }

    /// All fields, to build a response from.
    pub(crate) fn into_details(self) -> Details {
        *self.0
    }

    /// The kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed; absent if the client could not be built.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The HTTP status, even if the body is unreadable; absent without a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// A header of the response, if it is present and its value is text. The name's case does not
    /// matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// Whether the call changed the server's state. Always `NotApplied` for a read.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Whether the same call may succeed later. For a write check [`Error::outcome`] first.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Connect
                | ErrorKind::Transport
                | ErrorKind::Timeout
                | ErrorKind::RateLimited
                | ErrorKind::Server
        )
    }

    /// The `message` of the server's response, as received.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The server's localised reason, if its `error` is a text; otherwise the client's own reason.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Reasons by field, from a 422 response or from input that the client rejected.
    pub fn fields(&self) -> &Fields {
        &self.0.fields
    }

    /// For `Decode`: the JSON path, as in `data[0].createdAt`.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The time to wait before a retry, as requested by the server.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// For `Timeout`: the time limit that passed.
    pub fn timeout(&self) -> Option<TimeoutKind> {
        self.0.timeout
    }

    /// How many attempts were made; 0 if nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    pub(crate) fn is_other_shape(&self) -> bool {
        self.0.is_other_shape
    }

    fn headline(&self) -> &'static str {
        let lost = self.0.outcome_unknown.as_ref();
        match lost.map_or(self.0.kind, |(cause, _)| *cause) {
            ErrorKind::InvalidRequest => "invalid input",
            ErrorKind::SecretKeyRequired if self.0.fields.is_empty() => {
                "a secret key is needed; the client has a public key"
            }
            ErrorKind::SecretKeyRequired => "the client's key is not known to be a secret one",
            // Perhaps by a proxy or a firewall, which knows nothing about keys.
            ErrorKind::Unauthorized if self.0.status == Some(403) => "access was denied",
            ErrorKind::Unauthorized => "the key was not accepted",
            ErrorKind::Rejected => "the server rejected the request",
            ErrorKind::NotFound => "not found",
            ErrorKind::Conflict => "the current state does not allow this operation",
            ErrorKind::Validation => "the server found the input invalid",
            ErrorKind::RateLimited => "too many requests",
            ErrorKind::Server => "the server failed",
            ErrorKind::UnexpectedStatus => "the server returned an unexpected status",
            ErrorKind::Decode => "the response could not be read",
            ErrorKind::Connect => "could not connect",
            ErrorKind::Transport => "the connection was lost",
            ErrorKind::Timeout => match self.0.timeout {
                Some(TimeoutKind::Connect) => "connecting took too long",
                Some(TimeoutKind::Attempt) => "the attempt timed out",
                _ => "the call's deadline passed",
            },
            ErrorKind::OutcomeUnknown => "the outcome is unknown",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Internal => "a bug in the client library",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{}: ", operation.title())?;
        }
        f.write_str(self.headline())?;
        if let Some(status) = inner.status {
            write!(f, " ({status})")?;
        }
        // Only a server's text can quote people's input.
        let decode = inner.path.is_some();
        let local = [
            ErrorKind::InvalidRequest,
            ErrorKind::SecretKeyRequired,
            ErrorKind::Connect,
        ];
        let ours = decode || local.contains(&inner.kind);
        let sanitized = |text| Sanitized {
            text,
            redact: !ours,
        };
        let mut separator = ": ";
        if let Some(path) = &inner.path {
            // The names in the path are the server's.
            let (text, redact) = (path.clone(), true);
            write!(f, ": at {}", Sanitized { text, redact })?;
        }
        for (field, reasons) in inner.fields.iter().take(MAX_PRINTED_FIELDS) {
            let (field, reasons) = (sanitized(field.clone()), sanitized(reasons.join(", ")));
            write!(f, "{separator}{field}: {reasons}")?;
            separator = "; ";
        }
        if let more @ 1.. = inner.fields.len().saturating_sub(MAX_PRINTED_FIELDS) {
            write!(f, "; and {more} more fields")?;
        }
        // The envelope's message is a general sentence: it is printed only without more precise
        // texts.
        let general = inner
            .message
            .as_ref()
            .filter(|_| inner.fields.is_empty() && inner.status.is_some_and(|s| s >= 400));
        if let Some(text) = inner.reason.as_ref().or(general) {
            write!(f, "{separator}{}", sanitized(text.clone()))?;
        }
        if let Some(wait) = inner.retry_after {
            write!(f, "; retry after {} s", wait.as_secs_f64().ceil())?;
        }
        if let Some(source) = &inner.source
            && inner.reason.is_none()
        {
            write!(f, ": {}", root_cause(&**source))?;
        }
        match &inner.outcome_unknown {
            Some((_, advice)) => write!(f, "; it may have been applied: {advice}"),
            None if inner.outcome == Outcome::Unknown => f.write_str("; it may have been applied"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("operation", &inner.operation.map(Operation::id))
            .field("status", &inner.status)
            .field("outcome", &inner.outcome)
            .field("attempts", &inner.attempts)
            .field("text", &format_args!("{self}"))
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

// The outer layers of a network error say "error sending request"; the useful text is at the bottom
// of the chain.
fn root_cause<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}
