//! The whole directory written to a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use skiplino::{Client, Customer, Page};

use crate::directory::{Encoder, Format, encoder, is_standard};
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
        let progress = if is_standard(&self.file) {
            let stdout = Box::new(BufWriter::new(io::stdout()));
            write(client, encoder(format, stdout)?, &mut meter, Failure::from)?
        } else {
            let failed = |error| Failure::Io(self.file.display().to_string(), error);
            let part = Part::begin(&self.file).map_err(failed)?;
            let to = part.file.try_clone().map_err(failed)?;
            let encoder = encoder(format, Box::new(BufWriter::new(to))).map_err(failed)?;
            let progress = write(client, encoder, &mut meter, failed)?;
            part.complete(&self.file).map_err(failed)?;
            progress
        };
        meter.finish();
        let count = progress.records;
        if is_standard(&self.file) {
            return Ok(());
        }
        if out.json {
            return Ok(out.object(&json!({
                "customers": count, "file": self.file, "moved": progress.moved, "pagesRead": progress.pages_read,
            }))?);
        }
        let moved = match progress.moved {
            true => "; the directory changed meanwhile",
            false => "",
        };
        Ok(out.line(format_args!(
            "{count} customers in {}{moved}",
            self.file.display()
        ))?)
    }
}

fn write(
    client: &Client,
    mut encoder: Box<dyn Encoder + '_>,
    meter: &mut Meter,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<skiplino::Progress, Failure> {
    let mut written = 0;
    let export = client.customers().export(|page: Page<Customer>| {
        encoder.write(page.items()).map_err(&failed)?;
        written += page.items().len() as u64;
        meter.set(written, written, Some(page.pagination().total()));
        Ok::<(), Failure>(())
    });
    let progress = export.wait()?;
    encoder.finish().map_err(failed)?;
    Ok(progress)
}

/// A file that is not whole yet, beside the one that it will be.
struct Part {
    path: PathBuf,
    file: File,
    is_complete: bool,
}

impl Part {
    fn begin(target: &Path) -> io::Result<Self> {
        let path = beside(target, ".part");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        // Some file systems know no locks.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::Error::other("another export to it is under way"));
        }
        file.set_len(0)?;
        Ok(Self {
            path,
            file,
            is_complete: false,
        })
    }

    fn complete(mut self, target: &Path) -> io::Result<()> {
        // Or a power cut could leave the name without the contents.
        self.file.sync_all()?;
        std::fs::rename(&self.path, target)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_complete {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A path with something after its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
