//! The context of a running call, which its attempts and its lookups share.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::job::Job;
use crate::call::retry::RetryPolicy;
use crate::call::shared::Shared;
use crate::error::Error;
use crate::http::response::Response;
use crate::http::transport::ConnectionPool;

/// The connections, language, retry policy, job and time limit of a running call.
#[derive(Clone, Copy)]
pub(crate) struct CallContext<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) pool: &'a ConnectionPool,
    pub(crate) locale: Option<&'a str>,
    pub(crate) retry: &'a RetryPolicy,
    /// The job that the call belongs to.
    pub(crate) job: Option<&'a Arc<Job>>,
    pub(crate) started: Instant,
    pub(crate) deadline: Duration,
    /// Whether the requests of nested calls run to their end when the call is dropped.
    pub(crate) ends_in_background: bool,
}

/// A call within a call. The future is boxed because a future cannot contain itself.
pub(crate) type NestedCall<'a, T> =
    Pin<Box<dyn Future<Output = Result<Response<T>, Error>> + Send + 'a>>;

impl<'a> CallContext<'a> {
    /// The rest of the call's time.
    pub(crate) fn time_left(&self) -> Duration {
        self.time_left_at(self.shared.config.clock.now())
    }

    /// The rest of the call's time at this moment.
    pub(crate) fn time_left_at(&self, now: Instant) -> Duration {
        self.end().saturating_duration_since(now)
    }

    /// When the call's time is over.
    pub(crate) fn end(&self) -> Instant {
        self.started + self.deadline
    }

    /// The same context with another retry policy, and with `limit` left from now on.
    pub(crate) fn limited<'b>(&self, retry: &'b RetryPolicy, limit: Duration) -> CallContext<'b>
    where
        'a: 'b,
    {
        CallContext {
            retry,
            started: self.shared.config.clock.now(),
            deadline: limit,
            ..*self
        }
    }
}
