//! The outcomes of an import: the number of rows of each, and a report of those that failed.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use skiplino::{RowOutcome, SyncedRow};
use skiplino_directory::{FileRow, OutputFile};

use super::import_files::ImportFile;
use crate::failure::{Failure, UsageError};
use crate::files::is_in_use;
use crate::output::counted;

/// The number of rows of each outcome, and of requests.
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
    /// The requests of the import.
    pub(super) requests: u64,
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

    /// The rows of which this run changed the customer, or may have.
    pub(super) fn written(&self) -> u64 {
        self.created + self.updated + self.unknown
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
            requests,
            ..
        } = self;
        let rows = counted(*rows, "row");
        write!(
            f,
            "{rows}: {created} created, {updated} updated, {unchanged} unchanged"
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
        write!(f, "; {}", counted(*requests, "request"))
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
///
/// Nothing is replaced or removed before [`start`](Self::start). A report that the command line
/// names is always written, even if no row fails. The report beside the file is created with its
/// first row. The report is locked as long as it is open.
///
/// A report that cannot be written does not stop the import: it goes on without its report.
#[derive(Default)]
pub(super) struct Report {
    path: Option<PathBuf>,
    /// A named report that has not been put in its place yet.
    prepared: Option<OutputFile>,
    writer: Option<csv::Writer<File>>,
    is_started: bool,
    is_named: bool,
    rows: u64,
    /// Why there is no report any more.
    lost: Option<(PathBuf, io::Error)>,
    is_lost_noted: bool,
}

impl Report {
    /// Prepares the report. A named one that cannot be created, and one that another import is
    /// writing, are errors before the first request.
    pub(super) fn new(file: Option<ImportFile>) -> Result<Self, Failure> {
        let Some(ImportFile { path, is_named }) = file else {
            return Ok(Self::default());
        };
        let prepared = match is_named {
            true => Some(OutputFile::create(&path).map_err(|error| failure(&path, error))?),
            false => None,
        };
        let target = prepared.as_ref().map_or(Some(&*path), OutputFile::target);
        if target.is_some_and(is_in_use) {
            return Err(UsageError::ReportInUse(path).into());
        }
        Ok(Self {
            path: Some(path),
            prepared,
            is_named,
            ..Self::default()
        })
    }

    /// Replaces the report of an earlier run, whose failed rows this run reports again. Called once
    /// this run has locked the checkpoint: before that, another run may be writing to the report.
    pub(super) fn start(&mut self) {
        let is_started = std::mem::replace(&mut self.is_started, true);
        let Some(path) = self.path.as_deref().filter(|_| !is_started) else {
            return;
        };
        let started = match self.prepared.take() {
            Some(file) => open(file).map(|writer| self.writer = Some(writer)),
            None if path.exists() && !is_in_use(path) => std::fs::remove_file(path),
            None => Ok(()),
        };
        if let Err(error) = started {
            self.give_up(error);
        }
    }

    fn give_up(&mut self, error: io::Error) {
        self.writer = None;
        self.lost = self.path.take().map(|path| (path, error));
    }

    /// A note that there is no report any more, once.
    pub(super) fn note(&mut self) -> Option<String> {
        let (path, error) = self.lost.as_ref().filter(|_| !self.is_lost_noted)?;
        self.is_lost_noted = true;
        let path = path.display();
        Some(format!(
            "{path}: {error}; the import continues without its report; name another report with \
             --report"
        ))
    }

    /// Why a report that the command line names is not complete.
    pub(super) fn lost(&mut self) -> Option<(PathBuf, io::Error)> {
        self.lost.take().filter(|_| self.is_named)
    }

    /// The file, if any row is in it.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref().filter(|_| self.rows > 0)
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &SyncedRow<FileRow>, reason: &str) {
        let Some(path) = &self.path else {
            return;
        };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => match OutputFile::create(path).and_then(open) {
                Ok(writer) => none.insert(writer),
                Err(error) => return self.give_up(error),
            },
        };
        let mut write = || -> io::Result<()> {
            let id = row.row().external_id().unwrap_or_default();
            let line = row.row().line().to_string();
            writer.write_record([&line, id, row.outcome().as_str(), reason])?;
            // If the import is killed, the report has all rows so far.
            writer.flush()
        };
        match write() {
            Ok(()) => self.rows += 1,
            Err(error) => self.give_up(error),
        }
    }
}

/// Locks the report and puts it in its place, with its heading.
fn open(file: OutputFile) -> io::Result<csv::Writer<File>> {
    let locked = file.writer()?;
    if let Some(target) = file.target() {
        // No other process has the new file, and some file systems have no locks.
        let _ = locked.try_lock();
        if is_in_use(target) {
            return Err(io::Error::other("another import is writing this report"));
        }
    }
    let mut writer = csv::Writer::from_writer(locked);
    writer.write_record(["line", "externalId", "outcome", "reason"])?;
    writer.flush()?;
    file.commit()?;
    Ok(writer)
}

fn failure(path: &Path, error: io::Error) -> Failure {
    Failure::io(path.display().to_string(), error)
}
