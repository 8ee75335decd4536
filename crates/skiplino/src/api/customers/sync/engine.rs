//! A running sync: starts rows, keeps several of them in flight, and records their outcomes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::{JoinError, JoinSet};
use tracing::Instrument as _;

use crate::api::customers::Customers;
use crate::api::customers::sync::checkpoint::{Checkpoint, CheckpointError, RowHash};
use crate::api::customers::sync::fingerprint::{Fingerprint, Fingerprints, RowFields};
use crate::api::customers::sync::read_strategy::ReadStrategy;
use crate::api::customers::sync::row::{RowOutcome, SyncedRow};
use crate::api::customers::sync::snapshot::{DirectoryRead, Snapshot, read_directory};
use crate::api::customers::sync::upsert::{UpsertResult, UpsertStep, Upserter};
use crate::call::job::{Job, RequestCounter};
use crate::call::rate_limiter;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::{Error, ErrorKind, Outcome};
use crate::http::transport::ConnectionPool;
use crate::models::customers::{Customer, CustomerWriteRequest};
use crate::models::ids::ExternalId;
use crate::operation::Operation;

/// The options of a sync.
#[derive(Debug, Clone)]
pub(crate) struct SyncSettings {
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<f64>,
    pub(crate) dry_run: bool,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) expected_rows: Option<u64>,
    pub(crate) options: CallOptions,
    pub(crate) requests: RequestCounter,
}

impl SyncSettings {
    /// Uses the number of rows that the source itself names, unless the caller has named one.
    pub(crate) fn count_rows<R>(&mut self, rows: &impl Iterator<Item = R>) {
        if let (least, Some(most)) = rows.size_hint()
            && least == most
        {
            self.expected_rows.get_or_insert(most as u64);
        }
    }
}

/// A row whose calls are in flight.
struct InFlightRow<R> {
    row: R,
    id: ExternalId,
    /// The hash of the id in fingerprints.
    id_hash: u64,
    fields: RowFields,
    hash: RowHash,
}

/// The customers that a dry run would have written, by the hash of their `externalId`.
type SimulatedCustomers = HashMap<u64, Fingerprint>;

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
    job: Arc<Job>,
    requests: RequestCounter,
    fingerprints: Arc<Fingerprints>,
    strategy: ReadStrategy,
    /// The directory, if it was read not long ago.
    snapshot: Option<Snapshot>,
    /// The directory is read next, unless it has this many pages.
    max_pages: Option<u64>,
    /// The read of the directory in progress. No row is in flight meanwhile.
    reading: JoinSet<(Option<u64>, DirectoryRead)>,
    /// The requests that were sent before the directory was read.
    requests_before: u64,
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
    /// The engine will read the directory at the next call of [`SyncEngine::poll`], which finishes no
    /// row for some time.
    WillRead,
    Finished(SyncedRow<R>),
    /// The sync is over.
    Ended(Result<(), Error>),
}

/// A customer, as it is stored at the moment or was a short time ago.
enum KnownCustomer {
    Stored(Fingerprint),
    Missing,
}

/// The result of starting a row.
enum StartedRow<R> {
    Started,
    /// The outcome is known without any call.
    Finished(SyncedRow<R>),
    /// A row with the same `externalId` is in flight.
    Blocked,
    /// The directory has to be read first. It has fewer pages than this.
    NeedsDirectory(u64),
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
            simulated: settings.dry_run.then(SimulatedCustomers::new),
            options: settings.options.clone(),
            job: Arc::new(Job::new(settings.rate, settings.requests.clone())),
            requests: settings.requests.clone(),
            fingerprints: Arc::default(),
            strategy: ReadStrategy::new(settings.expected_rows),
            snapshot: None,
            max_pages: None,
            reading: JoinSet::new(),
            requests_before: 0,
            checkpoint,
            in_flight: HashMap::new(),
            tasks: JoinSet::new(),
            expects_new: false,
            has_unknown: false,
            fatal: None,
        })
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.is_empty() && self.reading.is_empty()
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
        pool: &ConnectionPool,
        start_more: bool,
        context: &mut Context<'_>,
    ) -> Poll<SyncStep<R>> {
        while start_more
            && !self.at_end
            && self.fatal.is_none()
            && self.reading.is_empty()
            && self.tasks.len() < self.concurrency
        {
            if let Some(max_pages) = self.max_pages.take() {
                self.start_reading(max_pages, pool);
                break;
            }
            let Some((index, row)) = self.next.take() else {
                return Poll::Ready(SyncStep::NeedsRow);
            };
            match self.start(index, row, pool) {
                Ok(StartedRow::Finished(row)) => return Poll::Ready(SyncStep::Finished(row)),
                Ok(StartedRow::Started) => {}
                Ok(StartedRow::Blocked) => break,
                // The rows in flight finish first, because they change the directory.
                Ok(StartedRow::NeedsDirectory(_)) if !self.tasks.is_empty() => break,
                Ok(StartedRow::NeedsDirectory(max_pages)) => {
                    self.max_pages = Some(max_pages);
                    return Poll::Ready(SyncStep::WillRead);
                }
                Err(error) => self.fatal = Some(error),
            }
        }
        if let Some(read) = ready!(self.reading.poll_join_next(context)) {
            self.on_read(read);
            return self.poll(pool, start_more, context);
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

    fn start_reading(&mut self, max_pages: u64, pool: &ConnectionPool) {
        self.requests_before = self.requests.get();
        let list = Customers(&self.client).list();
        let list = list.options(self.options.clone());
        let list = list.job(&self.job, self.concurrency as u64);
        let pages = list.pages().with_pool(pool);
        let fingerprints = Arc::clone(&self.fingerprints);
        let clock = Arc::clone(&self.client.config.clock);
        let read = read_directory(pages, max_pages, fingerprints, clock);
        self.reading.spawn(read.in_current_span());
    }

    /// A directory that cannot be read does not end the sync: the rows are looked up instead. What
    /// is wrong with the key or the server, the rows report themselves.
    fn on_read(&mut self, result: Result<(Option<u64>, DirectoryRead), JoinError>) {
        let (pages, read) = result.unwrap_or_else(|error| {
            let error = Error::because(ErrorKind::Internal, error);
            (None, DirectoryRead::Failed(error))
        });
        let requests = self.requests.get() - self.requests_before;
        match read {
            DirectoryRead::Complete(snapshot) => {
                tracing::info!(target: "skiplino", requests, "the sync has read the directory");
                self.strategy.on_read(pages, true);
                self.snapshot = Some(snapshot);
            }
            DirectoryRead::TooLarge => self.strategy.on_read(pages, false),
            DirectoryRead::Failed(error) => {
                tracing::warn!(
                    target: "skiplino",
                    kind = error.kind().as_str(),
                    requests,
                    "the sync could not read the directory; it looks up each row"
                );
                self.strategy.on_failure(requests);
            }
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

    fn start(&mut self, index: u64, row: R, pool: &ConnectionPool) -> Result<StartedRow<R>, Error> {
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
        let id_hash = self.fingerprints.id(id.as_str());
        let fields = self.fingerprints.row(request);
        let step = match self.known_customer(id_hash) {
            Some(KnownCustomer::Stored(mut stored)) => {
                let changed = stored.write(&fields);
                if changed.is_empty() {
                    let row = SyncedRow::new(index, row, RowOutcome::Unchanged);
                    self.record(index, hash, &row.outcome);
                    return Ok(StartedRow::Finished(row));
                }
                if let Some(simulated) = &mut self.simulated {
                    simulated.insert(id_hash, stored);
                    let row = SyncedRow::new(index, row, RowOutcome::Updated);
                    return Ok(StartedRow::Finished(SyncedRow { changed, ..row }));
                }
                let customer = (&id).into();
                UpsertStep::Update { customer, changed }
            }
            Some(KnownCustomer::Missing) => match &mut self.simulated {
                Some(simulated) => {
                    let mut stored = Fingerprint::default();
                    stored.write(&fields);
                    simulated.insert(id_hash, stored);
                    let row = SyncedRow::new(index, row, RowOutcome::Created);
                    return Ok(StartedRow::Finished(row));
                }
                None => UpsertStep::Create,
            },
            None if self.expects_new && self.simulated.is_none() => UpsertStep::Create,
            None => {
                if let Some(max_pages) = self.max_pages_to_read(index) {
                    self.next = Some((index, row));
                    return Ok(StartedRow::NeedsDirectory(max_pages));
                }
                UpsertStep::LookUp
            }
        };
        let upserter = Upserter {
            client: self.client.clone(),
            pool: pool.clone(),
            job: self.job.clone(),
            options: self.options.clone(),
            fingerprints: self.fingerprints.clone(),
            dry_run: self.simulated.is_some(),
        };
        let (request, key) = (request.clone(), id.clone());
        let upsert = async move {
            let result = upserter.upsert(&request, &key, &fields, step).await;
            (index, result)
        };
        self.tasks.spawn(upsert.in_current_span());
        let started = InFlightRow {
            row,
            id,
            id_hash,
            fields,
            hash,
        };
        self.in_flight.insert(index, started);
        Ok(StartedRow::Started)
    }

    /// What is known about a customer without a request.
    fn known_customer(&mut self, id_hash: u64) -> Option<KnownCustomer> {
        let simulated = self.simulated.as_ref();
        if let Some(stored) = simulated.and_then(|simulated| simulated.get(&id_hash)) {
            return Some(KnownCustomer::Stored(*stored));
        }
        let now = self.client.config.clock.now();
        let snapshot = self.snapshot.take_if(|snapshot| snapshot.has_expired(now));
        drop(snapshot);
        match self.snapshot.as_ref()?.find(id_hash) {
            Some(Fingerprint::UNKNOWN) => None,
            Some(stored) => Some(KnownCustomer::Stored(stored)),
            None => Some(KnownCustomer::Missing),
        }
    }

    /// If the directory should be read before this row: see [`ReadStrategy::max_pages`].
    fn max_pages_to_read(&self, index: u64) -> Option<u64> {
        let done = self.checkpoint.as_ref().map_or(0, Checkpoint::rows_to_skip);
        match &self.snapshot {
            Some(_) => None,
            None => self.strategy.max_pages(index, done),
        }
    }

    /// Records the outcome of a row in the checkpoint.
    fn record(&mut self, index: u64, hash: RowHash, outcome: &RowOutcome) {
        let Some(checkpoint) = &mut self.checkpoint else {
            return;
        };
        let recorded = match outcome {
            RowOutcome::Failed(_) => Ok(()),
            RowOutcome::Unknown(_) => checkpoint.record_void(index, hash),
            _ => checkpoint.record_done(index, hash),
        };
        if let Err(error) = recorded {
            self.fatal.get_or_insert(error.into_error());
        }
    }

    /// Records the state of the customer after a row, with which later rows are compared.
    fn remember(
        &mut self,
        finished: &InFlightRow<R>,
        outcome: &RowOutcome,
        customer: Option<&Customer>,
    ) {
        let stored = customer.map(|customer| self.fingerprints.customer(customer));
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.replace(finished.id_hash, stored.unwrap_or(Fingerprint::UNKNOWN));
        } else if matches!(outcome, RowOutcome::Updated | RowOutcome::Unchanged) {
            self.strategy.on_lookup();
        }
        if outcome.error().is_some() {
            return;
        }
        self.expects_new = matches!(outcome, RowOutcome::Created);
        if let Some(simulated) = &mut self.simulated {
            let mut stored = stored.unwrap_or_default();
            stored.write(&finished.fields);
            simulated.insert(finished.id_hash, stored);
        }
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
        self.remember(&finished, &outcome, customer.as_ref());
        self.record(index, finished.hash, &outcome);
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
