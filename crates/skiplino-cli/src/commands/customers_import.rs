//! A file brought into the directory.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use skiplino::{Client, RowOutcome, SyncedRow};

use super::import_report::{Report, Tally, reason};
use crate::directory::{About, Format, Row, Source, beside, is_standard};
use crate::exit::Failure;
use crate::output::{Meter, Output};

/// Bring the rows of a file into the directory
///
/// Row by row and by externalId: a customer that is not there is created, one that is not as the row says is updated, any other
/// is left alone. An empty cell, or a field that is not given, leaves what is stored. Columns are externalId, name, email,
/// mobile, and metadata (a JSON object) or metadata.KEY (texts); those that only the server writes are passed over, any other is
/// refused. Rows that cannot be taken, or that the server refuses, do not stop the others: they are listed in a report.
///
/// What is done is kept in a checkpoint beside the file until everything is, so that an import that was stopped, by Ctrl-C or by
/// anything else, goes on with --resume. Rows that failed are tried again; they may be mended in the file before.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino customers import customers.csv --dry-run
  skiplino customers import customers.csv
  skiplino customers import customers.csv --resume
  skiplino customers import customers.parquet --concurrency 4 --rate 20
  zcat customers.jsonl.gz | skiplino customers import - --format jsonl")]
pub(crate) struct Import {
    /// From where: a name that ends in .csv, .jsonl, .ndjson or .parquet; - is standard input
    file: PathBuf,

    /// The format, where the name does not tell
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Only read, and say what would be done
    #[arg(long)]
    dry_run: bool,

    /// Go on where an import of the file stopped
    #[arg(long)]
    resume: bool,

    /// Stop at the first row that is not done
    #[arg(long)]
    strict: bool,

    /// Rows that are under way at a time
    #[arg(long, value_name = "N", default_value_t = 8)]
    concurrency: usize,

    /// Requests a second at most
    #[arg(long, value_name = "N")]
    rate: Option<f64>,

    /// What keeps what was done [default: FILE.checkpoint]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// Where the rows that were not done are listed, as CSV [default: FILE.failed.csv]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Import {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let format = Format::of(&self.file, self.format)?;
        let source = Source::open(&self.file, format, self.strict)?;
        let default = |ending| (!is_standard(&self.file)).then(|| beside(&self.file, ending));
        let checkpoint = self.checkpoint.clone().or_else(|| default(".checkpoint"));
        // A dry run does not write a checkpoint, and reads one only when it is told to.
        let checkpoint = checkpoint.filter(|_| self.resume || !self.dry_run);
        if let Some(path) = checkpoint
            .as_deref()
            .filter(|path| !self.resume && path.exists())
        {
            let (path, file) = (path.display(), self.file.display());
            return Err(Failure::Usage(format!(
                "{path}: an import of {file} did not come to its end: go on with --resume, or remove the checkpoint to begin again"
            )));
        }
        let about = source.about();
        let mut sync = client.customers().sync(source).dry_run(self.dry_run);
        sync = sync.concurrency(self.concurrency);
        if let Some(rate) = self.rate {
            sync = sync.rate(rate);
        }
        if let Some(path) = &checkpoint {
            sync = sync.checkpoint(path);
        }
        let mut importing = Importing {
            strict: self.strict,
            report: Report::begin(self.report.clone().or_else(|| default(".failed.csv")))?,
            tally: Tally::default(),
            meter: Meter::new("rows"),
        };
        let ended = importing.rows(sync.wait(), &about, out);
        importing.meter.finish();
        let (tally, report) = (importing.tally, importing.report.path());
        if out.json {
            out.object(&tally)?;
        } else {
            let dry = if self.dry_run { "dry run: " } else { "" };
            out.line(format_args!("{dry}{tally}"))?;
        }
        out.flush()?;
        if let (Err(Failure::Api { .. }), Some(path)) = (&ended, &checkpoint)
            && !self.dry_run
        {
            let path = path.display();
            out.note(format_args!("{path} keeps what was done: --resume goes on"));
        }
        ended?;
        if tally.not_done() > 0 {
            return Err(Failure::Rows {
                failed: tally.failed,
                unknown: tally.unknown,
                report: report.map(Path::to_owned),
                is_resumable: checkpoint.is_some() && !self.dry_run,
            });
        }
        if let Some(path) = checkpoint.filter(|_| !self.dry_run) {
            let removed = std::fs::remove_file(&path);
            removed.map_err(|error| Failure::Io(path.display().to_string(), error))?;
        }
        Ok(())
    }
}

/// An import under way.
struct Importing {
    strict: bool,
    report: Report,
    tally: Tally,
    meter: Meter,
}

impl Importing {
    fn rows(
        &mut self,
        rows: impl Iterator<Item = Result<SyncedRow<Row>, skiplino::Error>>,
        about: &About,
        out: &mut Output,
    ) -> Result<(), Failure> {
        for row in rows {
            let row = match row {
                Ok(row) => row,
                // That rows are missing is no news where the reading broke off, or was stopped by a row.
                Err(error) => match about.broken() {
                    Some(broken) => return Err(broken),
                    None if self.strict && self.tally.not_done() > 0 => break,
                    None => return Err(of_checkpoint(error)),
                },
            };
            self.tally.count(row.outcome());
            if matches!(row.outcome(), RowOutcome::AlreadyDone) {
                self.meter.skip();
            }
            let not_done = row.outcome().error().is_some();
            if not_done {
                self.report.add(&row)?;
                if self.strict {
                    about.stop();
                }
            }
            if out.json {
                out.object(&told(&row))?;
            } else if not_done && self.report.path().is_none() {
                let (line, reason) = (row.row().line, reason(&row).unwrap_or_default());
                self.meter.note(format_args!("line {line}: {reason}"));
            }
            self.meter.set(self.tally.rows, about.read(), about.size());
        }
        about.broken().map_or(Ok(()), Err)
    }
}

/// A row for programs.
fn told(row: &SyncedRow<Row>) -> serde_json::Value {
    let mut told = json!({
        "line": row.row().line,
        "externalId": row.row().external_id,
        "outcome": row.outcome().as_str(),
    });
    if let Some(customer) = row.customer() {
        told["_id"] = json!(customer.id());
    }
    if !row.changed().is_empty() {
        told["changed"] = json!(row.changed());
    }
    if let Some(reason) = reason(row) {
        told["reason"] = json!(reason);
    }
    told
}

/// A checkpoint that cannot be written is a file, whatever the library calls it.
fn of_checkpoint(error: skiplino::Error) -> Failure {
    let is_io = error
        .source()
        .is_some_and(|source| source.is::<io::Error>());
    if is_io && error.fields().contains_key("checkpoint") {
        return Failure::Io(
            "not recorded, so stopped".to_owned(),
            io::Error::other(error),
        );
    }
    error.into()
}
