//! When to try again, and how long to wait before: full jitter, and a budget so that a fleet cannot storm a sick server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Error;

/// How often, and after what pauses, a call is tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    base: Duration,
    cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(8),
        }
    }
}

impl RetryPolicy {
    /// One attempt and no more.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Attempts in all, the first one included. At least one is made.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest pause before the first retry (doubled for each one after it), and the longest pause ever. The pause is drawn
    /// at random between nothing and that.
    #[must_use]
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// The two pauses of [`backoff`](Self::backoff), for a binding that sets one of them.
    #[doc(hidden)]
    pub fn pauses(&self) -> (Duration, Duration) {
        (self.base, self.cap)
    }

    /// Whether there may be another attempt after so many.
    pub(crate) fn allows_more(&self, attempts: u32) -> bool {
        attempts < self.max_attempts
    }

    /// The pause before the next attempt.
    pub(crate) fn pause(&self, error: &Error) -> Duration {
        error
            .retry_after()
            .unwrap_or_else(|| self.longest(error.attempts()).mul_f64(fastrand::f64()))
    }

    /// The pause before the next look for what a write brought about: never nothing, because it is time that is waited for.
    pub(crate) fn settling(&self, looks: u32) -> Duration {
        self.longest(looks).mul_f64(1.0 - fastrand::f64() / 2.0)
    }

    fn longest(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(16);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }
}

/// A token bucket shared by all calls of a client: retries take from it, successes refill it, and the one that a retry ends in gives
/// back what that took. So a fault now and then costs nothing, and an outage ends the retries.
#[derive(Debug)]
pub(crate) struct RetryBudget(Mutex<u32>);

impl RetryBudget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Self::FULL))
    }

    pub(crate) fn take(&self) -> bool {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tokens.checked_sub(Self::RETRY) {
            Some(left) => {
                *tokens = left;
                true
            }
            None => false,
        }
    }

    pub(crate) fn refill(&self, attempts: u32) {
        let back = if attempts > 1 { Self::RETRY } else { 1 };
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + back).min(Self::FULL);
    }
}
