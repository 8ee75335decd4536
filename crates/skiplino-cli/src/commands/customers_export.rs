//! `skiplino customers export`: writes the directory to a file.

use std::io;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use skiplino::{Client, Customer, Page};
use skiplino_directory::{DirectoryError, DirectoryWriter, Format};

use crate::failure::{Failure, UsageError};
use crate::files::{FormatArgument, format_of, is_stdout};
use crate::output::{Output, Progress};

/// Write the whole directory to a file
///
/// As CSV, JSON lines or Parquet, by the file name. The file appears only once it is complete. If
/// the directory changes during the export, customers that exist for the whole export are in the
/// file exactly once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino customers export customers.csv
  skiplino customers export customers.parquet
  skiplino customers export - --format jsonl | gzip > customers.jsonl.gz")]
pub(crate) struct Export {
    /// The file to write: .csv, .jsonl, .ndjson or .parquet; - is standard output
    file: PathBuf,

    /// The format, if the suffix of the file name does not determine it
    #[arg(long, value_enum)]
    format: Option<FormatArgument>,

    /// In CSV, put a ' before text that a spreadsheet would run as a formula: it begins with
    /// =, +, - or @, as mobile numbers do
    ///
    /// To import such a file, use --unescape-formulas.
    #[arg(long)]
    escape_formulas: bool,
}

impl Export {
    pub(crate) fn run(&self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let format = format_of(&self.file, self.format)?;
        if self.escape_formulas && format != Format::Csv {
            return Err(UsageError::NotCsv("--escape-formulas").into());
        }
        let mut progress = Progress::new("customers");
        let is_stdout = is_stdout(&self.file);
        let failed = |error| match error {
            // As with `export - | head`. A file that was named is not complete.
            DirectoryError::Io { source, .. }
                if is_stdout && source.kind() == io::ErrorKind::BrokenPipe =>
            {
                Failure::OutputClosed
            }
            error => error.into(),
        };
        let mut writer = match is_stdout {
            true => DirectoryWriter::stdout(format),
            false => DirectoryWriter::create(&self.file, format),
        }
        .map_err(failed)?;
        if self.escape_formulas {
            writer = writer.escape_formulas();
        }
        let mut written = 0;
        let export = client.customers().export(|page: Page<Customer>| {
            writer.write(page.items()).map_err(failed)?;
            written += page.items().len() as u64;
            progress.set(written, written, Some(page.pagination().total()));
            Ok::<(), Failure>(())
        });
        let read = export.wait()?;
        writer.finish().map_err(failed)?;
        progress.finish();
        if is_stdout {
            return Ok(());
        }
        out.make_optional();
        let customers = read.records;
        if out.json {
            return Ok(out.object(&json!({
                "customers": customers,
                "file": self.file,
                "changedDuringRead": read.changed_during_read,
                "pagesRead": read.pages_read,
            }))?);
        }
        let changed = match read.changed_during_read {
            true => "; the directory changed during the export",
            false => "",
        };
        let file = self.file.display();
        Ok(out.line(format_args!("{customers} customers in {file}{changed}"))?)
    }
}
