//! Decides whether a failed attempt is retried and after which pause, within a retry budget.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// How often a call is retried, and the pauses between attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    base: Duration,
    max_backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(250),
            max_backoff: Duration::from_secs(8),
        }
    }
}

impl RetryPolicy {
    /// No retries.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// The most attempts, the first one included. At least one is made.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest pause before the first retry, doubled for each later one, and the limit of all
    /// pauses. Each pause is random between zero and its longest.
    #[must_use]
    pub fn backoff(mut self, base: Duration, max_backoff: Duration) -> Self {
        self.base = base;
        self.max_backoff = max_backoff;
        self
    }

    /// This policy with the given values in place of its own, for bindings.
    #[doc(hidden)]
    #[must_use]
    pub fn overridden(
        &self,
        max_attempts: Option<u32>,
        base: Option<Duration>,
        max_backoff: Option<Duration>,
    ) -> Self {
        Self {
            max_attempts: max_attempts.unwrap_or(self.max_attempts),
            base: base.unwrap_or(self.base),
            max_backoff: max_backoff.unwrap_or(self.max_backoff),
        }
    }

    /// Whether another attempt is allowed after `attempts`.
    pub(crate) fn allows_more(&self, attempts: u32) -> bool {
        attempts < self.max_attempts
    }

    /// The pause before the next attempt.
    pub(crate) fn pause(&self, error: &Error) -> Duration {
        error.retry_after().unwrap_or_else(|| {
            self.longest_pause(error.attempts())
                .mul_f64(fastrand::f64())
        })
    }

    /// The pause before the next lookup of a write: at least half of the longest pause, because
    /// the server may need time to finish the lost write.
    pub(crate) fn lookup_backoff(&self, lookups: u32) -> Duration {
        self.longest_pause(lookups)
            .mul_f64(1.0 - fastrand::f64() / 2.0)
    }

    fn longest_pause(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(16);
        self.base
            .saturating_mul(1 << doublings)
            .min(self.max_backoff)
    }
}

/// A failed attempt, as far as the retry decision needs it.
pub(crate) struct FailedAttempt<'a> {
    pub(crate) error: &'a Error,
    pub(crate) attempts: u32,
    /// Whether this attempt may have been applied.
    pub(crate) response_lost: bool,
    /// The pause before the next attempt.
    pub(crate) pause: Duration,
    pub(crate) time_left: Duration,
}

/// Whether another attempt follows a failed one. If so, the budget pays for it.
pub(crate) fn should_retry(
    policy: &RetryPolicy,
    budget: &RetryBudget,
    failed: &FailedAttempt<'_>,
) -> bool {
    let kind = failed.error.kind();
    (failed.error.is_retryable() || failed.response_lost)
        && kind != ErrorKind::OutcomeUnknown
        && policy.allows_more(failed.attempts)
        // Fail now if the pause would pass the deadline.
        && failed.pause < failed.time_left
        // The rate limiter spaces retries after a 429, so they cannot overload the server.
        && (kind == ErrorKind::RateLimited || budget.take())
}

/// A token bucket shared by all calls of a client: retries take tokens, successes refill it, and a
/// retry that succeeds returns its tokens. So single failures cost nothing, and an outage ends the
/// retries.
#[derive(Debug)]
pub(crate) struct RetryBudget(Mutex<u32>);

impl RetryBudget {
    const CAPACITY: u32 = 500;
    const RETRY_COST: u32 = 5;

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Self::CAPACITY))
    }

    pub(crate) fn take(&self) -> bool {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tokens.checked_sub(Self::RETRY_COST) {
            Some(left) => {
                *tokens = left;
                true
            }
            None => false,
        }
    }

    pub(crate) fn refill(&self, attempts: u32) {
        let back = if attempts > 1 { Self::RETRY_COST } else { 1 };
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + back).min(Self::CAPACITY);
    }
}
