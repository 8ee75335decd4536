//! Everything about a call but what it sends: how it begins, what one attempt is, and what becomes of its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use tracing::{Instrument as _, Span, field};

use crate::call::CallOptions;
use crate::call::cancellation::{self, CancellationToken, SoFar};
use crate::call::rate_limiter::Pace;
use crate::call::recovery::booking::UnderWay;
use crate::call::recovery::{Reader, Settle};
use crate::call::retry_loop::Sending;
use crate::client::Client;
use crate::clock::Clock;
use crate::config;
use crate::error::{Error, ErrorKind, Outcome, TimeoutKind};
use crate::http::decode::{self, Data, Read};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::transport;
use crate::operation::{Effect, Operation};

/// Nobody waits for longer, and what is added to a clock must not overflow it.
pub(crate) const FOREVER: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Everything about a call but what it sends, and what comes back.
pub(crate) struct Plan {
    pub(crate) operation: Operation,
    pub(crate) options: CallOptions,
    pub(crate) settle: Settle,
    /// The pace of a job that the call belongs to.
    pub(crate) pace: Option<Arc<Pace>>,
    pub(crate) cancellation_token: Option<CancellationToken>,
}

impl Plan {
    pub(crate) async fn run(
        &self,
        client: &Client,
        pool: &reqwest::Client,
        request: &Request,
        decode: Read,
    ) -> Result<Response<Data>, Error> {
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
            .attempts(client, pool, request, decode, started, &so_far)
            .instrument(span.clone());
        let result = cancellation::unless(self.cancellation_token.as_ref(), attempts)
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
        if let Err(error) = &result {
            self.log(error);
        }
        result
    }

    /// What could not be found out is for the people who run the program; other failures are answers to it.
    fn log(&self, error: &Error) {
        let (operation, kind) = (self.operation.id(), error.kind().as_str());
        let attempts = error.attempts();
        if error.outcome() == Outcome::Unknown {
            tracing::warn!(target: "skiplino", operation, kind, attempts, "the call failed, and may have had its effect");
        } else {
            tracing::info!(target: "skiplino", operation, kind, attempts, "the call failed");
        }
    }

    async fn attempts(
        &self,
        client: &Client,
        pool: &reqwest::Client,
        request: &Request,
        decode: Read,
        started: Instant,
        so_far: &SoFar,
    ) -> Result<Response<Data>, Error> {
        let config = &client.0.config;
        let locale = match &self.options.locale {
            Some(locale) => config::locale(locale)?,
            None => config.locale.clone(),
        };
        let deadline = self.options.deadline.unwrap_or(config.deadline);
        if deadline.is_zero() {
            return Err(Error::invalid("deadline", "must be longer than nothing"));
        }
        let reader = Reader {
            client,
            pool,
            locale: self.options.locale.as_deref(),
            retry: self.options.retry.as_ref().unwrap_or(&config.retry),
            started,
            deadline: deadline.min(FOREVER),
        };
        let booking = match &self.settle {
            Settle::Booking(booking) => Some(UnderWay::begin(booking, &reader).await?),
            _ => None,
        };
        let sending = Sending {
            plan: self,
            decode,
            reader: &reader,
            request,
            locale: locale.as_ref(),
            booking,
            so_far,
            attempts: 0,
            in_doubt: false,
        };
        sending.run().await
    }

    pub(crate) async fn attempt(
        &self,
        reader: &Reader<'_>,
        request: &Request,
        decode: Read,
        locale: Option<&HeaderValue>,
        so_far: &SoFar,
    ) -> Result<Response<Data>, Error> {
        let (config, left) = (&reader.client.0.config, reader.left());
        let sent = transport::Sent::not_yet(request);
        so_far.sending(Some(sent.clone()));
        // A write that can be found out about leaves a quarter of the time for that.
        let kept = if self.settle.looks() {
            left / 4
        } else {
            Duration::ZERO
        };
        let limit = (left - kept).min(config.attempt_timeout);
        let sending = transport::attempt(
            reader.pool,
            request,
            locale,
            config.max_response_bytes,
            &sent,
        );
        let answer = match tokio::time::timeout(limit, sending).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::new(ErrorKind::Timeout).edit(|inner| {
                inner.deadline = Some(if limit < config.attempt_timeout {
                    TimeoutKind::Call
                } else {
                    TimeoutKind::Attempt
                });
            })),
        };
        so_far.sending(None);
        let reached = sent.get() || request.body.is_none();
        self.heard(answer, decode, reached)
    }

    /// What an attempt ends in that was answered so, or that failed; `sent` is whether it may have reached the server.
    pub(crate) fn heard(
        &self,
        answer: Result<transport::Answer, Error>,
        decode: Read,
        sent: bool,
    ) -> Result<Response<Data>, Error> {
        answer
            .and_then(|answer| read(answer, decode))
            .map_err(|error| {
                let outcome = outcome(self.operation, &error, sent);
                error.edit(|inner| inner.outcome = outcome)
            })
    }
}

fn read(answer: transport::Answer, decode: Read) -> Result<Response<Data>, Error> {
    let status = answer.status;
    if (200..300).contains(&status) {
        return match decode(&answer.body) {
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

/// What a failed attempt may have done on the server.
fn outcome(operation: Operation, error: &Error, sent: bool) -> Outcome {
    let unknown = match error.kind() {
        ErrorKind::Server
        | ErrorKind::UnexpectedStatus
        | ErrorKind::Decode
        | ErrorKind::Transport => true,
        ErrorKind::Timeout => sent && error.timeout() != Some(TimeoutKind::Connect),
        _ => false,
    };
    if unknown && operation.effect() != Effect::Read {
        Outcome::Unknown
    } else {
        Outcome::NotApplied
    }
}

pub(crate) fn finished(span: &Span, status: Option<u16>, clock: &dyn Clock, started: Instant) {
    if span.is_disabled() {
        return;
    }
    if let Some(status) = status {
        span.record("status", status);
    }
    span.record("elapsed_ms", milliseconds(clock.now() - started));
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
