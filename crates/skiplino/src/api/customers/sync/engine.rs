//! A running sync: starts rows, keeps several of them in flight, and records their outcomes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::api::customers::sync::checkpoint::{Checkpoint, CheckpointError, RowHash};
use crate::api::customers::sync::dry_run::SimulatedCustomers;
use crate::api::customers::sync::row::{RowOutcome, SyncedRow};
use crate::api::customers::sync::upsert::{UpsertResult, Upserter};
use crate::call::rate_limiter::{self, RateLimiter};
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::{Error, ErrorKind, Outcome};
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::ExternalId;
use crate::operation::Operation;

/// The options of a sync.
#[derive(Debug, Clone)]
pub(crate) struct SyncSettings {
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<f64>,
    pub(crate) dry_run: bool,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) options: CallOptions,
}

/// A row whose calls are in flight.
struct InFlightRow<R> {
    row: R,
    id: ExternalId,
    hash: RowHash,
}

/// A sync without its source of rows: the caller reads a row when [`poll`](Self::poll) asks for it,
/// because the source is the program's own code.
pub(crate) struct SyncEngine<R> {
    client: Arc<Shared>,
    /// Rows read from the source.
    rows_read: u64,
    at_end: bool,
    /// The row to start next, if it has been read. It waits while a row with the same `externalId`
    /// is in flight.
    next: Option<(u64, R)>,
    concurrency: usize,
    /// Present in a dry run.
    simulated: Option<SimulatedCustomers>,
    options: CallOptions,
    rate_limiter: Option<Arc<RateLimiter>>,
    checkpoint: Option<Checkpoint>,
    /// The rows in flight, by their index.
    in_flight: HashMap<u64, InFlightRow<R>>,
    /// Driven by the runtime, so that calls do not time out while the caller handles a row.
    tasks: JoinSet<(u64, Result<UpsertResult, Error>)>,
    /// Whether the last row to finish was created: then the next rows are probably new, too.
    expects_new: bool,
    /// Whether a row may have been written although it failed.
    has_unknown: bool,
    /// Why no more rows are started. Returned after the rows in flight have finished.
    fatal: Option<Error>,
}

/// The next step of a sync.
pub(crate) enum SyncStep<R> {
    /// The engine needs the next row of the source: [`SyncEngine::supply`].
    NeedsRow,
    Finished(SyncedRow<R>),
    /// The sync is over.
    Ended(Result<(), Error>),
}

/// The result of starting a row.
enum StartedRow<R> {
    Started,
    /// The outcome is known without any call.
    Finished(SyncedRow<R>),
    /// A row with the same `externalId` is in flight.
    Blocked,
}

impl<R: Borrow<CustomerWriteRequest>> SyncEngine<R> {
    pub(crate) fn new(client: Arc<Shared>, settings: &SyncSettings) -> Result<Self, Error> {
        if settings.concurrency == 0 {
            return Err(Error::invalid("concurrency", "must be 1 or more"));
        }
        if let Some(rate) = settings.rate {
            rate_limiter::check("rate", rate)?;
        }
        client.config.require_secret_key()?;
        let checkpoint = match &settings.checkpoint {
            Some(path) => Checkpoint::open(path, &client, settings.dry_run)
                .map_err(CheckpointError::into_error)?,
            None => None,
        };
        Ok(Self {
            client,
            rows_read: 0,
            at_end: false,
            next: None,
            concurrency: settings.concurrency,
            simulated: settings.dry_run.then(SimulatedCustomers::default),
            options: settings.options.clone(),
            rate_limiter: settings
                .rate
                .map(|rate| Arc::new(RateLimiter::new(Some(rate)))),
            checkpoint,
            in_flight: HashMap::new(),
            tasks: JoinSet::new(),
            expects_new: false,
            has_unknown: false,
            fatal: None,
        })
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Supplies the next row of the source; `None` at its end.
    pub(crate) fn supply(&mut self, row: Option<R>) {
        match row {
            Some(row) => {
                self.next = Some((self.rows_read, row));
                self.rows_read += 1;
            }
            None => self.at_end = true,
        }
    }

    /// The next step. Starts further rows if `start_more`.
    pub(crate) fn poll(
        &mut self,
        pool: &reqwest::Client,
        start_more: bool,
        context: &mut Context<'_>,
    ) -> Poll<SyncStep<R>> {
        while start_more
            && !self.at_end
            && self.fatal.is_none()
            && self.tasks.len() < self.concurrency
        {
            let Some((index, row)) = self.next.take() else {
                return Poll::Ready(SyncStep::NeedsRow);
            };
            match self.start(index, row, pool) {
                Ok(StartedRow::Finished(row)) => return Poll::Ready(SyncStep::Finished(row)),
                Ok(StartedRow::Started) => {}
                Ok(StartedRow::Blocked) => break,
                Err(error) => self.fatal = Some(error),
            }
        }
        loop {
            return Poll::Ready(match ready!(self.tasks.poll_join_next(context)) {
                Some(Ok((index, result))) => match self.finish(index, result) {
                    Some(row) => SyncStep::Finished(row),
                    None => continue,
                },
                Some(Err(error)) => {
                    let error = Error::because(ErrorKind::Internal, error);
                    self.fatal.get_or_insert(error);
                    continue;
                }
                None => SyncStep::Ended(self.end()),
            });
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        match self.fatal.take() {
            Some(error) if self.has_unknown => {
                Err(error.edit(|inner| inner.outcome = Outcome::Unknown))
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn start(
        &mut self,
        index: u64,
        row: R,
        pool: &reqwest::Client,
    ) -> Result<StartedRow<R>, Error> {
        let request = row.borrow();
        let checked = match request.key() {
            Some(id) => id
                .checked()
                .and_then(|_| request.check())
                .map(|()| id.clone()),
            None => Err(Error::invalid(
                "externalId",
                "is required, because rows and customers are matched by it",
            )),
        };
        let id = match checked {
            Ok(id) => id,
            // A row with invalid input fails without any call.
            Err(error) => {
                let error = error.edit(|inner| inner.operation = Some(Operation::CreateCustomer));
                let outcome = RowOutcome::Failed(error);
                return Ok(StartedRow::Finished(SyncedRow::new(index, row, outcome)));
            }
        };
        if self.in_flight.values().any(|other| other.id == id) {
            self.next = Some((index, row));
            return Ok(StartedRow::Blocked);
        }
        let mut hash = RowHash::default();
        if let Some(checkpoint) = &mut self.checkpoint {
            hash = RowHash::new(&id, request)?;
            let can_skip = checkpoint
                .can_skip(index, hash)
                .map_err(CheckpointError::into_error)?;
            if can_skip {
                let outcome = RowOutcome::AlreadyDone;
                return Ok(StartedRow::Finished(SyncedRow::new(index, row, outcome)));
            }
        }
        if let Some(simulated) = &mut self.simulated
            && let Some(changed) = simulated.apply(&id, request)
        {
            let outcome = match changed.is_empty() {
                true => RowOutcome::Unchanged,
                false => RowOutcome::Updated,
            };
            return Ok(StartedRow::Finished(SyncedRow {
                changed,
                ..SyncedRow::new(index, row, outcome)
            }));
        }
        let upserter = Upserter {
            client: self.client.clone(),
            pool: pool.clone(),
            rate_limiter: self.rate_limiter.clone(),
            options: self.options.clone(),
        };
        let (request, key) = (request.clone(), id.clone());
        let (expects_new, dry_run) = (self.expects_new, self.simulated.is_some());
        let upsert = async move {
            let result = upserter.upsert(&request, &key, expects_new, dry_run).await;
            (index, result)
        };
        self.tasks.spawn(upsert.in_current_span());
        let started = InFlightRow { row, id, hash };
        self.in_flight.insert(index, started);
        Ok(StartedRow::Started)
    }

    /// Records the outcome of a row, before the caller receives it.
    fn finish(&mut self, index: u64, result: Result<UpsertResult, Error>) -> Option<SyncedRow<R>> {
        let finished = self.in_flight.remove(&index)?;
        let (mut customer, mut changed) = (None, Vec::new());
        let outcome = match result {
            Ok(UpsertResult::Created(created)) => {
                customer = created;
                RowOutcome::Created
            }
            Ok(UpsertResult::Updated(updated, names)) => {
                (customer, changed) = (Some(updated), names);
                RowOutcome::Updated
            }
            Ok(UpsertResult::Unchanged(existing)) => {
                customer = Some(existing);
                RowOutcome::Unchanged
            }
            Err(error) if error.outcome() == Outcome::Unknown => {
                self.has_unknown = true;
                RowOutcome::Unknown(error)
            }
            Err(error) => RowOutcome::Failed(error),
        };
        if outcome.error().is_none() {
            if let Some(simulated) = &mut self.simulated {
                simulated.start(&finished.id, customer.as_ref(), finished.row.borrow());
            }
            self.expects_new = matches!(outcome, RowOutcome::Created);
        }
        if let Some(checkpoint) = &mut self.checkpoint {
            let recorded = match &outcome {
                RowOutcome::Failed(_) => Ok(()),
                RowOutcome::Unknown(_) => checkpoint.record_void(index, finished.hash),
                _ => checkpoint.record_done(index, finished.hash),
            };
            if let Err(error) = recorded {
                self.fatal.get_or_insert(error.into_error());
            }
        }
        // All rows use the same key and server. A rejected key fails every row, and after one row
        // has waited a minute for the server, no other row waits again.
        if let Some(error) = outcome.error()
            && matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Connect)
        {
            self.fatal.get_or_insert(error.clone_summary());
        }
        Some(SyncedRow {
            customer,
            changed,
            ..SyncedRow::new(index, finished.row, outcome)
        })
    }
}
