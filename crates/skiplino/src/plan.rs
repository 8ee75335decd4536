//! A call under way: its attempts, its deadline, and what becomes of each answer.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use tracing::{Instrument as _, Span, field};

use crate::bookings::UnderWay;
use crate::call::CallOptions;
use crate::cancel::{self, Canceller};
use crate::client::{Client, Inner};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::decode::{self, Decoded};
use crate::error::{Deadline, Error, ErrorKind, Outcome};
use crate::operation::{Effect, Operation};
use crate::pace::Pace;
use crate::request::Request;
use crate::response::Response;
use crate::retry::RetryPolicy;
use crate::settle::{Reader, Settle};
use crate::transport;

/// Reads the body of a success.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<Decoded<T>, Error>;

/// The data that an error stands for, where it is an answer too.
pub(crate) type Recover<T> = fn(&Error) -> Option<T>;

/// Nobody waits for longer, and what is added to a clock must not overflow it.
pub(crate) const FOREVER: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Everything about a call but what it sends.
pub(crate) struct Plan<T> {
    pub(crate) operation: Operation,
    pub(crate) options: CallOptions,
    pub(crate) decode: Decode<T>,
    pub(crate) recover: Option<Recover<T>>,
    pub(crate) settle: Settle<T>,
    /// The pace of a job that the call belongs to.
    pub(crate) pace: Option<Arc<Pace>>,
    pub(crate) canceller: Option<Canceller>,
}

/// How far a call has come, for when it is cancelled.
#[derive(Default)]
struct SoFar {
    attempts: AtomicU32,
    in_doubt: AtomicBool,
    /// Of the attempt under way.
    sent: Mutex<Option<transport::Sent>>,
}

impl SoFar {
    fn sending(&self, sent: Option<transport::Sent>) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }

    fn cancelled(&self, operation: Operation) -> Error {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = sent.as_ref().is_some_and(transport::Sent::get);
        let writes = operation.effect() != Effect::Read;
        let in_doubt = writes && (reached || self.in_doubt.load(Ordering::Acquire));
        let error = Error::new(ErrorKind::Cancelled);
        told(error, self.attempts.load(Ordering::Acquire), in_doubt)
    }
}

impl<T> Plan<T> {
    /// What every result goes through, whether it was sent or refused.
    pub(crate) fn finish(&self, result: Result<Response<T>, Error>) -> Result<Response<T>, Error> {
        let error = match result {
            Ok(response) => return Ok(response),
            Err(error) => error.edit(|inner| inner.operation = Some(self.operation)),
        };
        match self.recover.and_then(|recover| recover(&error)) {
            Some(data) => Ok(error.into_response(data)),
            None => Err(error),
        }
    }

    pub(crate) async fn run(
        &self,
        client: &Client,
        pool: &reqwest::Client,
        request: &Request,
    ) -> Result<Response<T>, Error> {
        let operation = self.operation.id();
        let span = tracing::info_span!(
            target: "skiplino",
            "call",
            operation,
            attempts = field::Empty,
            status = field::Empty,
            recovered = field::Empty,
            elapsed_ms = field::Empty
        );
        let clock = &*client.0.config.clock;
        let started = clock.now();
        let so_far = SoFar::default();
        let attempts = self
            .attempts(client, pool, request, started, &so_far)
            .instrument(span.clone());
        let result = cancel::unless(self.canceller.as_ref(), attempts)
            .await
            .unwrap_or_else(|| Err(so_far.cancelled(self.operation)));
        let (attempts, status) = match &result {
            Ok(response) => (response.attempts, Some(response.status)),
            Err(error) => (error.attempts(), error.status()),
        };
        span.record("attempts", attempts);
        if result.as_ref().is_ok_and(Response::recovered) {
            span.record("recovered", true);
        }
        finished(&span, status, clock, started);
        result
    }

    async fn attempts(
        &self,
        client: &Client,
        pool: &reqwest::Client,
        request: &Request,
        started: Instant,
        so_far: &SoFar,
    ) -> Result<Response<T>, Error> {
        let Inner {
            config,
            budget,
            pace,
            ..
        } = &*client.0;
        let chosen = match &self.options.locale {
            Some(locale) => config::locale(locale)?,
            None => config.locale.clone(),
        };
        let retry = self.options.retry.as_ref().unwrap_or(&config.retry);
        let deadline = self.options.deadline.unwrap_or(config.deadline);
        if deadline.is_zero() {
            return Err(Error::invalid("deadline", "must be longer than nothing"));
        }
        let clock = &*config.clock;
        let reader = Reader {
            client,
            pool,
            locale: self.options.locale.as_deref(),
            retry,
            started,
            deadline: deadline.min(FOREVER),
        };
        let mut booking = match &self.settle {
            Settle::Booking { booking, .. } => Some(UnderWay::begin(booking, &reader).await?),
            _ => None,
        };
        let once = RetryPolicy::never();
        let mut attempts = 0;
        let mut in_doubt = false;
        loop {
            if let Some(own) = self.pace.as_ref().filter(|_| attempts > 0) {
                let passed = own.pass(clock, reader.left()).await;
                passed.map_err(|error| told(error, attempts, in_doubt))?;
            }
            let passed = pace.pass(clock, reader.left()).await;
            passed.map_err(|error| told(error, attempts, in_doubt))?;
            attempts += 1;
            so_far.attempts.store(attempts, Ordering::Release);
            let span = tracing::debug_span!(
                target: "skiplino",
                "attempt",
                operation = self.operation.id(),
                attempt = attempts,
                status = field::Empty,
                elapsed_ms = field::Empty
            );
            if let Some(booking) = &mut booking {
                booking.sent();
            }
            let attempt_started = clock.now();
            let result = self
                .attempt(
                    config,
                    pool,
                    request,
                    chosen.as_ref(),
                    reader.left(),
                    so_far,
                )
                .instrument(span.clone())
                .await;
            let status = match &result {
                Ok(response) => Some(response.status),
                Err(error) => error.status(),
            };
            finished(&span, status, clock, attempt_started);
            let error = match result {
                Ok(mut response) => {
                    pace.taken(clock);
                    budget.refill(attempts);
                    response.attempts = attempts;
                    if let (Some(booking), Settle::Booking { id, .. }) =
                        (&mut booking, &self.settle)
                    {
                        booking.booked(id(&response.data));
                    }
                    return Ok(response);
                }
                Err(error) => error.edit(|inner| inner.attempts = attempts),
            };
            let pause = retry.pause(&error);
            let rate_limited = error.kind() == ErrorKind::RateLimited;
            if rate_limited {
                pace.refused(clock, pause);
            } else if status.is_some() {
                pace.taken(clock);
            }
            let lost = error.outcome() == Outcome::Unknown;
            in_doubt |= lost;
            so_far.in_doubt.store(in_doubt, Ordering::Release);
            let error = match (&self.settle, &mut booking) {
                (Settle::Booking { found, .. }, Some(booking)) if lost => {
                    let ticket = booking.settle(error).await?;
                    budget.refill(attempts);
                    return Ok(found(ticket).found_after(attempts));
                }
                (_, Some(booking)) => {
                    booking.refused();
                    error
                }
                (Settle::Never(advice), _) if lost => {
                    return Err(error.unsettled((*advice).to_owned()));
                }
                (settle, _) if in_doubt => {
                    // One look is enough where an attempt follows.
                    let followed = lost && retry.allows_more(attempts);
                    let retry = if followed { &once } else { retry };
                    match settle.find(&Reader { retry, ..reader }, error).await {
                        Ok(found) => {
                            budget.refill(attempts);
                            return Ok(found.found_after(attempts));
                        }
                        Err((error, doubt)) => {
                            in_doubt = doubt;
                            so_far.in_doubt.store(in_doubt, Ordering::Release);
                            error
                        }
                    }
                }
                _ => error,
            };
            let error = told(error, attempts, in_doubt);
            // A pause that would outlast the deadline is not begun: what is known now is worth more than waiting for nothing.
            let again = (error.is_retryable() || lost)
                && retry.allows_more(attempts)
                && pause < reader.left()
                // What the server's own pace holds back cannot storm it.
                && (rate_limited || budget.take());
            if !again {
                return Err(error);
            }
            if !rate_limited || pause > Pace::LONGEST {
                clock.sleep(pause).await;
            }
        }
    }

    async fn attempt(
        &self,
        config: &Config,
        pool: &reqwest::Client,
        request: &Request,
        locale: Option<&HeaderValue>,
        left: Duration,
        so_far: &SoFar,
    ) -> Result<Response<T>, Error> {
        let sent = transport::Sent::not_yet(request);
        so_far.sending(Some(sent.clone()));
        // A write that can be found out about leaves a quarter of the time for that.
        let kept = if self.settle.looks() {
            left / 4
        } else {
            Duration::ZERO
        };
        let limit = (left - kept).min(config.attempt_timeout);
        let sending = transport::attempt(pool, request, locale, config.response_cap, &sent);
        let answer = match tokio::time::timeout(limit, sending).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::new(ErrorKind::Timeout).edit(|inner| {
                inner.deadline = Some(if limit < config.attempt_timeout {
                    Deadline::Call
                } else {
                    Deadline::Attempt
                });
            })),
        };
        so_far.sending(None);
        answer
            .and_then(|answer| self.read(answer))
            .map_err(|error| {
                let reached = sent.get() || request.body.is_none();
                let outcome = outcome(self.operation, &error, reached);
                error.edit(|inner| inner.outcome = outcome)
            })
    }

    fn read(&self, answer: transport::Answer) -> Result<Response<T>, Error> {
        let status = answer.status;
        if (200..300).contains(&status) {
            return match (self.decode)(&answer.body) {
                Ok((data, message)) => Ok(Response {
                    data,
                    message,
                    status,
                    headers: answer.headers,
                    attempts: 0,
                    recovered: false,
                }),
                Err(error) => Err(error.edit(|inner| {
                    inner.status = Some(status);
                    inner.headers = answer.headers;
                })),
            };
        }
        let complaint = decode::complaint(&answer.body);
        Err(Error::new(ErrorKind::of_status(status)).edit(|inner| {
            inner.status = Some(status);
            inner.message = complaint.message;
            inner.reason = complaint.reason;
            inner.fields = complaint.fields;
            inner.retry_after = transport::retry_after(&answer.headers);
            inner.headers = answer.headers;
        }))
    }
}

/// A failure as the whole call has it: an attempt before may have done what this one did not.
fn told(error: Error, attempts: u32, in_doubt: bool) -> Error {
    error.edit(|inner| {
        inner.attempts = attempts;
        if in_doubt {
            inner.outcome = Outcome::Unknown;
        }
    })
}

/// What a failed attempt may have done on the server.
fn outcome(operation: Operation, error: &Error, sent: bool) -> Outcome {
    let unknown = match error.kind() {
        ErrorKind::Server
        | ErrorKind::UnexpectedStatus
        | ErrorKind::Decode
        | ErrorKind::Transport => true,
        ErrorKind::Timeout => sent && error.timeout() != Some(Deadline::Connect),
        _ => false,
    };
    if unknown && operation.effect() != Effect::Read {
        Outcome::Unknown
    } else {
        Outcome::NotApplied
    }
}

fn finished(span: &Span, status: Option<u16>, clock: &dyn Clock, started: Instant) {
    if span.is_disabled() {
        return;
    }
    if let Some(status) = status {
        span.record("status", status);
    }
    let elapsed = clock.now() - started;
    span.record("elapsed_ms", elapsed.as_secs_f64() * 1000.0);
}
