//! The outcomes of an import: the number of rows of each, and a report of those that failed.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use skiplino::{RowOutcome, SyncedRow};
use skiplino_directory::{FileRow, OutputFile};

use super::import_files::ImportFile;
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
///
/// Nothing is replaced or removed before [`start`](Self::start). A report that the command line
/// names is always written, even if no row fails. The report beside the file is created with its
/// first row.
#[derive(Default)]
pub(super) struct Report {
    path: Option<PathBuf>,
    /// A named report that has not been put in its place yet.
    prepared: Option<OutputFile>,
    writer: Option<csv::Writer<File>>,
    is_started: bool,
    rows: u64,
}

impl Report {
    /// Prepares the report. A named one that cannot be written is an error before the first
    /// request.
    pub(super) fn new(file: Option<ImportFile>) -> Result<Self, Failure> {
        let Some(ImportFile { path, is_named }) = file else {
            return Ok(Self::default());
        };
        let prepared = match is_named {
            true => Some(OutputFile::create(&path).map_err(|error| failure(&path, error))?),
            false => None,
        };
        Ok(Self {
            path: Some(path),
            prepared,
            ..Self::default()
        })
    }

    /// Replaces the report of an earlier run, whose failed rows this run reports again. Called once
    /// this run has locked the checkpoint: before that, another run may be writing to the report.
    /// Returns why there is no report.
    pub(super) fn start(&mut self) -> Result<Option<Failure>, Failure> {
        let is_started = std::mem::replace(&mut self.is_started, true);
        let Some(path) = self.path.as_deref().filter(|_| !is_started) else {
            return Ok(None);
        };
        if let Some(file) = self.prepared.take() {
            let writer = open(file).map_err(|error| failure(path, error))?;
            self.writer = Some(writer);
        } else if path.exists()
            && let Err(error) = std::fs::remove_file(path)
        {
            return Ok(self.give_up(error));
        }
        Ok(None)
    }

    /// A report that nobody named cannot be written, for example beside a file on a read-only disk.
    fn give_up(&mut self, error: io::Error) -> Option<Failure> {
        Some(failure(&self.path.take()?, error))
    }

    /// The file, if any row is in it.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref().filter(|_| self.rows > 0)
    }

    /// Adds a row. Returns why there is no report, once.
    pub(super) fn add(
        &mut self,
        row: &SyncedRow<FileRow>,
        reason: &str,
    ) -> Result<Option<Failure>, Failure> {
        let Some(path) = &self.path else {
            return Ok(None);
        };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => match OutputFile::create(path).and_then(open) {
                Ok(writer) => none.insert(writer),
                Err(error) => return Ok(self.give_up(error)),
            },
        };
        let mut write = || -> io::Result<()> {
            let id = row.row().external_id().unwrap_or_default();
            let line = row.row().line().to_string();
            writer.write_record([&line, id, row.outcome().as_str(), reason])?;
            // If the import is killed, the report has all rows so far.
            writer.flush()
        };
        write().map_err(|error| failure(path, error))?;
        self.rows += 1;
        Ok(None)
    }
}

/// Puts the report in its place, with its heading.
fn open(file: OutputFile) -> io::Result<csv::Writer<File>> {
    let mut writer = csv::Writer::from_writer(file.writer()?);
    writer.write_record(["line", "externalId", "outcome", "reason"])?;
    writer.flush()?;
    file.commit()?;
    Ok(writer)
}

fn failure(path: &Path, error: io::Error) -> Failure {
    Failure::io(path.display().to_string(), error)
}
