//! What became of the rows of an import: counted, and listed where they were not done.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use skiplino::{RowOutcome, SyncedRow};

use crate::directory::Row;
use crate::exit::Failure;

/// Rows by what became of them.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tally {
    pub(super) rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    pub(super) already_done: u64,
    pub(super) failed: u64,
    pub(super) unknown: u64,
}

impl Tally {
    pub(super) fn count(&mut self, outcome: &RowOutcome) {
        self.rows += 1;
        *match outcome {
            RowOutcome::Created => &mut self.created,
            RowOutcome::Updated => &mut self.updated,
            RowOutcome::Unchanged => &mut self.unchanged,
            RowOutcome::AlreadyDone => &mut self.already_done,
            RowOutcome::Unknown(_) => &mut self.unknown,
            // An outcome of a later library that is not known to be good is not counted as such.
            _ => &mut self.failed,
        } += 1;
    }

    pub(super) fn not_done(&self) -> u64 {
        self.failed + self.unknown
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rows,
            created,
            updated,
            unchanged,
            ..
        } = self;
        write!(
            f,
            "{rows} rows: {created} created, {updated} updated, {unchanged} unchanged"
        )?;
        for (count, what) in [
            (self.already_done, "done before"),
            (self.failed, "failed"),
            (self.unknown, "unknown"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// Why a row was not done.
pub(super) fn reason(row: &SyncedRow<Row>) -> Option<String> {
    let error = row.outcome().error()?;
    Some(row.row().bad.clone().unwrap_or_else(|| error.to_string()))
}

/// The rows that were not done, as CSV.
pub(super) struct Report {
    path: Option<PathBuf>,
    to: Option<csv::Writer<File>>,
}

impl Report {
    /// A report that is written once there is something in it. One of an earlier run goes: it is about rows that are told of again.
    pub(super) fn begin(path: Option<PathBuf>) -> Result<Self, Failure> {
        let this = Self { path, to: None };
        match this.path.as_deref().map(std::fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(this.failed(error)),
            _ => Ok(this),
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.to.as_ref().and(self.path.as_deref())
    }

    pub(super) fn add(&mut self, row: &SyncedRow<Row>) -> Result<(), Failure> {
        let (Some(path), Some(reason)) = (&self.path, reason(row)) else {
            return Ok(());
        };
        let mut write = || -> io::Result<()> {
            if self.to.is_none() {
                let mut to = csv::Writer::from_path(path)?;
                to.write_record(["line", "externalId", "outcome", "reason"])?;
                self.to = Some(to);
            }
            if let Some(to) = &mut self.to {
                let id = row.row().external_id.as_deref().unwrap_or_default();
                let line = row.row().line.to_string();
                to.write_record([&line, id, row.outcome().as_str(), &reason])?;
                // A killed import has told of what it met.
                to.flush()?;
            }
            Ok(())
        };
        write().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> Failure {
        let path = self.path.as_deref().unwrap_or(Path::new("the report"));
        Failure::Io(path.display().to_string(), error)
    }
}
