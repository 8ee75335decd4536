//! Sync: creates and updates customers from a source of rows.

mod blocking;
mod checkpoint;
mod engine;
mod upsert;

use std::borrow::Borrow;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::Stream;

use crate::api::customers::sync::engine::SyncEngine;
use crate::call;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::Error;
use crate::models::customers::Customer;
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::ExternalId;

pub use crate::api::customers::sync::blocking::BlockingSync;

/// The outcome of a row. In a dry run, the outcome that a real run would have.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowOutcome {
    /// No customer had this `externalId`; the customer was created.
    Created,
    /// The customer existed, and some of its fields differed from the row; they were updated.
    Updated,
    /// The customer existed and had all values of the row. Nothing was written.
    Unchanged,
    /// An earlier run did the row, according to the checkpoint. Nothing was sent.
    AlreadyDone,
    /// The row was not written. A resumed run tries it again.
    Failed(Error),
    /// The row may have been written. A resumed run looks the customer up and tries the row again.
    Unknown(Error),
}

impl RowOutcome {
    /// The outcome's name, the same in every host language.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::AlreadyDone => "alreadyDone",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The error of `Failed` and `Unknown`.
    pub const fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) | Self::Unknown(error) => Some(error),
            _ => None,
        }
    }
}

/// A row of the source and its outcome.
pub struct SyncedRow<R> {
    pub(crate) index: u64,
    pub(crate) row: R,
    pub(crate) outcome: RowOutcome,
    pub(crate) customer: Option<Customer>,
    pub(crate) changed: Vec<&'static str>,
}

impl<R> SyncedRow<R> {
    fn new(index: u64, row: R, outcome: RowOutcome) -> Self {
        Self {
            index,
            row,
            outcome,
            customer: None,
            changed: Vec::new(),
        }
    }

    /// The index of the row in the source, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The row as the source gave it.
    pub fn row(&self) -> &R {
        &self.row
    }

    /// Returns the row as the source gave it.
    pub fn into_row(self) -> R {
        self.row
    }

    /// The outcome of the row.
    pub fn outcome(&self) -> &RowOutcome {
        &self.outcome
    }

    /// The customer on the server after the sync of this row, or in a dry run before it. Absent if
    /// the sync did not receive it.
    pub fn customer(&self) -> Option<&Customer> {
        self.customer.as_ref()
    }

    /// For [`RowOutcome::Updated`]: the fields that differed from the row, by their names in the
    /// API.
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }
}

impl<R: Borrow<CustomerWriteRequest>> SyncedRow<R> {
    /// The row's `externalId`.
    pub fn external_id(&self) -> Option<&ExternalId> {
        self.row.borrow().key()
    }
}

impl<R> fmt::Debug for SyncedRow<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncedRow")
            .field("index", &self.index)
            .field("outcome", &self.outcome)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

/// The options of a sync.
#[derive(Debug, Clone)]
pub(crate) struct SyncSettings {
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<f64>,
    pub(crate) dry_run: bool,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) options: CallOptions,
}

/// A sync of customers from a source of rows, made by [`Customers::sync`](crate::Customers::sync):
/// a stream of each row and its outcome, or with [`wait`](Self::wait) an iterator.
///
/// Nothing is sent before the first item is requested. Each row creates or updates the customer
/// with its `externalId`, or leaves the customer as it is. Fields that a row does not set are not
/// changed. Poll the stream on a Tokio runtime.
///
/// # Guarantees
///
/// - Each row of the source is returned once, when it has finished; the order is not that of the
///   source.
/// - Rows with the same `externalId` are written in the order of the source.
/// - A row that fails does not stop the other rows.
/// - Rows are read from the source when they are started, and are not held in memory.
/// - Dropping the stream stops the rows in flight, which may or may not have been written.
///
/// # Requests
///
/// An unchanged customer needs 1 request; an updated or a new customer needs 2. After a new
/// customer, the sync expects that the next one is new as well, and creates it without a lookup:
/// 1 request if the customer is new, and 1 more than otherwise if not. A row that is
/// [`AlreadyDone`](RowOutcome::AlreadyDone) needs none. While the server is overloaded (for up to
/// 10 minutes) or cannot be reached (for up to a minute), the rows are retried.
///
/// # Errors
///
/// The error of a single row is in its [outcome](SyncedRow::outcome). An error of the stream ends
/// the sync: `SecretKeyRequired`; `Unauthorized` or `Connect`, after the row that failed with it;
/// `InvalidRequest` (fields `concurrency`, `rate`, `checkpoint`). Rows that were not returned
/// before it may be incomplete.
#[must_use = "a sync does nothing until its rows are requested"]
pub struct CustomerSync<I: Iterator> {
    client: Arc<Shared>,
    settings: SyncSettings,
    /// Absent once the sync has started.
    rows: Option<I>,
    engine: Option<SyncEngine<I>>,
}

impl<I: Iterator> CustomerSync<I> {
    pub(crate) fn new(client: Arc<Shared>, rows: I) -> Self {
        Self {
            client,
            settings: SyncSettings {
                concurrency: 8,
                rate: None,
                dry_run: false,
                checkpoint: None,
                options: CallOptions::default(),
            },
            rows: Some(rows),
            engine: None,
        }
    }

    /// The number of rows in flight at a time: 8 by default.
    pub fn concurrency(mut self, rows: usize) -> Self {
        self.settings.concurrency = rows;
        self
    }

    /// The most requests a second, evenly spaced, in addition to the limits of the client.
    pub fn rate(mut self, requests_per_second: f64) -> Self {
        self.settings.rate = Some(requests_per_second);
        self
    }

    /// Locale, deadline and retries of each call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.settings.options = options;
        self
    }

    /// Only reads customers, and returns the outcome that each row would have. The checkpoint is
    /// read, but not written.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.settings.dry_run = dry_run;
        self
    }

    /// A file that records the rows that are done, so that an interrupted sync can be resumed: run
    /// it again with the same rows and the same file.
    ///
    /// The file is created if it does not exist, and takes 16 bytes a row. The sync does not remove
    /// it; do so after the last run.
    ///
    /// A resumed sync skips the rows that are done and does all others, including those that
    /// failed. Rows that are not done may be changed between the runs, and rows may be added at the
    /// end. The sync ends with an `InvalidRequest` (field `checkpoint`) if a row that is done has
    /// changed or is missing, if the file was made with another server or key, or if another sync
    /// is using the file.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.checkpoint = Some(path.into());
        self
    }
}

impl<I> CustomerSync<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    /// The rows and their outcomes as an iterator that blocks the calling thread, for programs
    /// without async.
    ///
    /// The iterator works in bursts of up to a second. Between two bursts no request is in flight,
    /// so no request times out while the caller handles a row.
    pub fn wait(self) -> BlockingSync<I> {
        BlockingSync::new(self.client, self.settings, self.rows)
    }
}

// No field is pinned in place.
impl<I: Iterator> Unpin for CustomerSync<I> {}

impl<I> Stream for CustomerSync<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    type Item = Result<SyncedRow<I::Item>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(rows) = this.rows.take() {
            let started = call::in_runtime()
                .and_then(|()| SyncEngine::new(this.client.clone(), &this.settings, rows));
            match started {
                Ok(engine) => this.engine = Some(engine),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let Some(engine) = &mut this.engine else {
            return Poll::Ready(None);
        };
        if let Err(error) = call::in_runtime() {
            this.engine = None;
            return Poll::Ready(Some(Err(error)));
        }
        engine.poll(&this.client.pool, true, context)
    }
}

impl<I: Iterator> fmt::Debug for CustomerSync<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerSync")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
