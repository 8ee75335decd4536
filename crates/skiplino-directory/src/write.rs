//! Writes customers to a file of any format.

mod csv;
mod encoder;
mod json_lines;
mod parquet;

use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use skiplino::Customer;

use self::encoder::Encoder;
use crate::error::DirectoryError;
use crate::format::Format;
use crate::output_file::OutputFile;

/// Writes customers to a file, which appears only once it is complete, or to standard output.
pub struct DirectoryWriter {
    encoder: Box<dyn Encoder + Send>,
    /// None for standard output.
    file: Option<OutputFile>,
    name: PathBuf,
}

impl DirectoryWriter {
    /// Creates a file as an [`OutputFile`], which replaces the old one when the writer is finished.
    /// If the path is a pipe or a device, writes to that.
    ///
    /// # Errors
    /// If it cannot be created or written to.
    pub fn create(path: impl AsRef<Path>, format: Format) -> Result<Self, DirectoryError> {
        let path = path.as_ref();
        let create = || {
            let file = OutputFile::create(path)?;
            let writer = BufWriter::new(file.writer()?);
            let encoder = encoder(format, Box::new(writer), false)?;
            Ok((encoder, Some(file)))
        };
        Self::new(create(), path)
    }

    /// Writes to standard output. On a terminal, U+FFFD replaces characters of CSV that could control
    /// it; JSON has them escaped.
    ///
    /// # Errors
    /// If it cannot be written, or for Parquet.
    pub fn stdout(format: Format) -> Result<Self, DirectoryError> {
        if format == Format::Parquet {
            return Err(DirectoryError::ParquetPipe);
        }
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let encoder = encoder(format, Box::new(BufWriter::new(stdout)), is_terminal);
        let created = encoder.map(|encoder| (encoder, None));
        Self::new(created, Path::new("standard output"))
    }

    fn new(
        created: io::Result<(Box<dyn Encoder + Send>, Option<OutputFile>)>,
        name: &Path,
    ) -> Result<Self, DirectoryError> {
        let name = name.to_owned();
        match created {
            Ok((encoder, file)) => Ok(Self {
                encoder,
                file,
                name,
            }),
            Err(source) => Err(DirectoryError::Io { file: name, source }),
        }
    }

    /// Puts a `'` before each text of a CSV file that a spreadsheet would run as a formula: text
    /// that begins with `=`, `+`, `-` or `@`.
    /// [`RowReader::unescape_formulas`](crate::RowReader::unescape_formulas) removes it.
    #[must_use]
    pub fn escape_formulas(mut self) -> Self {
        self.encoder.escape_formulas();
        self
    }

    /// Appends customers.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, customers: &[Customer]) -> Result<(), DirectoryError> {
        let written = self.encoder.write(customers);
        written.map_err(|source| DirectoryError::Io {
            file: self.name.clone(),
            source,
        })
    }

    /// Completes the file. If this is not called, the old file remains.
    ///
    /// # Errors
    /// If the rest cannot be written, or the file cannot get its name.
    pub fn finish(self) -> Result<(), DirectoryError> {
        let Self {
            encoder,
            file,
            name,
        } = self;
        let finish = || {
            encoder.finish()?;
            file.map_or(Ok(()), OutputFile::commit)
        };
        finish().map_err(|source| DirectoryError::Io { file: name, source })
    }
}

fn encoder(
    format: Format,
    writer: Box<dyn Write + Send>,
    is_terminal: bool,
) -> io::Result<Box<dyn Encoder + Send>> {
    Ok(match format {
        Format::Csv => Box::new(csv::CsvEncoder::new(writer, is_terminal)?),
        Format::JsonLines => Box::new(json_lines::JsonLinesEncoder::new(writer)),
        Format::Parquet => Box::new(parquet::ParquetEncoder::new(writer)?),
    })
}

impl fmt::Debug for DirectoryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryWriter")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
