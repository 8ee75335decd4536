//! A job: calls that share a rate limit, and whose requests are counted together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::call::rate_limiter::RateLimiter;

/// What the calls of a job share, beside the client's own state.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) rate_limiter: RateLimiter,
    requests: RequestCounter,
}

/// The number of requests that a job has sent, repeated requests included.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestCounter(Arc<AtomicU64>);

impl Job {
    /// At most `per_second` requests, or no limit.
    pub(crate) fn new(per_second: Option<f64>, requests: RequestCounter) -> Self {
        Self {
            rate_limiter: RateLimiter::new(per_second),
            requests,
        }
    }

    pub(crate) fn on_request(&self) {
        self.requests.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl RequestCounter {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
