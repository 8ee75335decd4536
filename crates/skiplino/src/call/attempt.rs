//! One attempt of a call: sends the request once, and turns the response into a result.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use reqwest::header::HeaderValue;

use crate::call::cancellation::CallProgress;
use crate::call::context::CallContext;
use crate::call::spec::CallSpec;
use crate::error::{Error, ErrorKind, Outcome, TimeoutKind};
use crate::http::decode::{self, Data};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::transport::{self, RawResponse, SendFlag};
use crate::operation::{Effect, Operation};

/// Sends the request once, at `started`.
///
/// # Errors
/// Any failure, with the outcome of this attempt alone.
pub(crate) async fn attempt(
    spec: &CallSpec,
    context: &CallContext<'_>,
    request: &Request,
    locale: Option<&HeaderValue>,
    progress: &CallProgress,
    started: Instant,
) -> Result<Response<Data>, Error> {
    let config = &context.shared.config;
    let time_left = context.time_left_at(started);
    // A write that can be looked up afterwards keeps a quarter of the time for that.
    let reserved = if spec.recovery.needs_lookup() {
        time_left / 4
    } else {
        Duration::ZERO
    };
    let limit = (time_left - reserved).min(config.attempt_timeout);
    let send_flag = SendFlag::new(request);
    progress.set_send_flag(Some(send_flag.clone()));
    let response = if spec.ends_in_background {
        send_in_background(context, request, locale, &send_flag, limit).await
    } else {
        let sending = transport::send(context.pool, config, request, locale, &send_flag);
        let timer = &context.pool.attempt_timer;
        timer.limit(limit, pin!(sending)).await
    };
    let response = response.unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Timeout).edit(|inner| {
            inner.timeout = Some(if limit < config.attempt_timeout {
                TimeoutKind::Call
            } else {
                TimeoutKind::Attempt
            });
        }))
    });
    progress.set_send_flag(None);
    interpret(spec, response, send_flag.is_set()).map_err(|error| error.without_key(config.key()))
}

/// Sends the request in a task of its own, which goes on if this future is dropped, until the
/// client is dropped. The task must not hold the client: in the runtime of a blocking call it stands
/// still until the next call, and the client owns that runtime.
async fn send_in_background(
    context: &CallContext<'_>,
    request: &Request,
    locale: Option<&HeaderValue>,
    send_flag: &SendFlag,
    limit: Duration,
) -> Option<Result<RawResponse, Error>> {
    let (pool, config) = (context.pool.clone(), Arc::clone(&context.shared.config));
    let (request, locale) = (request.clone(), locale.cloned());
    let send_flag = send_flag.clone();
    let mut client = context.shared.open.subscribe();
    let in_background = pool.start_in_background();
    let task = tokio::spawn(async move {
        let _in_background = in_background;
        let sending = transport::send(&pool, &config, &request, locale.as_ref(), &send_flag);
        let sending = pool.attempt_timer.limit(limit, sending);
        match select(pin!(sending), pin!(client.changed())).await {
            Either::Left((response, _)) => Some(response),
            Either::Right(_) => None,
        }
    });
    match task.await {
        Ok(Some(response)) => response,
        // Nobody waits any more: the client or the runtime has ended.
        Ok(None) | Err(_) => Some(Err(Error::new(ErrorKind::Internal))),
    }
}

/// The result of an attempt. `maybe_sent` says whether the request may have reached the server.
pub(crate) fn interpret(
    spec: &CallSpec,
    response: Result<RawResponse, Error>,
    maybe_sent: bool,
) -> Result<Response<Data>, Error> {
    response
        .and_then(|response| decode(response, spec))
        .map_err(|error| {
            let outcome = outcome(spec.operation, &error, maybe_sent);
            error.edit(|inner| inner.outcome = outcome)
        })
}

fn decode(response: RawResponse, spec: &CallSpec) -> Result<Response<Data>, Error> {
    let status = response.status;
    if (200..300).contains(&status) {
        let read = (spec.read)(&response.body).and_then(|(data, message)| {
            let expected = spec.expected_record.as_ref();
            expected.map_or(Ok(()), |expected| expected.check(&data))?;
            Ok((data, message))
        });
        return match read {
            Ok((data, message)) => Ok(Response {
                data,
                message,
                status,
                headers: response.headers,
                attempts: 0,
                recovered: false,
            }),
            Err(error) => Err(error.edit(|inner| {
                inner.status = Some(status);
                inner.headers = response.headers;
            })),
        };
    }
    let body = decode::error_body(&response.body);
    Err(Error::new(ErrorKind::of_status(status)).edit(|inner| {
        inner.status = Some(status);
        inner.message = body.message;
        inner.reason = body.reason;
        inner.fields = body.fields;
        inner.retry_after = transport::retry_after(&response.headers);
        inner.headers = response.headers;
    }))
}

/// Whether a failed attempt may have changed the server's state.
fn outcome(operation: Operation, error: &Error, maybe_sent: bool) -> Outcome {
    let unknown = match error.kind() {
        ErrorKind::Server
        | ErrorKind::UnexpectedStatus
        | ErrorKind::Decode
        | ErrorKind::Transport => true,
        ErrorKind::Timeout => maybe_sent && error.timeout() != Some(TimeoutKind::Connect),
        _ => false,
    };
    if unknown && operation.effect() != Effect::Read {
        Outcome::Unknown
    } else {
        Outcome::NotApplied
    }
}
