//! When to try again, and how long to wait before: full jitter, and a budget so that a fleet cannot storm a sick server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Error, Outcome};

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

    /// The pause before the next attempt, or none when there must not be one.
    pub(crate) fn pause(&self, error: &Error) -> Option<Duration> {
        let attempts = error.attempts();
        if attempts >= self.max_attempts
            || !error.is_retryable()
            || error.outcome() == Outcome::Unknown
        {
            return None;
        }
        Some(error.retry_after().unwrap_or_else(|| {
            let doublings = attempts.saturating_sub(1).min(16);
            let longest = self.base.saturating_mul(1 << doublings).min(self.cap);
            longest.mul_f64(fastrand::f64())
        }))
    }
}

/// A token bucket shared by all calls of a client: retries take from it, successes refill it.
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

    pub(crate) fn refill(&self) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + 1).min(Self::FULL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    // From outside only a clock could tell one pause from another.
    #[test]
    fn pauses_are_drawn_from_twice_as_much_each_time() {
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::default()
            .max_attempts(u32::MAX)
            .backoff(second, second * 1_000_000);
        for (attempts, longest) in [
            (1, 1),
            (2, 2),
            (3, 4),
            (10, 512),
            (17, 65_536),
            (18, 65_536),
        ] {
            let error = Error::new(ErrorKind::Server).edit(|inner| inner.attempts = attempts);
            let pauses: Vec<_> = (0..200).filter_map(|_| policy.pause(&error)).collect();
            assert_eq!(pauses.len(), 200);
            assert!(pauses.iter().all(|pause| *pause <= second * longest));
            // Not one of so many in the upper half, or in the lower, would be stranger than any bug.
            assert!(pauses.iter().any(|pause| *pause > second * longest / 2));
            assert!(pauses.iter().any(|pause| *pause < second * longest / 2));
        }
    }
}
