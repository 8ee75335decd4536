//! How a client or one call retries: the values that the program set.

use std::time::Duration;

use skiplino::RetryPolicy;

use crate::argument::{optional_duration, optional_number};
use crate::error::Failure;

/// The values that were set. The others have the core's defaults.
#[derive(Clone, Default)]
pub(crate) struct RetrySettings {
    pub(crate) max_attempts: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    pub(crate) max_backoff: Option<Duration>,
}

impl RetrySettings {
    /// These settings with every argument that is not -1 in place of the value here.
    pub(crate) fn overridden(
        &self,
        max_attempts: i64,
        backoff_ms: i64,
        max_backoff_ms: i64,
    ) -> Result<Self, Failure> {
        Ok(Self {
            max_attempts: optional_number(max_attempts, "max_attempts")?.or(self.max_attempts),
            backoff: optional_duration(backoff_ms, "backoff_ms")?.or(self.backoff),
            max_backoff: optional_duration(max_backoff_ms, "max_backoff_ms")?.or(self.max_backoff),
        })
    }

    pub(crate) fn policy(&self) -> RetryPolicy {
        RetryPolicy::default().overridden(self.max_attempts, self.backoff, self.max_backoff)
    }
}
