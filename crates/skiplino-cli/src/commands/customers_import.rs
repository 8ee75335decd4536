//! `skiplino customers import`: creates and updates customers from the rows of a file.

use std::cell::RefCell;
use std::error::Error as _;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, ValueEnum};
use serde_json::json;
use skiplino::{Client, RowOutcome, SyncedRow};
use skiplino_directory::{Field, FileRow, Format, ReadProgress, RowReader};

use super::import_files::{Checkpoint, ImportFiles};
use super::import_report::{OutcomeCounts, Report, reason};
use crate::failure::{Failure, RowsFailed, UsageError};
use crate::files::{FormatArgument, format_of, is_locked, is_standard_stream, is_still};
use crate::output::{Output, Progress};

/// The import reports a text that has at least this number of lines.
const MANY_LINES: usize = 10;

/// Create and update customers from the rows of a file
///
/// Rows and customers are matched by externalId. The import creates customers that do not exist,
/// updates customers that differ from their row, and leaves all others unchanged. An empty cell, or
/// a field that is absent, keeps the stored value; --erase names fields whose stored value an empty
/// cell erases. The columns are externalId, name, email, mobile, and metadata (a JSON object) or
/// metadata.KEY (text). Columns that only the server writes are ignored; any other column is
/// rejected. A bad row, or a row that the server rejects, does not stop the others: a report lists
/// them.
///
/// A checkpoint beside the file records the finished rows. If an import is interrupted, by Ctrl-C
/// or otherwise, --resume continues it. Failed rows are sent again; you may correct or delete them
/// in the file first, and change, add or move other rows. When all rows are finished, the
/// checkpoint is removed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino customers import customers.csv --dry-run
  skiplino customers import customers.csv
  skiplino customers import customers.csv --resume
  skiplino customers import customers.parquet --concurrency 4 --rate 20
  skiplino customers import customers.csv --erase email,mobile
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

    /// Erase the stored value of this field where the file has an empty cell, an empty text or null
    #[arg(long, value_name = "FIELD", value_enum, value_delimiter = ',')]
    erase: Vec<ErasableField>,

    /// Continue an interrupted import of the file
    #[arg(long)]
    resume: bool,

    /// Stop at the first row that fails
    #[arg(long)]
    strict: bool,

    /// In CSV, remove the ' before text that begins with =, +, - or @, as exports with
    /// --escape-formulas have it
    #[arg(long)]
    unescape_formulas: bool,

    /// Rows to process at the same time
    #[arg(long, value_name = "N", default_value_t = 10)]
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

/// A field that can be erased.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ErasableField {
    Name,
    Email,
    Mobile,
    Metadata,
}

impl From<ErasableField> for Field {
    fn from(field: ErasableField) -> Self {
        match field {
            ErasableField::Name => Self::Name,
            ErasableField::Email => Self::Email,
            ErasableField::Mobile => Self::Mobile,
            ErasableField::Metadata => Self::Metadata,
        }
    }
}

impl Import {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let format = format_of(&self.file, self.format)?;
        if self.unescape_formulas && format != Format::Csv {
            return Err(UsageError::NotCsv("--unescape-formulas").into());
        }
        let files = ImportFiles::new(
            &self.file,
            self.checkpoint.clone(),
            self.report.clone(),
            self.dry_run,
        )?;
        let mut rows = match is_standard_stream(&self.file) {
            true => RowReader::stdin(format),
            false => RowReader::open(&self.file, format),
        }?
        .strict(self.strict)
        .unescape_formulas(self.unescape_formulas)
        .erase(self.erase.iter().copied().map(Field::from).collect());
        out.make_optional();
        // A dry run writes no checkpoint, and reads one only with `--resume`.
        let uses_checkpoint = self.resume || !self.dry_run;
        let (checkpoint, without) = match uses_checkpoint {
            true => match files.checkpoint(&self.file, self.resume)? {
                Checkpoint::At(path) => (Some(path), None),
                Checkpoint::None(reason) => (None, Some(reason)),
            },
            false => (None, None),
        };
        let open_files = Rc::new(RefCell::new(OpenFiles {
            report: Report::new(files.report)?,
            checkpoint: None,
        }));
        let mut running = RunningImport {
            strict: self.strict,
            dry_run: self.dry_run,
            files: Rc::clone(&open_files),
            counts: OutcomeCounts::default(),
            finished: 0,
            progress: Progress::new("rows"),
        };
        if let (Some(reason), false) = (without, self.dry_run) {
            out.note(format_args!(
                "no checkpoint, because {reason}: if this import is stopped, start it again from its \
                 first row, or name a checkpoint now with --checkpoint"
            ));
        }
        let file = self.file.display();
        for notice in rows.notices() {
            out.note(format_args!("{file}: {notice}"));
        }
        let read = rows.progress();
        let expected_rows = rows.expected_rows();
        let checkpoint_path = checkpoint.clone();
        // The sync reads its first row after it has locked the checkpoint and before it sends
        // anything.
        let rows = std::iter::from_fn(move || {
            open_files.borrow_mut().start(checkpoint_path.as_deref());
            rows.next()
        });
        let mut sync = client.customers().sync(rows).dry_run(self.dry_run);
        sync = sync.concurrency(self.concurrency);
        if let Some(rows) = expected_rows {
            sync = sync.expected_rows(rows);
        }
        if let Some(rate) = self.rate {
            sync = sync.rate(rate);
        }
        if let Some(path) = &checkpoint {
            sync = sync.checkpoint(path);
        }
        // A source that can be read only once is not checked for missing rows.
        if checkpoint.is_some() && self.resume && self.file.is_file() {
            let rows = RowReader::open(&self.file, format)?;
            let rows = rows.unescape_formulas(self.unescape_formulas);
            let read = rows.progress();
            let ids = rows.filter_map(|row| row.external_id().map(str::to_owned));
            let checked = sync.check_source(ids);
            if let Some(error) = read.take_error() {
                return Err(error.into());
            }
            checked.map_err(|error| checkpoint_failure(error, checkpoint.as_deref()))?;
        }
        let mut sync = sync.wait();
        let result = running.rows(&mut sync, &read, checkpoint.as_deref(), out);
        running.counts.requests = sync.requests();
        running.progress.finish();
        if read.skipped() > 0 {
            let lines = read.skipped();
            out.note(format_args!(
                "{file}: lines without any value were skipped: {lines}"
            ));
        }
        if let Some((line, lines)) = read.most_lines().filter(|(_, lines)| *lines >= MANY_LINES) {
            out.note(format_args!(
                "{file}: the row on line {line} has a text of {lines} lines: if that is unexpected, a \
                 quote may not be closed"
            ));
        }
        let counts = running.counts;
        let mut files = running.files.borrow_mut();
        if out.json {
            out.object(&counts)?;
        } else {
            let dry = if self.dry_run { "dry run: " } else { "" };
            out.line(format_args!("{dry}{counts}"))?;
        }
        out.flush()?;
        // In a dry run, there is no progress to keep.
        let checkpoint = checkpoint.filter(|_| !self.dry_run);
        if let (Err(Failure::Api { .. } | Failure::Directory(_)), Some(path)) =
            (&result, &checkpoint)
            && path.exists()
        {
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
                report: files.report.path().map(Path::to_owned),
                is_resumable: checkpoint.is_some(),
            }));
        }
        if let Some(path) = checkpoint {
            files.remove_checkpoint(&path)?;
        }
        match files.report.lost() {
            Some((path, error)) => {
                let subject = format!("done, but the report is not complete: {}", path.display());
                Err(running.lost(subject, error))
            }
            None => Ok(()),
        }
    }
}

/// The files that an import keeps open.
struct OpenFiles {
    report: Report,
    checkpoint: Option<File>,
}

impl OpenFiles {
    /// Called when the sync has locked its checkpoint, and again before each row.
    fn start(&mut self, checkpoint: Option<&Path>) {
        if self.checkpoint.is_none() {
            self.checkpoint = checkpoint.and_then(|path| File::open(path).ok());
        }
        self.report.start();
    }

    /// Removes the checkpoint, but not one that another import has created or continues.
    fn remove_checkpoint(&self, path: &Path) -> Result<(), Failure> {
        let is_own = |file: &File| is_still(path, file) && !is_locked(file);
        if !self.checkpoint.as_ref().is_some_and(is_own) {
            return Ok(());
        }
        // Its name may be a link.
        let removed = path.canonicalize().and_then(std::fs::remove_file);
        removed.map_err(|error| Failure::io(path.display().to_string(), error))
    }
}

/// The state of an import while its rows are processed.
struct RunningImport {
    strict: bool,
    dry_run: bool,
    files: Rc<RefCell<OpenFiles>>,
    counts: OutcomeCounts,
    /// The size of the rows that are counted.
    finished: u64,
    progress: Progress,
}

impl RunningImport {
    fn rows(
        &mut self,
        rows: impl Iterator<Item = Result<SyncedRow<FileRow>, skiplino::Error>>,
        read: &ReadProgress,
        checkpoint: Option<&Path>,
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
                    None => {
                        return Err(match checkpoint_failure(error, checkpoint) {
                            Failure::Io { subject, source } => self.lost(subject, source),
                            failure => failure,
                        });
                    }
                },
            };
            self.row(&row, read, out)?;
        }
        match read.take_error() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// The failure of a file of the import, which may have written rows nevertheless.
    fn lost(&self, subject: String, source: io::Error) -> Failure {
        match self.counts.written() > 0 && !self.dry_run {
            true => Failure::RecordLost { subject, source },
            false => Failure::Io { subject, source },
        }
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
            self.files.borrow_mut().report.add(row, reason);
            if self.strict {
                read.stop();
            }
        }
        let note = self.files.borrow_mut().report.note();
        if let Some(note) = note {
            self.progress.note(note);
        }
        if out.json {
            out.object(&row_json(row, reason))?;
        } else if let Some(reason) = reason
            && self.files.borrow().report.path().is_none()
        {
            let line = row.row().line();
            self.progress.note(format_args!("line {line}: {reason}"));
        }
        self.finished += row.row().size();
        self.progress
            .set(self.counts.rows, self.finished, read.total());
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

/// A checkpoint that cannot be opened or written is a failure of a file, not of a call.
fn checkpoint_failure(error: skiplino::Error, checkpoint: Option<&Path>) -> Failure {
    let source = error.source();
    let is_io = source.is_some_and(|source| source.is::<io::Error>());
    match checkpoint {
        Some(path) if is_io && error.fields().contains_key("checkpoint") => {
            let path = path.display();
            Failure::io(
                format!(
                    "stopped, because finished rows could not be recorded in {path} \
                     (--checkpoint names another file)"
                ),
                io::Error::other(error),
            )
        }
        _ => error.into(),
    }
}
