//! The fixed part of a call: its operation, its options and its recovery.

use std::sync::Arc;
use std::time::Duration;

use crate::call::cancellation::CancellationToken;
use crate::call::expected_record::ExpectedRecord;
use crate::call::job::Job;
use crate::call::recovery::Recovery;
use crate::call::retry::RetryPolicy;
use crate::http::decode::DecodeFn;
use crate::operation::Operation;

/// The settings that a call may change for itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallOptions {
    /// The language of names and reasons; empty for the server's default.
    pub locale: Option<String>,
    /// The time limit of the whole call, retries and pauses included.
    pub deadline: Option<Duration>,
    /// The retry policy.
    pub retry: Option<RetryPolicy>,
}

/// Everything about a call except its request.
pub(crate) struct CallSpec {
    pub(crate) operation: Operation,
    /// Reads the body of a success.
    pub(crate) read: DecodeFn,
    pub(crate) options: CallOptions,
    pub(crate) expected_record: Option<ExpectedRecord>,
    pub(crate) recovery: Recovery,
    /// Whether a request in flight runs to its end in the background when the call is dropped. This
    /// keeps its connection, which would be closed otherwise.
    pub(crate) ends_in_background: bool,
    /// The job that the call belongs to.
    pub(crate) job: Option<Arc<Job>>,
    pub(crate) cancellation_token: Option<CancellationToken>,
    /// Whether the request is sent twice at the same time, which opens two connections.
    pub(crate) is_sent_twice: bool,
}
