//! The attempts of a call, and what comes between them: pauses, looks for what a lost answer was about, and the end.

use reqwest::header::HeaderValue;
use tracing::{Instrument as _, field};

use crate::call::attempt::{Plan, finished, milliseconds};
use crate::call::cancellation::SoFar;
use crate::call::rate_limiter::Pace;
use crate::call::recovery::booking::UnderWay;
use crate::call::recovery::{Reader, Settle};
use crate::call::retry::RetryPolicy;
use crate::client::Inner;
use crate::error::{Error, ErrorKind, Outcome};
use crate::http::decode::{Data, Read};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::models::Ticket;

/// A call between its attempts.
pub(crate) struct Sending<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) decode: Read,
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) request: &'a Request,
    pub(crate) locale: Option<&'a HeaderValue>,
    pub(crate) booking: Option<UnderWay<'a>>,
    pub(crate) so_far: &'a SoFar,
    pub(crate) attempts: u32,
    /// Whether an attempt may have done what no answer told of.
    pub(crate) in_doubt: bool,
}

impl Sending<'_> {
    /// Makes attempts until one succeeds, the write is found, or there is no point in another.
    pub(crate) async fn run(mut self) -> Result<Response<Data>, Error> {
        let Inner {
            config,
            budget,
            pace,
            ..
        } = &self.reader.client.0.as_ref();
        let (clock, retry) = (&*config.clock, self.reader.retry);
        loop {
            self.pass().await.map_err(|error| self.told(error))?;
            let error = match self.attempt().await {
                Ok(response) => {
                    budget.refill(self.attempts);
                    return Ok(response);
                }
                Err(error) => error,
            };
            let pause = retry.pause(&error);
            let rate_limited = error.kind() == ErrorKind::RateLimited;
            if rate_limited {
                tracing::warn!(
                    target: "skiplino",
                    operation = self.plan.operation.id(),
                    pause_ms = milliseconds(pause),
                    "too many requests: every call of the client waits"
                );
                pace.refused(clock, pause);
            }
            let lost = error.outcome() == Outcome::Unknown;
            self.in_doubt |= lost;
            self.so_far.doubts(self.in_doubt);
            let error = match self.find_out(error).await {
                Ok(found) => {
                    tracing::info!(
                        target: "skiplino",
                        operation = self.plan.operation.id(),
                        attempt = self.attempts,
                        "the answer was lost, and what it told of was found"
                    );
                    budget.refill(self.attempts);
                    return Ok(found.found_after(self.attempts));
                }
                Err(error) => self.told(error),
            };
            self.so_far.doubts(self.in_doubt);
            // A pause that would outlast the deadline is not begun: what is known now is worth more than waiting for nothing.
            let again = (error.is_retryable() || lost)
                && error.kind() != ErrorKind::OutcomeUnknown
                && retry.allows_more(self.attempts)
                && pause < self.reader.left()
                // What the server's own pace holds back cannot storm it.
                && (rate_limited || budget.take());
            if !again {
                return Err(error);
            }
            tracing::warn!(
                target: "skiplino",
                operation = self.plan.operation.id(),
                attempt = self.attempts,
                kind = error.kind().as_str(),
                pause_ms = milliseconds(pause),
                "the attempt failed, and another follows"
            );
            if !rate_limited || pause > Pace::LONGEST {
                clock.sleep(pause).await;
            }
        }
    }

    /// Returns when the next attempt may leave.
    async fn pass(&self) -> Result<(), Error> {
        let Inner { config, pace, .. } = &*self.reader.client.0;
        let own = self.plan.pace.as_deref().filter(|_| self.attempts > 0);
        for pace in own.into_iter().chain([pace]) {
            pace.pass(&*config.clock, self.reader.left()).await?;
        }
        Ok(())
    }

    async fn attempt(&mut self) -> Result<Response<Data>, Error> {
        let Inner { config, pace, .. } = &*self.reader.client.0;
        let clock = &*config.clock;
        self.attempts += 1;
        self.so_far.begins(self.attempts);
        let span = tracing::debug_span!(
            target: "skiplino",
            "attempt",
            operation = self.plan.operation.id(),
            attempt = self.attempts,
            status = field::Empty,
            elapsed_ms = field::Empty
        );
        if let Some(booking) = &mut self.booking {
            booking.sent();
        }
        let started = clock.now();
        let result = self
            .plan
            .attempt(
                self.reader,
                self.request,
                self.decode,
                self.locale,
                self.so_far,
            )
            .instrument(span.clone())
            .await;
        let status = match &result {
            Ok(response) => Some(response.status),
            Err(error) => error.status(),
        };
        finished(&span, status, clock, started);
        tracing::debug!(
            target: "skiplino",
            operation = self.plan.operation.id(),
            attempt = self.attempts,
            status,
            kind = result.as_ref().err().map(|error| error.kind().as_str()),
            elapsed_ms = milliseconds(clock.now() - started),
            "an attempt"
        );
        if status.is_some_and(|status| status != 429) {
            pace.taken(clock);
        }
        let mut response =
            result.map_err(|error| error.edit(|inner| inner.attempts = self.attempts))?;
        response.attempts = self.attempts;
        if let (Some(booking), Some(ticket)) =
            (&mut self.booking, response.data.downcast_ref::<Ticket>())
        {
            booking.booked(ticket.id());
        }
        Ok(response)
    }

    /// What a write in doubt did, of which `error` was the last that was heard.
    async fn find_out(&mut self, error: Error) -> Result<Response<Data>, Error> {
        let lost = error.outcome() == Outcome::Unknown;
        match (&self.plan.settle, &mut self.booking) {
            (Settle::Booking(_), Some(booking)) if lost => {
                booking.settle(error).await.map(Response::untyped)
            }
            (_, Some(booking)) => {
                booking.refused();
                Err(error)
            }
            (Settle::Never(advice), _) if lost => Err(error.unsettled((*advice).to_owned())),
            (settle, _) if self.in_doubt => {
                let once = RetryPolicy::never();
                // One look is enough where an attempt follows.
                let followed = lost && self.reader.retry.allows_more(self.attempts);
                let retry = if followed { &once } else { self.reader.retry };
                let reader = Reader {
                    retry,
                    ..*self.reader
                };
                settle.find(&reader, error).await.map_err(|(error, doubt)| {
                    self.in_doubt = doubt;
                    error
                })
            }
            _ => Err(error),
        }
    }

    /// A failure as the whole call has it: an attempt before may have done what this one did not.
    fn told(&self, error: Error) -> Error {
        error.edit(|inner| {
            inner.attempts = self.attempts;
            if self.in_doubt {
                inner.outcome = Outcome::Unknown;
            }
        })
    }
}
