//! A call under way: its attempts, its deadline, and what becomes of each answer.

use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use tracing::{Instrument as _, Span, field};

use crate::call::CallOptions;
use crate::client::Inner;
use crate::clock::Clock;
use crate::decode::{self, Decoded};
use crate::error::{Deadline, Error, ErrorKind, Outcome};
use crate::operation::{Effect, Operation};
use crate::request::Request;
use crate::response::Response;
use crate::{config, transport};

/// Reads the body of a success.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<Decoded<T>, Error>;

/// The data that an error stands for, where it is an answer too.
pub(crate) type Recover<T> = fn(&Error) -> Option<T>;

/// Everything about a call but what it sends.
pub(crate) struct Plan<T> {
    pub(crate) operation: Operation,
    pub(crate) options: CallOptions,
    pub(crate) decode: Decode<T>,
    pub(crate) recover: Option<Recover<T>>,
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
