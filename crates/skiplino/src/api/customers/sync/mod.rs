//! Sync: creates and updates customers from a source of rows.

mod blocking;
mod checkpoint;
mod engine;
mod fingerprint;
mod read_strategy;
mod row;
mod snapshot;
mod upsert;

use std::borrow::Borrow;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::stream::Stream;

use crate::api::customers::Customers;
use crate::api::customers::sync::checkpoint::{Checkpoint, CheckpointError};
use crate::api::customers::sync::engine::{SyncEngine, SyncSettings, SyncStep};
use crate::call;
use crate::call::job::RequestCounter;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::Error;
use crate::models::customers::CustomerWriteRequest;

pub use crate::api::customers::sync::blocking::BlockingSync;
pub use crate::api::customers::sync::row::{RowOutcome, SyncedRow};

impl Customers<'_> {
    /// Syncs `rows` into the directory, each by its `externalId`: a missing customer is created, a
    /// customer that differs from its row is updated, and any other is left unchanged. Fields that
    /// a row does not set are left unchanged, too; a field that it sets to an empty text is erased.
    /// `metadata` is compared and replaced as a whole.
    ///
    /// Returns a stream (or with [`CustomerSync::wait`] an iterator) of the outcome of each row, in
    /// the order in which the rows finish. A row that fails does not stop the others. An error of
    /// the stream itself ends it; rows without an outcome were not finished. Rows with the same
    /// `externalId` run one after another, in the order of the source. Dropping the stream stops
    /// it: running rows may or may not have been applied.
    ///
    /// The source is read as rows are started, on the thread that polls for results, and is not
    /// held in memory. The items of the source may be requests, or values that hold a request: the
    /// stream returns each item with its outcome.
    ///
    /// ```no_run
    /// # fn run(client: skiplino::Client) -> Result<(), skiplino::Error> {
    /// use skiplino::{CustomerWriteRequest, RowOutcome};
    ///
    /// let rows = (1..=1000).map(|n| CustomerWriteRequest::new().external_id(format!("crm-{n}")));
    /// for row in client.customers().sync(rows).checkpoint("crm.checkpoint").wait() {
    ///     let row = row?;
    ///     if let RowOutcome::Failed(error) | RowOutcome::Unknown(error) = row.outcome() {
    ///         eprintln!("row {}: {error}", row.index() + 1);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Errors of the stream: `SecretKeyRequired`; `Unauthorized`, after the outcome of the row that
    /// failed with it; `Connect`, if the server could not be reached for a minute; `InvalidRequest`
    /// (fields `concurrency`, `rate`, `checkpoint`). Errors of a row: those of
    /// [`create`](Self::create), [`find`](Self::find) and [`update`](Self::update), and
    /// `InvalidRequest` (field `externalId`) if the row has no `externalId`.
    pub fn sync<I>(&self, rows: I) -> CustomerSync<I::IntoIter>
    where
        I: IntoIterator,
        I::Item: Borrow<CustomerWriteRequest>,
    {
        CustomerSync::new(Arc::clone(self.0), rows.into_iter())
    }
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
/// - Each row of the source is returned once, when it has finished; the order can differ from the
///   order of the source.
/// - Rows with the same `externalId` are written in the order of the source.
/// - A row that fails does not stop the other rows.
/// - Rows are read from the source when they are started, and are not held in memory.
/// - Dropping the stream stops the rows in flight, which may or may not have been written.
///
/// # Requests
///
/// A sync looks up its rows one by one: an unchanged customer needs 1 request; an updated or a new
/// customer needs 2. After a new customer, the sync expects that the next one is new as well, and
/// creates it without a lookup. This costs 1 request for a new customer. If the customer exists
/// after all, it costs 1 extra request. A row that is [`AlreadyDone`](RowOutcome::AlreadyDone) needs
/// none. While the server is overloaded (for up to 10 minutes) or cannot be reached (for up to a
/// minute), the rows are retried.
///
/// If this takes fewer requests, the sync reads the directory first, in pages of 100 customers.
/// Then an unchanged customer needs no request, and an updated or a new customer needs 1. The sync
/// reads the directory after the first lookups, if 32 or more rows are left and they are more than
/// the pages. If the number of rows is unknown (see [`expected_rows`](Self::expected_rows)), the
/// lookups so far count instead. A directory that cannot be read is replaced by lookups.
///
/// Rows are compared with a directory that was read at most a minute ago, or, if reading it took
/// longer than 20 seconds, at most three times as long ago as that took. After this time, rows are
/// looked up, or the directory is read again. So a change that another program makes within this
/// time may be missed: a field that had the value of the row when it was read is not written.
/// [`SyncedRow::customer`] is absent for customers that are unchanged. The directory takes 40 bytes
/// of memory for each customer, and as many again while it is read.
///
/// # Errors
///
/// The error of a single row is in its [outcome](SyncedRow::outcome). An error of the stream ends
/// the sync: `SecretKeyRequired`; `Unauthorized` or `Connect`, after the row that failed with it;
/// `InvalidRequest` (fields `concurrency`, `rate`, `checkpoint`). Its outcome is `Unknown` if that
/// of a row is. Rows that were not returned before it may be incomplete.
#[must_use = "a sync does nothing until its rows are requested"]
pub struct CustomerSync<I: Iterator> {
    client: Arc<Shared>,
    settings: SyncSettings,
    rows: I,
    has_started: bool,
    /// Present while the sync is running.
    engine: Option<SyncEngine<I::Item>>,
}

impl<I: Iterator> CustomerSync<I> {
    fn new(client: Arc<Shared>, rows: I) -> Self {
        Self {
            client,
            settings: SyncSettings {
                concurrency: 10,
                rate: None,
                dry_run: false,
                checkpoint: None,
                expected_rows: None,
                requests: RequestCounter::default(),
                options: CallOptions::default(),
            },
            rows,
            has_started: false,
            engine: None,
        }
    }

    /// The number of rows in flight at a time, and of pages while the directory is read: 10 by
    /// default.
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

    /// Only reads customers, and returns the outcome that each row would have. Later rows of the
    /// same customer are compared with what the earlier rows would have written. This needs about
    /// 80 bytes of memory for each customer. The checkpoint is read, but not written.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.settings.dry_run = dry_run;
        self
    }

    /// About how many rows the source has, if the source does not say so itself by
    /// [`size_hint`](Iterator::size_hint). The sync then knows sooner whether reading the directory
    /// takes fewer requests than a lookup for each row.
    pub fn expected_rows(mut self, rows: u64) -> Self {
        self.settings.expected_rows = Some(rows);
        self
    }

    /// The number of requests sent so far, repeated requests included. May be called at any time,
    /// also after the end.
    pub fn requests(&self) -> u64 {
        self.settings.requests.get()
    }

    /// A file that records the rows that are done, so that an interrupted sync can be resumed: run
    /// the sync again with the same file.
    ///
    /// The file is created if it does not exist, and takes 24 bytes a row, or 48 if the customer has
    /// an earlier row. The sync does not remove it; do so after the last run. A sync with a
    /// checkpoint needs 1 MiB of memory, and a resumed one 16 more bytes for each row that is done.
    ///
    /// A resumed sync skips the rows that are done and does all others, including those that
    /// failed. Rows are recognized by their `externalId` and their content, wherever they are in
    /// the source. So between the runs, rows may be changed, added and moved, and rows that failed
    /// may be removed. [`check_source`](Self::check_source) finds rows that are done and are
    /// missing from the source. Rows with the same `externalId` and different contents are
    /// repeated, in their order.
    ///
    /// The sync ends with an `InvalidRequest` (field `checkpoint`) before anything is sent, if the
    /// file was made with another server or key, or by version 0.1 of this library, or if another
    /// sync is using the file.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.checkpoint = Some(path.into());
        self
    }

    /// Checks that the checkpoint belongs to a source with these external ids, in any order. Call
    /// this before a resumed sync if its source can be read twice. Sends nothing.
    ///
    /// # Errors
    /// `InvalidRequest` (field `checkpoint`) if a row is done and its external id is missing, and
    /// the errors of a checkpoint that cannot be used.
    pub fn check_source<T: AsRef<str>>(
        &self,
        external_ids: impl IntoIterator<Item = T>,
    ) -> Result<(), Error> {
        let Some(path) = &self.settings.checkpoint else {
            return Ok(());
        };
        let checkpoint = Checkpoint::open(path, &self.client, true);
        let checked = checkpoint.and_then(|checkpoint| match checkpoint {
            Some(checkpoint) => checkpoint.check_source(external_ids.into_iter()),
            None => Ok(()),
        });
        checked.map_err(CheckpointError::into_error)
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
    /// The iterator works in bursts of up to a second; if the sync reads the directory, this is one
    /// burst. Between two bursts no request is in flight, so no request times out while the caller
    /// handles a row. The source of the rows can make blocking calls.
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
        if !this.has_started {
            this.has_started = true;
            this.settings.count_rows(&this.rows);
            let started = call::in_runtime()
                .and_then(|()| SyncEngine::new(this.client.clone(), &this.settings));
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
        loop {
            return Poll::Ready(
                match ready!(engine.poll(&this.client.pool, true, context)) {
                    SyncStep::NeedsRow => {
                        engine.supply(this.rows.next());
                        continue;
                    }
                    SyncStep::WillRead => continue,
                    SyncStep::Finished(row) => Some(Ok(row)),
                    SyncStep::Ended(result) => {
                        this.engine = None;
                        result.err().map(Err)
                    }
                },
            );
        }
    }
}

impl<I: Iterator> fmt::Debug for CustomerSync<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerSync")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
