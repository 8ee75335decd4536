//! One row brought into the directory: what it takes depends on what is there.

use std::sync::Arc;
use std::time::Duration;

use crate::api::customers::Customers;
use crate::call::Call;
use crate::call::rate_limiter::RateLimiter;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::clock::FOREVER;
use crate::error::{Error, ErrorKind, Outcome, TimeoutKind};
use crate::models::customers::{Customer, CustomerWriteRequest};
use crate::models::ids::ExternalId;
use crate::operation::Operation;

/// What was done about a row, or in a dry run would be.
#[derive(Debug)]
pub(crate) enum Done {
    /// The record, unless it would have been made by a dry run.
    Created(Option<Customer>),
    Updated(Customer, Vec<&'static str>),
    Unchanged(Customer),
}

/// A client and the connections to use.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(crate) client: Arc<Shared>,
    pub(crate) pool: reqwest::Client,
    pub(crate) pace: Option<Arc<RateLimiter>>,
    pub(crate) options: CallOptions,
}

impl Directory {
    /// Somebody else may create, rename or delete the record between any two steps. This often in a row it is no coincidence.
    const TURNS: u32 = 3;

    /// How long a call is held back before it fails. A job has time.
    const PATIENCE: Duration = Duration::from_secs(10 * 60);

    /// How long a server that cannot be reached is waited for: as long as one takes to start again.
    const ABSENCE: Duration = Duration::from_secs(60);

    /// Makes the record of this `externalId` what the row says. New ones take 1 request when they are `expected_new` and 2
    /// otherwise; the others 1 when they are as they should be, and 2 when they are not.
    pub(crate) async fn upsert(
        &self,
        row: &CustomerWriteRequest,
        id: &ExternalId,
        expected_new: bool,
        dry_run: bool,
    ) -> Result<Done, Error> {
        let mut there = match expected_new && !dry_run {
            true => None,
            false => self.find(id).await?,
        };
        let mut turns = 0;
        loop {
            turns += 1;
            let (refusal, look_again) = match there {
                None if dry_run => return Ok(Done::Created(None)),
                None => match self.send(|| Customers(&self.client).create(row)).await {
                    Ok(customer) => return Ok(Done::Created(Some(customer))),
                    Err(error) => {
                        let taken = is_about(&error, "externalId");
                        (error, taken)
                    }
                },
                Some(customer) => {
                    let (names, update) = row.changes(&customer);
                    if names.is_empty() {
                        return Ok(Done::Unchanged(customer));
                    }
                    if dry_run {
                        return Ok(Done::Updated(customer, names));
                    }
                    match self.send(|| Customers(&self.client).update(&update)).await {
                        Ok(customer) => return Ok(Done::Updated(customer, names)),
                        Err(error) => {
                            let gone =
                                error.kind() == ErrorKind::NotFound || is_about(&error, "id");
                            (error, gone)
                        }
                    }
                }
            };
            if !look_again || turns == Self::TURNS {
                return Err(refusal);
            }
            let before = turns == 1;
            there = self.find(id).await?;
            // Not taken after all: it is the id itself that the server does not like.
            if there.is_none() && before && is_about(&refusal, "externalId") {
                return Err(refusal);
            }
        }
    }

    async fn find(&self, id: &ExternalId) -> Result<Option<Customer>, Error> {
        self.send(|| Customers(&self.client).find(id)).await
    }

    async fn send<T: Send + 'static>(&self, call: impl Fn() -> Call<T>) -> Result<T, Error> {
        let clock = &*self.client.config.clock;
        let started = clock.now();
        loop {
            if let Some(pace) = &self.pace {
                // The time of a call begins when it may be made.
                pace.acquire(clock, FOREVER).await?;
            }
            let call = call().options(self.options.clone());
            let call = call.rate_limiter(self.pace.clone());
            let error = match call.send_on(Some(&self.pool)).await {
                Ok(response) => return Ok(response.into_data()),
                Err(error) => error,
            };
            let patience = if error.kind() == ErrorKind::Connect {
                // Whatever an attempt before may have done: a row can be brought in again.
                Self::ABSENCE
            } else if is_held_back(&error) {
                Self::PATIENCE
            } else {
                return Err(error);
            };
            if clock.now() - started > patience {
                return Err(error);
            }
            tracing::info!(
                target: "skiplino",
                operation = error.operation().map(Operation::id),
                kind = error.kind().as_str(),
                "a row waits for the server"
            );
            let pause = error.retry_after().unwrap_or(Duration::from_secs(1));
            clock
                .sleep(pause.clamp(Duration::from_millis(100), RateLimiter::MAX_PAUSE))
                .await;
        }
    }
}

/// Whether nothing was wrong but that there were too many requests.
fn is_held_back(error: &Error) -> bool {
    let unsent = error.attempts() == 0 && error.timeout() == Some(TimeoutKind::Call);
    error.outcome() == Outcome::NotApplied && (error.kind() == ErrorKind::RateLimited || unsent)
}

/// Whether a 422 is about this field. The text of the reason is localised.
fn is_about(error: &Error, field: &str) -> bool {
    error.kind() == ErrorKind::Validation && error.fields().contains_key(field)
}
