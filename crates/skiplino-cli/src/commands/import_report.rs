//! The outcomes of an import: the number of rows of each, and a report of those that failed.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use skiplino::{RowOutcome, SyncedRow};
use skiplino_directory::FileRow;

use crate::failure::Failure;

/// The number of rows of each outcome.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutcomeCounts {
    pub(super) rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    pub(super) already_done: u64,
    pub(super) failed: u64,
    pub(super) unknown: u64,
}

impl OutcomeCounts {
    pub(super) fn add(&mut self, outcome: &RowOutcome) {
        self.rows += 1;
        *match outcome {
            RowOutcome::Created => &mut self.created,
            RowOutcome::Updated => &mut self.updated,
            RowOutcome::Unchanged => &mut self.unchanged,
            RowOutcome::AlreadyDone => &mut self.already_done,
            RowOutcome::Unknown(_) => &mut self.unknown,
            // An outcome that a later library adds may be a failure, so it counts as one.
            _ => &mut self.failed,
        } += 1;
    }

    pub(super) fn not_done(&self) -> u64 {
        self.failed + self.unknown
    }
}

impl fmt::Display for OutcomeCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rows,
            created,
            updated,
            unchanged,
            ..
        } = self;
        let unit = if *rows == 1 { "row" } else { "rows" };
        write!(
            f,
            "{rows} {unit}: {created} created, {updated} updated, {unchanged} unchanged"
        )?;
        for (count, label) in [
            (self.already_done, "already done"),
            (self.failed, "failed"),
            (self.unknown, "unknown"),
        ] {
            if count > 0 {
                write!(f, ", {count} {label}")?;
            }
        }
        Ok(())
    }
}

/// Why a row failed, or may have failed.
pub(super) fn reason(row: &SyncedRow<FileRow>) -> Option<String> {
    let error = row.outcome().error()?;
    Some(match row.row().error() {
        Some(error) => error.to_string(),
        None => error.to_string(),
    })
}

/// The rows that failed, as CSV.
pub(super) struct Report {
    path: Option<PathBuf>,
    writer: Option<csv::Writer<File>>,
}

impl Report {
    /// A report that is created with its first row. The report of an earlier run is removed,
    /// because this run reports its rows again.
    pub(super) fn begin(path: Option<PathBuf>) -> Result<Self, Failure> {
        let report = Self { path, writer: None };
        match report.path.as_deref().map(std::fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                Err(report.failure(error))
            }
            _ => Ok(report),
        }
    }

    /// The file, if any row is in it.
    pub(super) fn path(&self) -> Option<&Path> {
        self.writer.as_ref().and(self.path.as_deref())
    }

    pub(super) fn add(&mut self, row: &SyncedRow<FileRow>, reason: &str) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut write = || -> io::Result<()> {
            let writer = match &mut self.writer {
                Some(writer) => writer,
                none => {
                    let mut writer = csv::Writer::from_path(path)?;
                    writer.write_record(["line", "externalId", "outcome", "reason"])?;
                    none.insert(writer)
                }
            };
            let id = row.row().external_id().unwrap_or_default();
            let line = row.row().line().to_string();
            writer.write_record([&line, id, row.outcome().as_str(), reason])?;
            // If the import is killed, the report has all rows so far.
            writer.flush()
        };
        write().map_err(|error| self.failure(error))
    }

    fn failure(&self, error: io::Error) -> Failure {
        let path = self.path.as_deref().unwrap_or(Path::new("the report"));
        Failure::io(path.display().to_string(), error)
    }
}
