//! The retry loop of a call: attempts, pauses, and the lookup of a write whose response was lost.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use tracing::{Instrument as _, Span, field};

use crate::call::attempt::attempt;
use crate::call::cancellation::{self, CallProgress};
use crate::call::context::CallContext;
use crate::call::rate_limiter::RateLimiter;
use crate::call::recovery::booking_lookup::BookingAttempt;
use crate::call::recovery::{LostWrite, Recovery};
use crate::call::retry::{self, FailedAttempt, RetryPolicy};
use crate::call::shared::Shared;
use crate::call::spec::CallSpec;
use crate::clock::{Clock, FOREVER};
use crate::config;
use crate::error::{Error, ErrorKind, Outcome};
use crate::http::decode::Data;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::transport::ConnectionPool;
use crate::models::tickets::Ticket;

/// Makes the call, within its span, until it ends or is cancelled.
pub(crate) async fn run(
    spec: &CallSpec,
    shared: &Arc<Shared>,
    pool: &ConnectionPool,
    request: &Request,
) -> Result<Response<Data>, Error> {
    let operation = spec.operation.id();
    let span = tracing::info_span!(
        target: "skiplino",
        "call",
        operation,
        attempts = field::Empty,
        status = field::Empty,
        recovered = field::Empty,
        elapsed_ms = field::Empty
    );
    let clock = &*shared.config.clock;
    if let Some(job) = &spec.job {
        // The call's deadline starts when its job allows the first attempt.
        job.rate_limiter
            .acquire(clock, clock.now() + FOREVER)
            .await?;
    }
    let started = clock.now();
    let progress = CallProgress::default();
    // Pinned before it is wrapped: its state is not moved then.
    let attempts = pin!(async {
        let context = context(spec, shared, pool, started)?;
        RetryLoop::begin(spec, &context, request, &progress)
            .await?
            .run()
            .await
    });
    let attempts = pin!(attempts.instrument(span.clone()));
    let result = cancellation::or_cancelled(spec.cancellation_token.as_ref(), attempts)
        .await
        .unwrap_or_else(|| Err(progress.cancelled(spec.operation)));
    let (attempts, status) = match &result {
        Ok(response) => (response.attempts, Some(response.status)),
        Err(error) => (error.attempts(), error.status()),
    };
    span.record("attempts", attempts);
    if result.as_ref().is_ok_and(Response::recovered) {
        span.record("recovered", true);
    }
    record_span(&span, status, clock, started);
    if let Err(error) = &result {
        log_failure(operation, error);
    }
    result
}

/// Logs an unknown outcome at WARN, because an operator may have to act. Logs other failures at
/// INFO.
fn log_failure(operation: &'static str, error: &Error) {
    let (kind, attempts) = (error.kind().as_str(), error.attempts());
    if error.outcome() == Outcome::Unknown {
        tracing::warn!(target: "skiplino", operation, kind, attempts, "the call failed; it may have been applied");
    } else {
        tracing::info!(target: "skiplino", operation, kind, attempts, "the call failed");
    }
}

fn context<'a>(
    spec: &'a CallSpec,
    shared: &'a Arc<Shared>,
    pool: &'a ConnectionPool,
    started: Instant,
) -> Result<CallContext<'a>, Error> {
    let deadline = spec.options.deadline.unwrap_or(shared.config.deadline);
    if deadline.is_zero() {
        return Err(Error::invalid("deadline", "must be greater than zero"));
    }
    Ok(CallContext {
        shared,
        pool,
        locale: spec.options.locale.as_deref(),
        retry: spec.options.retry.as_ref().unwrap_or(&shared.retry),
        job: spec.job.as_ref(),
        started,
        deadline: deadline.min(FOREVER),
        ends_in_background: false,
    })
}

/// The state of a call between its attempts.
struct RetryLoop<'a> {
    spec: &'a CallSpec,
    context: &'a CallContext<'a>,
    request: &'a Request,
    locale: Option<HeaderValue>,
    booking: Option<BookingAttempt<'a>>,
    progress: &'a CallProgress,
    attempts: u32,
    /// Whether an attempt whose response was lost may have been applied.
    maybe_applied: bool,
    /// Whether the client can read neither the response to the write nor that to its lookup.
    is_unreadable: bool,
}

impl<'a> RetryLoop<'a> {
    /// Prepares the first attempt. A booking waits for the other bookings of its customer.
    async fn begin(
        spec: &'a CallSpec,
        context: &'a CallContext<'a>,
        request: &'a Request,
        progress: &'a CallProgress,
    ) -> Result<Self, Error> {
        let locale = match &spec.options.locale {
            Some(locale) => config::locale(locale)?,
            None => context.shared.config.locale.clone(),
        };
        let booking = match &spec.recovery {
            Recovery::BookingLookup(lookup) => Some(BookingAttempt::begin(lookup, context).await?),
            _ => None,
        };
        Ok(Self {
            spec,
            context,
            request,
            locale,
            booking,
            progress,
            attempts: 0,
            maybe_applied: false,
            is_unreadable: false,
        })
    }

    /// Makes attempts until one succeeds, a lookup finds the write, or no retry is allowed.
    async fn run(&mut self) -> Result<Response<Data>, Error> {
        let shared = self.context.shared;
        let (clock, policy) = (&*shared.config.clock, self.context.retry);
        loop {
            self.acquire()
                .await
                .map_err(|error| self.with_call_context(error))?;
            let error = match self.next_attempt().await {
                Ok(response) => {
                    shared.retry_budget.refill(self.attempts);
                    return Ok(response);
                }
                Err(error) => error,
            };
            let pause = policy.pause(&error);
            let rate_limited = error.kind() == ErrorKind::RateLimited;
            if rate_limited {
                tracing::warn!(
                    target: "skiplino",
                    operation = self.spec.operation.id(),
                    pause_ms = milliseconds(pause),
                    "rate limited; all calls of the client wait"
                );
                shared.rate_limiter.on_rate_limited(clock, pause);
            }
            let response_lost = error.outcome() == Outcome::Unknown;
            self.maybe_applied |= response_lost;
            self.progress.set_maybe_applied(self.maybe_applied);
            let error = match self.recover_lost_write(error).await {
                Ok(found) => {
                    tracing::info!(
                        target: "skiplino",
                        operation = self.spec.operation.id(),
                        attempt = self.attempts,
                        "response lost; the write was confirmed by a lookup"
                    );
                    shared.retry_budget.refill(self.attempts);
                    return Ok(found.into_recovered(self.attempts));
                }
                Err(error) => self.with_call_context(error),
            };
            self.progress.set_maybe_applied(self.maybe_applied);
            let failed = FailedAttempt {
                error: &error,
                attempts: self.attempts,
                response_lost,
                pause,
                time_left: self.context.time_left(),
            };
            if self.is_unreadable || !retry::should_retry(policy, &shared.retry_budget, &failed) {
                return Err(error);
            }
            tracing::warn!(
                target: "skiplino",
                operation = self.spec.operation.id(),
                attempt = self.attempts,
                kind = error.kind().as_str(),
                pause_ms = milliseconds(pause),
                "the attempt failed; retrying"
            );
            // After a 429 the rate limiter waits, up to its longest pause.
            if !rate_limited || pause > RateLimiter::MAX_PAUSE {
                clock.sleep(pause).await;
            }
        }
    }

    /// Waits until the rate limits allow the next attempt. The limit of a job was acquired before
    /// the first attempt, so only retries acquire it here.
    async fn acquire(&mut self) -> Result<(), Error> {
        let shared = self.context.shared;
        let job = self.spec.job.as_ref().filter(|_| self.attempts > 0);
        let job_limiter = job.map(|job| &job.rate_limiter);
        for rate_limiter in job_limiter.into_iter().chain([&shared.rate_limiter]) {
            rate_limiter
                .acquire(&*shared.config.clock, self.context.end())
                .await?;
        }
        Ok(())
    }

    /// Counts and records one attempt.
    async fn next_attempt(&mut self) -> Result<Response<Data>, Error> {
        let shared = self.context.shared;
        let clock = &*shared.config.clock;
        self.attempts += 1;
        self.progress.set_attempts(self.attempts);
        let span = tracing::debug_span!(
            target: "skiplino",
            "attempt",
            operation = self.spec.operation.id(),
            attempt = self.attempts,
            status = field::Empty,
            elapsed_ms = field::Empty
        );
        if let Some(job) = &self.spec.job {
            job.on_request();
        }
        if let Some(booking) = &mut self.booking {
            booking.on_send().await;
        }
        let started = clock.now();
        let attempt = || {
            attempt(
                self.spec,
                self.context,
                self.request,
                self.locale.as_ref(),
                self.progress,
                started,
            )
        };
        let result = match &mut self.booking {
            // Boxed: the future of every other call would have room for this one as well.
            Some(booking) => {
                let attempt = Box::pin(attempt().instrument(span.clone()));
                booking.read_beside(attempt).await
            }
            None => pin!(attempt()).instrument(span.clone()).await,
        };
        let status = match &result {
            Ok(response) => Some(response.status),
            Err(error) => error.status(),
        };
        let ended = clock.now();
        record_span(&span, status, clock, started);
        tracing::debug!(
            target: "skiplino",
            operation = self.spec.operation.id(),
            attempt = self.attempts,
            status,
            kind = result.as_ref().err().map(|error| error.kind().as_str()),
            elapsed_ms = milliseconds(ended - started),
            "attempt finished"
        );
        if status.is_some_and(|status| status != 429) {
            shared.rate_limiter.on_response(ended);
        }
        if let Ok(response) = &result {
            shared
                .bookings
                .on_response(&response.headers, started, ended);
        }
        let mut response =
            result.map_err(|error| error.edit(|inner| inner.attempts = self.attempts))?;
        response.attempts = self.attempts;
        if let (Some(booking), Some(ticket)) =
            (&mut self.booking, response.data.downcast_ref::<Ticket>())
        {
            booking.on_success(ticket);
        }
        Ok(response)
    }

    /// Looks up a write that may have been applied. `error` is the failure of the last attempt.
    ///
    /// # Errors
    /// The failure of the call if the lookup did not find the write.
    async fn recover_lost_write(&mut self, error: Error) -> Result<Response<Data>, Error> {
        let response_lost = error.outcome() == Outcome::Unknown;
        match (&self.spec.recovery, &mut self.booking) {
            (Recovery::BookingLookup(_), Some(booking)) if response_lost => {
                booking.recover(error).await.map(Response::untyped)
            }
            (_, Some(booking)) => {
                booking.on_rejection();
                Err(error)
            }
            (Recovery::Impossible(advice), _) if response_lost => {
                Err(error.into_outcome_unknown((*advice).to_owned()))
            }
            (Recovery::Lookup(lookup), _) if self.maybe_applied => {
                let never = RetryPolicy::never();
                // If the write can be retried, one lookup without retries is enough.
                let followed = response_lost && self.context.retry.allows_more(self.attempts);
                let retry = if followed { &never } else { self.context.retry };
                let context = CallContext {
                    retry,
                    ..*self.context
                };
                lookup.find(&context, error).await.map_err(|(error, lost)| {
                    self.maybe_applied = lost != LostWrite::NotApplied;
                    self.is_unreadable = lost == LostWrite::Unreadable;
                    error
                })
            }
            _ => Err(error),
        }
    }

    /// Adds the call's attempt count, and outcome `Unknown` if an earlier attempt may have been
    /// applied.
    fn with_call_context(&self, error: Error) -> Error {
        error.edit(|inner| {
            inner.attempts = self.attempts;
            if self.maybe_applied {
                inner.outcome = Outcome::Unknown;
            }
        })
    }
}

fn record_span(span: &Span, status: Option<u16>, clock: &dyn Clock, started: Instant) {
    if span.is_disabled() {
        return;
    }
    if let Some(status) = status {
        span.record("status", status);
    }
    span.record("elapsed_ms", milliseconds(clock.now() - started));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
