//! A row of a sync, and its outcome.

use std::borrow::Borrow;
use std::fmt;

use crate::error::Error;
use crate::models::customers::{Customer, CustomerWriteRequest};
use crate::models::ids::ExternalId;

/// The outcome of a row. In a dry run, the outcome that a real run would have.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowOutcome {
    /// No customer had this `externalId`; the customer was created.
    Created,
    /// The customer existed, and some of its fields differed from the row; they were updated.
    Updated,
    /// The customer existed and had all values of the row when it was read. Nothing was written.
    Unchanged,
    /// An earlier run finished the row, according to the checkpoint. Nothing was sent.
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
    pub(super) index: u64,
    pub(super) row: R,
    pub(super) outcome: RowOutcome,
    pub(super) customer: Option<Customer>,
    pub(super) changed: Vec<&'static str>,
}

impl<R> SyncedRow<R> {
    pub(super) fn new(index: u64, row: R, outcome: RowOutcome) -> Self {
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
    /// the sync did not receive it, or did not keep it: it keeps only hashes of the customers that
    /// it reads by pages.
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
