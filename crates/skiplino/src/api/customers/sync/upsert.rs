//! Creates or updates the customer of one row, or leaves the customer as it is.

use std::sync::Arc;
use std::time::Duration;

use crate::api::customers::Customers;
use crate::api::customers::sync::fingerprint::{Fingerprints, RowFields};
use crate::call::Call;
use crate::call::job::Job;
use crate::call::rate_limiter::RateLimiter;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::{Error, ErrorKind, Outcome, TimeoutKind};
use crate::http::transport::ConnectionPool;
use crate::models::customers::Customer;
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::{CustomerRef, ExternalId};
use crate::operation::Operation;

/// The change that was made for a row, or that a dry run would have made.
#[derive(Debug)]
pub(crate) enum UpsertResult {
    /// The new customer; absent in a dry run.
    Created(Option<Customer>),
    Updated(Customer, Vec<&'static str>),
    Unchanged(Customer),
}

/// A step of an upsert.
#[derive(Debug)]
pub(crate) enum UpsertStep {
    LookUp,
    Create,
    /// Writes the fields that differ.
    Update {
        customer: CustomerRef,
        changed: Vec<&'static str>,
    },
}

/// A client, the connections to use, and the settings of a sync.
#[derive(Clone)]
pub(crate) struct Upserter {
    pub(crate) client: Arc<Shared>,
    pub(crate) pool: ConnectionPool,
    pub(crate) job: Arc<Job>,
    pub(crate) options: CallOptions,
    pub(crate) fingerprints: Arc<Fingerprints>,
    /// Whether nothing is written.
    pub(crate) dry_run: bool,
}

impl Upserter {
    /// The most writes for a row. The server rejects a write if another client created, renamed or
    /// deleted the customer after the lookup; then the row is looked up and written again.
    const MAX_WRITES: u32 = 3;

    /// How long a row waits while the server rejects requests because there are too many.
    const MAX_THROTTLED: Duration = Duration::from_secs(10 * 60);

    /// How long a row waits for a server that cannot be reached, for instance while it restarts.
    const MAX_OUTAGE: Duration = Duration::from_secs(60);

    /// Makes the customer with this `externalId` equal to the row. `fields` are the fields of the
    /// row, and `step` is what the row does first.
    pub(crate) async fn upsert(
        &self,
        row: &CustomerWriteRequest,
        id: &ExternalId,
        fields: &RowFields,
        step: UpsertStep,
    ) -> Result<UpsertResult, Error> {
        let mut lost_write = None;
        let upsert = self.upsert_noting(row, id, fields, step, &mut lost_write);
        let result = upsert.await;
        // No later failure proves that an earlier write was not applied.
        result.map_err(|error| match lost_write {
            Some(operation) => error.edit(|inner| {
                inner.operation = Some(operation);
                inner.outcome = Outcome::Unknown;
            }),
            None => error,
        })
    }

    /// Does the upsert, and notes in `lost_write` a write that may have been applied although it
    /// failed.
    async fn upsert_noting(
        &self,
        row: &CustomerWriteRequest,
        id: &ExternalId,
        fields: &RowFields,
        mut step: UpsertStep,
        lost_write: &mut Option<Operation>,
    ) -> Result<UpsertResult, Error> {
        let mut writes = 0;
        let mut first_rejection = None;
        loop {
            let (rejection, existence_changed) = match step {
                UpsertStep::LookUp => match self.find(id, lost_write).await? {
                    // There is no customer with this id, so the server rejects the id as invalid.
                    None if let Some(rejection) = first_rejection => return Err(rejection),
                    None if self.dry_run => return Ok(UpsertResult::Created(None)),
                    None => {
                        step = UpsertStep::Create;
                        continue;
                    }
                    Some(customer) => {
                        let changed = self.fingerprints.customer(&customer).write(fields);
                        if changed.is_empty() {
                            return Ok(UpsertResult::Unchanged(customer));
                        }
                        if self.dry_run {
                            return Ok(UpsertResult::Updated(customer, changed));
                        }
                        let customer = (&customer).into();
                        step = UpsertStep::Update { customer, changed };
                        continue;
                    }
                },
                UpsertStep::Create => match self
                    .send(|| Customers(&self.client).create(row), lost_write)
                    .await
                {
                    Ok(customer) => return Ok(UpsertResult::Created(Some(customer))),
                    Err(error) => {
                        let id_is_taken = is_about(&error, "externalId");
                        if id_is_taken && error.attempts() > 1 {
                            // Perhaps by an earlier attempt, and the customer was changed since.
                            *lost_write = error.operation();
                        }
                        (error, id_is_taken)
                    }
                },
                UpsertStep::Update { customer, changed } => {
                    let update = row.update(customer, &changed);
                    match self
                        .send(|| Customers(&self.client).update(&update), lost_write)
                        .await
                    {
                        Ok(customer) => return Ok(UpsertResult::Updated(customer, changed)),
                        Err(error) => {
                            let is_deleted = error.kind() == ErrorKind::NotFound
                                || is_about(&error, "id")
                                || is_about(&error, "externalId");
                            (error, is_deleted)
                        }
                    }
                }
            };
            writes += 1;
            if !existence_changed || writes == Self::MAX_WRITES {
                return Err(rejection);
            }
            let is_create = rejection.operation() == Some(Operation::CreateCustomer);
            first_rejection = Some(rejection).filter(|_| writes == 1 && is_create);
            step = UpsertStep::LookUp;
        }
    }

    async fn find(
        &self,
        id: &ExternalId,
        lost_write: &mut Option<Operation>,
    ) -> Result<Option<Customer>, Error> {
        self.send(|| Customers(&self.client).find(id), lost_write)
            .await
    }

    /// Makes a call, and repeats it while the server is overloaded or cannot be reached.
    async fn send<T: Send + 'static>(
        &self,
        call: impl Fn() -> Call<T>,
        lost_write: &mut Option<Operation>,
    ) -> Result<T, Error> {
        let clock = &*self.client.config.clock;
        let started = clock.now();
        loop {
            let call = call().options(self.options.clone());
            let call = call.job(Some(Arc::clone(&self.job)));
            let error = match call.send_on(Some(&self.pool)).await {
                Ok(response) => return Ok(response.into_data()),
                Err(error) => error,
            };
            if error.outcome() == Outcome::Unknown {
                *lost_write = error.operation();
            }
            let max_wait = if error.kind() == ErrorKind::Connect {
                // Safe even if an earlier attempt was applied: an upsert can be repeated.
                Self::MAX_OUTAGE
            } else if is_throttled(&error) {
                Self::MAX_THROTTLED
            } else {
                return Err(error);
            };
            if clock.now() - started > max_wait {
                return Err(error);
            }
            tracing::info!(
                target: "skiplino",
                operation = error.operation().map(Operation::id),
                kind = error.kind().as_str(),
                "the sync retries a row after a pause"
            );
            let pause = error.retry_after().unwrap_or(Duration::from_secs(1));
            clock
                .sleep(pause.clamp(Duration::from_millis(100), RateLimiter::MAX_PAUSE))
                .await;
        }
    }
}

/// Whether the call failed only because there were too many requests.
fn is_throttled(error: &Error) -> bool {
    let is_unsent = error.attempts() == 0 && error.timeout() == Some(TimeoutKind::Call);
    error.outcome() == Outcome::NotApplied && (error.kind() == ErrorKind::RateLimited || is_unsent)
}

/// Whether a 422 is about this field. The text of the reason is localised, so it cannot be
/// compared.
fn is_about(error: &Error, field: &str) -> bool {
    error.kind() == ErrorKind::Validation && error.fields().contains_key(field)
}
