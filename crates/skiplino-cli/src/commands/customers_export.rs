//! The whole directory written to a file.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use skiplino::{Client, Customer, Page};

use crate::directory::{Format, Target, is_standard};
use crate::exit::Failure;
use crate::output::{Meter, Output};

/// Write the whole directory to a file
///
/// As CSV, JSON lines or Parquet, by the file's name. The file appears only once it is whole. Others may change the directory
/// meanwhile: every customer that is there throughout is in the file exactly once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino customers export customers.csv
  skiplino customers export customers.parquet
  skiplino customers export - --format jsonl | gzip > customers.jsonl.gz")]
pub(crate) struct Export {
    /// Where to: a name that ends in .csv, .jsonl, .ndjson or .parquet; - is standard output
    file: PathBuf,

    /// The format, where the name does not tell
    #[arg(long, value_enum)]
    format: Option<Format>,
}

impl Export {
    pub(crate) fn run(&self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let format = Format::of(&self.file, self.format)?;
        let mut meter = Meter::new("customers");
        let failed = |error| match is_standard(&self.file) {
            true => Failure::from(error),
            false => Failure::Io(self.file.display().to_string(), error),
        };
        let mut target = match is_standard(&self.file) {
            true => Target::stdout(format),
            false => Target::file(&self.file, format),
        }
        .map_err(failed)?;
        let mut written = 0;
        let export = client.customers().export(|page: Page<Customer>| {
            target.write(page.items()).map_err(failed)?;
            written += page.items().len() as u64;
            meter.set(written, written, Some(page.pagination().total()));
            Ok::<(), Failure>(())
        });
        let progress = export.wait()?;
        target.finish().map_err(failed)?;
        meter.finish();
        let count = progress.records;
        if is_standard(&self.file) {
            return Ok(());
        }
        if out.json {
            return Ok(out.object(&json!({
                "customers": count, "file": self.file, "changedDuringRead": progress.changed_during_read, "pagesRead": progress.pages_read,
            }))?);
        }
        let moved = match progress.changed_during_read {
            true => "; the directory changed meanwhile",
            false => "",
        };
        Ok(out.line(format_args!(
            "{count} customers in {}{moved}",
            self.file.display()
        ))?)
    }
}
