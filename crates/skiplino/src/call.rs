//! One call: its options, its attempts, its deadline, and what is told of it.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use tracing::{Instrument as _, Span, field};

use crate::client::{Client, Inner};
use crate::clock::Clock;
use crate::decode::{self, Decoded};
use crate::error::{Deadline, Error, ErrorKind, Outcome};
use crate::operation::{Effect, Operation};
use crate::request::Request;
use crate::response::Response;
use crate::retry::RetryPolicy;
use crate::{config, transport};

/// Reads the body of a success.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<Decoded<T>, Error>;

/// The data that an error stands for, where it is an answer too.
type Recover<T> = fn(&Error) -> Option<T>;

/// What may differ from the client's settings for one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallOptions {
    /// The language of names and reasons; empty for the server's default.
    pub locale: Option<String>,
    /// How long the whole call may take, retries and pauses included.
    pub deadline: Option<Duration>,
    /// How it is tried again.
    pub retry: Option<RetryPolicy>,
}

/// An operation ready to be sent: `.await` it (on Tokio), or [`wait`](Self::wait) for it. Nothing happens before.
///
/// Dropping the future of a call stops it.
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct Call<T> {
    prepared: Result<(Client, Request), Error>,
    plan: Plan<T>,
}

/// Everything about a call but what it sends.
struct Plan<T> {
    operation: Operation,
    options: CallOptions,
    decode: Decode<T>,
    recover: Option<Recover<T>>,
}

impl<T> Call<T> {
    pub(crate) fn new(client: Client, request: Request, decode: Decode<T>) -> Self {
        let operation = request.operation;
        Self::planned(operation, Ok((client, request)), decode)
    }

    /// A call that fails without any network.
    pub(crate) fn refused(operation: Operation, error: Error) -> Self {
        let unread = |_: &[u8]| Err(Error::new(ErrorKind::Internal));
        Self::planned(operation, Err(error), unread)
    }

    fn planned(
        operation: Operation,
        prepared: Result<(Client, Request), Error>,
        decode: Decode<T>,
    ) -> Self {
        Self {
            prepared,
            plan: Plan {
                operation,
                options: CallOptions::default(),
                decode,
                recover: None,
            },
        }
    }

    pub(crate) fn recover(mut self, recover: Recover<T>) -> Self {
        self.plan.recover = Some(recover);
        self
    }

    /// The operation that it calls.
    pub fn operation(&self) -> Operation {
        self.plan.operation
    }

    /// The language of names and reasons for this call (`X-Locale`).
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.plan.options.locale = Some(locale.into());
        self
    }

    /// How long this call may take, retries and pauses included.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.plan.options.deadline = Some(limit);
        self
    }

    /// How this call is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.plan.options.retry = Some(policy);
        self
    }

    /// All options at once, replacing those set before.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.plan.options = options;
        self
    }

    /// Asks for the whole [`Response`]: the data, and message, status, headers and attempts.
    pub fn with_response(self) -> CallWithResponse<T> {
        CallWithResponse(self)
    }

    /// Makes the call on this thread and returns its data.
    ///
    /// # Errors
    /// As the operation; `InvalidRequest` inside an async runtime, which it would block.
    pub fn wait(self) -> Result<T, Error> {
        self.wait_response().map(Response::into_data)
    }

    fn wait_response(self) -> Result<Response<T>, Error> {
        let plan = self.plan;
        let may_repeat = plan.operation.effect() == Effect::Read;
        let result = self.prepared.and_then(|(client, request)| {
            let Inner {
                drivers, config, ..
            } = &*client.0;
            drivers.drive(config, may_repeat, async |pool| {
                plan.run(&client.0, pool, &request).await
            })
        });
        plan.finish(result)
    }

    /// Sends it from within a runtime, on the connections given or on those that the client keeps for `.await`.
    pub(crate) async fn send_on(
        self,
        pool: Option<&reqwest::Client>,
    ) -> Result<Response<T>, Error> {
        let plan = self.plan;
        let result = match (self.prepared, in_runtime()) {
            (Ok((client, request)), Ok(())) => {
                let pool = pool.unwrap_or(&client.0.pool);
                plan.run(&client.0, pool, &request).await
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        plan.finish(result)
    }
}

impl<T> Plan<T> {
    /// What every result goes through, whether it was sent or refused.
    fn finish(&self, result: Result<Response<T>, Error>) -> Result<Response<T>, Error> {
        let error = match result {
            Ok(response) => return Ok(response),
            Err(error) => error.edit(|inner| inner.operation = Some(self.operation)),
        };
        match self.recover.and_then(|recover| recover(&error)) {
            Some(data) => Ok(error.into_response(data)),
            None => Err(error),
        }
    }

    async fn run(
        &self,
        client: &Inner,
        pool: &reqwest::Client,
        request: &Request,
    ) -> Result<Response<T>, Error> {
        let operation = self.operation.id();
        let span = tracing::info_span!(
            "call",
            operation,
            attempts = field::Empty,
            status = field::Empty,
            elapsed_ms = field::Empty
        );
        let started = client.config.clock.now();
        let result = self
            .attempts(client, pool, request, started)
            .instrument(span.clone())
            .await;
        let (attempts, status) = match &result {
            Ok(response) => (response.attempts, Some(response.status)),
            Err(error) => (error.attempts(), error.status()),
        };
        span.record("attempts", attempts);
        finished(&span, status, &*client.config.clock, started);
        result
    }

    async fn attempts(
        &self,
        client: &Inner,
        pool: &reqwest::Client,
        request: &Request,
        started: Instant,
    ) -> Result<Response<T>, Error> {
        let config = &client.config;
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
        let mut attempts = 0;
        loop {
            attempts += 1;
            let left = deadline.saturating_sub(clock.now() - started);
            let span = tracing::debug_span!(
                "attempt",
                operation = self.operation.id(),
                attempt = attempts,
                status = field::Empty,
                elapsed_ms = field::Empty
            );
            let attempt_started = clock.now();
            let result = self
                .attempt(client, pool, request, chosen.as_ref(), left)
                .instrument(span.clone())
                .await;
            let status = match &result {
                Ok(response) => Some(response.status),
                Err(error) => error.status(),
            };
            finished(&span, status, clock, attempt_started);
            let error = match result {
                Ok(mut response) => {
                    client.budget.refill();
                    response.attempts = attempts;
                    return Ok(response);
                }
                Err(error) => error.edit(|inner| inner.attempts = attempts),
            };
            // A pause that would outlast the deadline is not begun: what is known now is worth more than waiting for nothing.
            let left = deadline.saturating_sub(clock.now() - started);
            match retry.pause(&error) {
                Some(pause) if pause < left && client.budget.take() => {
                    clock.sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    async fn attempt(
        &self,
        client: &Inner,
        pool: &reqwest::Client,
        request: &Request,
        locale: Option<&HeaderValue>,
        left: Duration,
    ) -> Result<Response<T>, Error> {
        let config = &client.config;
        let sent = transport::Sent::not_yet(request);
        let limit = left.min(config.attempt_timeout);
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

/// Whether there is a runtime to wait in; without one, the layers below would panic.
pub(crate) fn in_runtime() -> Result<(), Error> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(ErrorKind::InvalidRequest).edit(|inner| {
            inner.reason = Some("awaiting takes a Tokio runtime: wait() needs none".to_owned());
        })),
    }
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

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.send_on(None).await.map(Response::into_data) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.plan.operation.id())
            .field("options", &self.plan.options)
            .finish_non_exhaustive()
    }
}

/// A [`Call`] that gives the whole [`Response`].
#[derive(Debug)]
#[must_use = "a call does nothing until it is awaited or waited for"]
pub struct CallWithResponse<T>(Call<T>);

impl<T> CallWithResponse<T> {
    /// Makes the call on this thread.
    ///
    /// # Errors
    /// As [`Call::wait`].
    pub fn wait(self) -> Result<Response<T>, Error> {
        self.0.wait_response()
    }
}

impl<T: Send + 'static> IntoFuture for CallWithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.send_on(None))
    }
}
