//! A source of rows brought into the directory.

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

use crate::api::customers::sync::engine::Syncing;
use crate::call;
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::Error;
use crate::models::customers::{Customer, CustomerWriteRequest};
use crate::models::ids::ExternalId;

pub use crate::api::customers::sync::blocking::BlockingSync;

/// What became of a row. In a dry run, what would become of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowOutcome {
    /// There was no customer of this `externalId`, and now there is.
    Created,
    /// There was one, and some of its fields were not what the row says.
    Updated,
    /// There was one, just as the row says. Nothing was written.
    Unchanged,
    /// An earlier run did it, as the checkpoint says. Nothing was sent.
    AlreadyDone,
    /// It was not done; a run that is resumed tries it again.
    Failed(Error),
    /// It may have been done; a run that is resumed looks, and tries it again.
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

    /// Why it was not done, or may not have been.
    pub const fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) | Self::Unknown(error) => Some(error),
            _ => None,
        }
    }
}

/// A row of the source and what became of it.
pub struct SyncedRow<R> {
    pub(crate) index: u64,
    pub(crate) row: R,
    pub(crate) outcome: RowOutcome,
    pub(crate) customer: Option<Customer>,
    pub(crate) changed: Vec<&'static str>,
}

impl<R> SyncedRow<R> {
    /// The row's place in the source, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The row as the source gave it.
    pub fn row(&self) -> &R {
        &self.row
    }

    /// The row as the source gave it, alone.
    pub fn into_row(self) -> R {
        self.row
    }

    /// What became of it.
    pub fn outcome(&self) -> &RowOutcome {
        &self.outcome
    }

    /// The customer as the server has it after this, or in a dry run as it is; absent where it was not seen.
    pub fn customer(&self) -> Option<&Customer> {
        self.customer.as_ref()
    }

    /// For [`RowOutcome::Updated`]: the fields that were not what the row says, under the API's names.
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

/// How a sync goes about it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<f64>,
    pub(crate) dry_run: bool,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) options: CallOptions,
}

/// A sync ready to begin: a stream of what becomes of each row, or with [`wait`](Self::wait) an iterator. See
/// [`Customers::sync`](crate::Customers::sync).
#[must_use = "a sync does nothing until it is asked for its rows"]
pub struct CustomerSync<I: Iterator> {
    client: Arc<Shared>,
    settings: Settings,
    /// Absent once it has begun.
    rows: Option<I>,
    syncing: Option<Syncing<I>>,
}

impl<I: Iterator> CustomerSync<I> {
    pub(crate) fn new(client: Arc<Shared>, rows: I) -> Self {
        Self {
            client,
            settings: Settings {
                concurrency: 8,
                rate: None,
                dry_run: false,
                checkpoint: None,
                options: CallOptions::default(),
            },
            rows: Some(rows),
            syncing: None,
        }
    }

    /// Rows that are under way at a time: 8 unless set.
    pub fn concurrency(mut self, rows: usize) -> Self {
        self.settings.concurrency = rows;
        self
    }

    /// At most so many requests a second, evenly spaced, beside what the client itself is held to. A row takes 1 or 2.
    pub fn rate(mut self, requests_per_second: f64) -> Self {
        self.settings.rate = Some(requests_per_second);
        self
    }

    /// Locale, deadline and retries of each call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.settings.options = options;
        self
    }

    /// Only reads, and says what would become of each row. The checkpoint is read as well, but not written.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.settings.dry_run = dry_run;
        self
    }

    /// A file that keeps what was done, so that a run that is broken off can be resumed: give the same rows and the same file.
    /// It is made unless it is there, and takes 16 bytes a row. Removing it after the last run is left to the caller.
    ///
    /// Rows that were done are not done again; all others are, those that failed included. Rows that were not done may be changed
    /// between runs, and others added at the end; where a row that was done is another one now, and where the checkpoint was made
    /// with another server or key, the sync ends with an error before anything could be skipped.
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
    /// What becomes of the rows, one by one, worked on by the calling thread: for programs without async.
    ///
    /// The rows come in bursts of up to a second, between which nothing is under way: however long the caller takes over one,
    /// nothing runs out of time.
    pub fn wait(self) -> BlockingSync<I> {
        BlockingSync::new(self.client, self.settings, self.rows)
    }
}

// The source is never pinned in place.
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
            let begun = call::in_runtime()
                .and_then(|()| Syncing::new(this.client.clone(), &this.settings, rows));
            match begun {
                Ok(syncing) => this.syncing = Some(syncing),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let Some(syncing) = &mut this.syncing else {
            return Poll::Ready(None);
        };
        if let Err(error) = call::in_runtime() {
            this.syncing = None;
            return Poll::Ready(Some(Err(error)));
        }
        syncing.poll(&this.client.pool, true, context)
    }
}

impl<I: Iterator> fmt::Debug for CustomerSync<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerSync")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
