//! A limit on requests per second, like that of a gateway in front of the API.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The limit, if any: a token bucket that starts full. It uses the machine's time, because clients
/// wait in real time even if the sandbox's clock is stopped.
#[derive(Debug, Default)]
pub(crate) struct RateLimit(Mutex<Option<Bucket>>);

#[derive(Debug)]
struct Bucket {
    /// Tokens added per second.
    rate: f64,
    /// The largest number of tokens.
    burst: u32,
    tokens: f64,
    /// When `tokens` was computed.
    at: Instant,
}

impl RateLimit {
    fn with<T>(&self, work: impl FnOnce(&mut Option<Bucket>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Allows `rate` requests per second, and `burst` requests at once.
    pub(crate) fn set(&self, rate: f64, burst: u32) {
        let bucket = Bucket {
            rate,
            burst,
            tokens: f64::from(burst),
            at: Instant::now(),
        };
        self.with(|limit| *limit = Some(bucket));
    }

    pub(crate) fn clear(&self) {
        self.with(|limit| *limit = None);
    }

    /// Takes a token. If there is none, the error is the time until the next one.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        self.with(|limit| limit.as_mut().map_or(Ok(()), Bucket::take))
    }

    pub(crate) fn json(&self) -> Value {
        let limit = self.with(|limit| limit.as_ref().map(|bucket| (bucket.rate, bucket.burst)));
        let (rate, burst) = limit.unzip();
        json!({"requestsPerSecond": rate, "burst": burst})
    }
}

impl Bucket {
    fn take(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        let passed = now.duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(f64::from(self.burst));
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.rate))
    }
}
