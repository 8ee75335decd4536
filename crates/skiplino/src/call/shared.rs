//! The state that all calls of a client share.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::call::blocking::{Interrupt, RuntimePool};
use crate::call::rate_limiter::RateLimiter;
use crate::call::recovery::open_bookings::Bookings;
use crate::call::retry::{RetryBudget, RetryPolicy};
use crate::config::Config;
use crate::error::Error;
use crate::http::request::Request;
use crate::http::transport::ConnectionPool;
use crate::operation::{KeyRequirement, Operation};

pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    /// The policy of calls that set none of their own.
    pub(crate) retry: RetryPolicy,
    pub(crate) retry_budget: RetryBudget,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) bookings: Bookings,
    /// The connections of `.await`, which belong to the caller's runtime.
    pub(crate) pool: ConnectionPool,
    /// The runtimes of `.wait()`, each with its own connections.
    pub(crate) runtimes: RuntimePool,
    /// Its receivers learn that the client was dropped.
    pub(crate) open: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        retry: RetryPolicy,
        requests_per_second: Option<f64>,
        interrupt: Option<Interrupt>,
    ) -> Result<Self, Error> {
        Ok(Self {
            pool: ConnectionPool::new(&config)?,
            config: Arc::new(config),
            retry,
            retry_budget: RetryBudget::new(),
            rate_limiter: RateLimiter::new(requests_per_second),
            bookings: Bookings::default(),
            runtimes: RuntimePool::new(interrupt),
            open: watch::Sender::default(),
        })
    }

    /// The request of an operation, without query and body.
    ///
    /// # Errors
    /// If the client's key does not allow the operation, or the id is invalid.
    pub(super) fn request(
        &self,
        operation: Operation,
        id: Result<&str, Error>,
    ) -> Result<Request, Error> {
        let config = &self.config;
        if operation.key() == KeyRequirement::Secret {
            config.require_secret_key()?;
        }
        Request::new(&config.base_url, operation, id?)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.config.base_url.as_str())
            .field("key_class", &self.config.key_class)
            .finish_non_exhaustive()
    }
}
