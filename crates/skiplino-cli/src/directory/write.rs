//! Customers written down.

use std::io::{self, Write};

use skiplino::Customer;

use super::parquet_file::ParquetFile;
use super::{COLUMNS, Format};

/// Writes customers, as many at a time as come.
pub(super) trait Encoder {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()>;
    /// Writes what goes after the last one.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A writer of this format.
pub(super) fn encoder(
    format: Format,
    to: Box<dyn Write + Send>,
) -> io::Result<Box<dyn Encoder + Send>> {
    Ok(match format {
        Format::Csv => {
            let mut to = csv::Writer::from_writer(to);
            to.write_record(COLUMNS).map_err(of_system)?;
            Box::new(Csv(to))
        }
        Format::Jsonl => Box::new(Jsonl(to)),
        Format::Parquet => Box::new(ParquetFile::new(to)?),
    })
}

struct Csv<W: Write>(csv::Writer<W>);

/// The error of the system that an error of the writer is: by itself it hides it.
fn of_system(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

impl<W: Write> Encoder for Csv<W> {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        for customer in customers {
            let (created, updated) = (customer.created_at(), customer.updated_at());
            self.0
                .write_record([
                    customer.external_id().unwrap_or_default(),
                    customer.name().unwrap_or_default(),
                    customer.email().unwrap_or_default(),
                    customer.mobile().unwrap_or_default(),
                    customer.metadata_json().unwrap_or_default(),
                    customer.id().as_str(),
                    &format!("{created:.3}"),
                    &format!("{updated:.3}"),
                ])
                .map_err(of_system)?;
        }
        // A reader of standard output sees each page as it comes.
        self.0.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

struct Jsonl<W>(W);

impl<W: Write> Encoder for Jsonl<W> {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        for customer in customers {
            serde_json::to_writer(&mut self.0, customer)?;
            self.0.write_all(b"\n")?;
        }
        self.0.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}
