//! Options for one call.

use skiplino::{CallOptions, RetryPolicy};

use crate::errors::SkiplinoError;
use crate::values::{count, duration};

/// Overrides the client's settings for one call.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeCallOptions {
    /// The language of names and error reasons; empty for the server's default.
    pub locale: Option<String>,
    /// The maximum duration of the whole call, including retries and pauses.
    pub deadline_ms: Option<i64>,
    /// The maximum number of attempts, including the first.
    pub max_attempts: Option<i64>,
}

impl NativeCallOptions {
    /// The core's options. `retry` is the client's policy.
    pub(crate) fn with_policy(self, retry: &RetryPolicy) -> Result<CallOptions, SkiplinoError> {
        let attempts = count(self.max_attempts, "maxAttempts")?;
        Ok(CallOptions {
            locale: self.locale,
            deadline: duration(self.deadline_ms, "deadline")?,
            retry: attempts.map(|attempts| retry.clone().max_attempts(attempts)),
        })
    }
}
