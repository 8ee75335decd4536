//! `skiplino customers import`: creates and updates customers from the rows of a file.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use skiplino::{Client, RowOutcome, SyncedRow};
use skiplino_directory::{FileRow, ReadProgress, RowReader};

use super::import_report::{OutcomeCounts, Report, reason};
use crate::failure::{Failure, RowsFailed, UsageError};
use crate::files::{FormatArgument, format_of, is_standard_stream, with_suffix};
use crate::output::{Output, Progress};

/// Create and update customers from the rows of a file
///
/// Rows and customers are matched by externalId. The import creates customers that do not exist,
/// updates customers that differ from their row, and leaves all others unchanged. An empty cell, or
/// a field that is absent, keeps the stored value. The columns are externalId, name, email, mobile,
/// and metadata (a JSON object) or metadata.KEY (text). Columns that only the server writes are
/// ignored; any other column is rejected. A bad row, or a row that the server rejects, does not
/// stop the others: a report lists them.
///
/// A checkpoint beside the file records the finished rows. If an import is interrupted, by Ctrl-C
/// or otherwise, --resume continues it. Failed rows are sent again; you may correct them in the
/// file first. When all rows are finished, the checkpoint is removed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino customers import customers.csv --dry-run
  skiplino customers import customers.csv
  skiplino customers import customers.csv --resume
  skiplino customers import customers.parquet --concurrency 4 --rate 20
  zcat customers.jsonl.gz | skiplino customers import - --format jsonl")]
pub(crate) struct Import {
    /// The file to read: .csv, .jsonl, .ndjson or .parquet; - is standard input
    file: PathBuf,

    /// The format, if the suffix of the file name does not determine it
    #[arg(long, value_enum)]
    format: Option<FormatArgument>,

    /// Report what the import would do, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Continue an interrupted import of the file
    #[arg(long)]
    resume: bool,

    /// Stop at the first row that fails
    #[arg(long)]
    strict: bool,

    /// Rows to process at the same time
    #[arg(long, value_name = "N", default_value_t = 8)]
    concurrency: usize,

    /// The most requests per second
    #[arg(long, value_name = "N")]
    rate: Option<f64>,

    /// The file that records the finished rows [default: FILE.checkpoint]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// The CSV file that lists the rows that failed [default: FILE.failed.csv]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Import {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let format = format_of(&self.file, self.format)?;
        let rows = match is_standard_stream(&self.file) {
            true => RowReader::stdin(format),
            false => RowReader::open(&self.file, format),
        }?
        .strict(self.strict);
        let checkpoint = self.checkpoint()?;
        let read = rows.progress();
        let mut sync = client.customers().sync(rows).dry_run(self.dry_run);
        sync = sync.concurrency(self.concurrency);
        if let Some(rate) = self.rate {
            sync = sync.rate(rate);
        }
        if let Some(path) = &checkpoint {
            sync = sync.checkpoint(path);
        }
        let report = self
            .report
            .clone()
            .or_else(|| self.sibling_path(".failed.csv"));
        let mut running = RunningImport {
            strict: self.strict,
            report: Report::begin(report)?,
            counts: OutcomeCounts::default(),
            progress: Progress::new("rows"),
        };
        let result = running.rows(sync.wait(), &read, out);
        running.progress.finish();
        let (counts, report) = (running.counts, running.report.path());
        if out.json {
            out.object(&counts)?;
        } else {
            let dry = if self.dry_run { "dry run: " } else { "" };
            out.line(format_args!("{dry}{counts}"))?;
        }
        out.flush()?;
        // In a dry run, there is no progress to keep.
        let checkpoint = checkpoint.filter(|_| !self.dry_run);
        if let (Err(Failure::Api { .. }), Some(path)) = (&result, &checkpoint) {
            let path = path.display();
            out.note(format_args!(
                "{path} records the finished rows: continue with --resume"
            ));
        }
        result?;
        if counts.not_done() > 0 {
            return Err(Failure::from(RowsFailed {
                failed: counts.failed,
                unknown: counts.unknown,
                report: report.map(Path::to_owned),
                is_resumable: checkpoint.is_some(),
            }));
        }
        if let Some(path) = checkpoint {
            let removed = std::fs::remove_file(&path);
            removed.map_err(|error| Failure::io(path.display().to_string(), error))?;
        }
        Ok(())
    }

    /// The path of the imported file with this suffix added. `None` for standard input.
    fn sibling_path(&self, suffix: &str) -> Option<PathBuf> {
        (!is_standard_stream(&self.file)).then(|| with_suffix(&self.file, suffix))
    }

    /// The checkpoint to use. An existing one is only used with `--resume`.
    fn checkpoint(&self) -> Result<Option<PathBuf>, UsageError> {
        let path = self.checkpoint.clone();
        let path = path.or_else(|| self.sibling_path(".checkpoint"));
        // A dry run writes no checkpoint, and reads one only with `--resume`.
        let path = path.filter(|_| self.resume || !self.dry_run);
        match path {
            Some(checkpoint) if !self.resume && checkpoint.exists() => {
                Err(UsageError::UnfinishedImport {
                    checkpoint,
                    file: self.file.clone(),
                })
            }
            path => Ok(path),
        }
    }
}

/// The state of an import while its rows are processed.
struct RunningImport {
    strict: bool,
    report: Report,
    counts: OutcomeCounts,
    progress: Progress,
}

impl RunningImport {
    fn rows(
        &mut self,
        rows: impl Iterator<Item = Result<SyncedRow<FileRow>, skiplino::Error>>,
        read: &ReadProgress,
        out: &mut Output,
    ) -> Result<(), Failure> {
        for row in rows {
            let row = match row {
                Ok(row) => row,
                // The sync reports missing rows. That is expected if the file could not be read to
                // its end, or if a strict import has stopped.
                Err(error) => match read.take_error() {
                    Some(error) => return Err(error.into()),
                    None if self.strict && self.counts.not_done() > 0 => break,
                    None => return Err(checkpoint_failure(error)),
                },
            };
            self.row(&row, read, out)?;
        }
        read.take_error().map_or(Ok(()), |error| Err(error.into()))
    }

    fn row(
        &mut self,
        row: &SyncedRow<FileRow>,
        read: &ReadProgress,
        out: &mut Output,
    ) -> Result<(), Failure> {
        self.counts.add(row.outcome());
        if matches!(row.outcome(), RowOutcome::AlreadyDone) {
            self.progress.skip_one();
        }
        let reason = reason(row);
        if let Some(reason) = &reason {
            self.report.add(row, reason)?;
            if self.strict {
                read.stop();
            }
        }
        if out.json {
            out.object(&row_json(row, reason))?;
        } else if let Some(reason) = reason
            && self.report.path().is_none()
        {
            let line = row.row().line();
            self.progress.note(format_args!("line {line}: {reason}"));
        }
        self.progress
            .set(self.counts.rows, read.done(), read.total());
        Ok(())
    }
}

/// A row for programs.
fn row_json(row: &SyncedRow<FileRow>, reason: Option<String>) -> serde_json::Value {
    let mut object = json!({
        "line": row.row().line(),
        "externalId": row.row().external_id(),
        "outcome": row.outcome().as_str(),
    });
    if let Some(customer) = row.customer() {
        object["_id"] = json!(customer.id());
    }
    if !row.changed().is_empty() {
        object["changed"] = json!(row.changed());
    }
    if let Some(reason) = reason {
        object["reason"] = json!(reason);
    }
    object
}

/// A checkpoint that cannot be written is a failure of a file, not of a call.
fn checkpoint_failure(error: skiplino::Error) -> Failure {
    let is_io = error
        .source()
        .is_some_and(|source| source.is::<io::Error>());
    if is_io && error.fields().contains_key("checkpoint") {
        return Failure::io(
            "stopped, because finished rows could not be recorded",
            io::Error::other(error),
        );
    }
    error.into()
}
