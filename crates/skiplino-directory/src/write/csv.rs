//! Customers as CSV.

use std::io::{self, Write};

use skiplino::Customer;

use super::encoder::Encoder;
use crate::formula::escape;
use crate::output_columns::{TEXT_COLUMNS, TIME_COLUMNS};
use crate::terminal::printable;

pub(super) struct CsvEncoder<W: Write> {
    writer: csv::Writer<W>,
    escapes_formulas: bool,
    is_terminal: bool,
}

impl<W: Write> CsvEncoder<W> {
    /// Writes the heading. On a terminal, values are made safe for it.
    pub(super) fn new(writer: W, is_terminal: bool) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        let texts = TEXT_COLUMNS.iter().map(|column| column.name);
        let times = TIME_COLUMNS.iter().map(|column| column.name);
        writer
            .write_record(texts.chain(times))
            .map_err(into_io_error)?;
        Ok(Self {
            writer,
            escapes_formulas: false,
            is_terminal,
        })
    }

    fn write_row(&mut self, customer: &Customer) -> csv::Result<()> {
        for column in TEXT_COLUMNS {
            let text = (column.read)(customer).unwrap_or_default();
            let text = match self.escapes_formulas {
                true => escape(text),
                false => text.into(),
            };
            match self.is_terminal {
                true => self.writer.write_field(&*printable(&text))?,
                false => self.writer.write_field(&*text)?,
            }
        }
        for column in TIME_COLUMNS {
            let time = (column.read)(customer);
            self.writer.write_field(format!("{time:.3}"))?;
        }
        self.writer.write_record(None::<&[u8]>)
    }
}

/// The error of the system, which the library's own error hides.
fn into_io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

impl<W: Write> Encoder for CsvEncoder<W> {
    fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        for customer in customers {
            self.write_row(customer).map_err(into_io_error)?;
        }
        // A reader of standard output gets each page at once.
        self.writer.flush()
    }

    fn escape_formulas(&mut self) {
        self.escapes_formulas = true;
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.writer.flush()
    }
}
