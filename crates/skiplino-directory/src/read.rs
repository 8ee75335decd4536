//! Reads the rows of a file of any format.

pub(crate) mod csv;
mod csv_records;
mod json_lines;
pub(crate) mod notice;
mod parquet;
pub(crate) mod progress;
mod unchanged_file;

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::column::FieldSet;
use crate::error::{DirectoryError, FormatError};
use crate::format::Format;
use crate::row::FileRow;
use notice::Notice;
use progress::ReadProgress;
use unchanged_file::UnchangedFile;

/// The byte order mark that spreadsheets write before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The format of bytes that are certainly not UTF-8 text.
fn other_format(start: &[u8]) -> Option<FormatError> {
    let formats: [(&[u8], FormatError); 6] = [
        (b"PK\x03\x04", FormatError::Workbook),
        (b"\xd0\xcf\x11\xe0", FormatError::Workbook),
        (b"\x1f\x8b", FormatError::Compressed),
        (b"PAR1", FormatError::Parquet),
        (b"\xff\xfe", FormatError::Utf16),
        (b"\xfe\xff", FormatError::Utf16),
    ];
    let mut formats = formats.into_iter();
    let known = formats.find(|(bytes, _)| start.starts_with(bytes));
    // UTF-16 without a byte order mark.
    let is_utf_16 = matches!(start, [0, _, ..] | [_, 0, ..]);
    known
        .map(|(_, format)| format)
        .or(is_utf_16.then_some(FormatError::Utf16))
}

/// Counts the bytes that were taken. The buffer holds more: whole small files.
struct CountingReader<R> {
    inner: BufReader<R>,
    progress: ReadProgress,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

impl<R: Read> BufRead for CountingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.inner.consume(bytes);
        self.progress.add(bytes as u64);
    }
}

/// The rows of a file, in order.
///
/// An error of the file ends the rows; [`ReadProgress::take_error`] returns it.
pub struct RowReader {
    rows: Box<dyn Iterator<Item = io::Result<FileRow>>>,
    file: PathBuf,
    notices: Vec<Notice>,
    erased: FieldSet,
    is_strict: bool,
    /// The position after the last row that was returned.
    returned: u64,
    progress: ReadProgress,
}

impl fmt::Debug for RowReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl RowReader {
    /// Opens a file and checks its columns.
    ///
    /// # Errors
    /// If the file cannot be read, or its columns are not those of customers.
    pub fn open(path: impl AsRef<Path>, format: Format) -> Result<Self, DirectoryError> {
        let path = path.as_ref();
        let mut progress = ReadProgress::default();
        if format == Format::Parquet {
            // The end of the file has to be read first.
            if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
                return Err(DirectoryError::ParquetPipe);
            }
            let (rows, count, notice) = parquet::rows(path)?;
            progress.set_total(count);
            let counter = progress.clone();
            let rows = rows.inspect(move |_| counter.add(1));
            let notices = notice.into_iter().collect();
            return Ok(Self::new(Box::new(rows), path, notices, progress));
        }
        let file = UnchangedFile::open(path).map_err(|source| DirectoryError::Io {
            file: path.to_owned(),
            source,
        })?;
        if let Some(size) = file.size().filter(|size| *size > 0) {
            progress.set_total(size);
        }
        Self::text(file, path, format, progress)
    }

    /// Reads standard input and checks its columns.
    ///
    /// # Errors
    /// If it cannot be read, or its columns are not those of customers, or for Parquet.
    pub fn stdin(format: Format) -> Result<Self, DirectoryError> {
        if format == Format::Parquet {
            return Err(DirectoryError::ParquetPipe);
        }
        let name = Path::new("standard input");
        Self::text(io::stdin().lock(), name, format, ReadProgress::default())
    }

    /// Rows of text.
    fn text(
        inner: impl Read + 'static,
        file: &Path,
        format: Format,
        progress: ReadProgress,
    ) -> Result<Self, DirectoryError> {
        let mut reader = CountingReader {
            inner: BufReader::with_capacity(1 << 16, inner),
            progress: progress.clone(),
        };
        let start = reader.fill_buf().map_err(|source| DirectoryError::Io {
            file: file.to_owned(),
            source,
        })?;
        if let Some(source) = other_format(start) {
            let file = file.to_owned();
            return Err(DirectoryError::Format { file, source });
        }
        if start.starts_with(BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        if format == Format::JsonLines {
            let rows = Box::new(json_lines::rows(reader));
            return Ok(Self::new(rows, file, Vec::new(), progress));
        }
        let (rows, notices) = csv::rows(reader, file, progress.clone())?;
        Ok(Self::new(Box::new(rows), file, notices, progress))
    }

    fn new(
        rows: Box<dyn Iterator<Item = io::Result<FileRow>>>,
        file: &Path,
        notices: Vec<Notice>,
        progress: ReadProgress,
    ) -> Self {
        Self {
            rows,
            file: file.to_owned(),
            notices,
            erased: FieldSet::default(),
            is_strict: false,
            returned: 0,
            progress,
        }
    }

    /// Whether the reader stops after the first rejected row. By default it continues.
    #[must_use]
    pub fn strict(self, is_strict: bool) -> Self {
        Self { is_strict, ..self }
    }

    /// The fields whose stored values a row erases where it has an empty value: an empty text, or
    /// null. By default such a row keeps the stored values. A field that is absent from a row keeps
    /// its stored value in any case.
    #[must_use]
    pub fn erase(self, fields: FieldSet) -> Self {
        Self {
            erased: fields,
            ..self
        }
    }

    /// The differences between the file and the usual form.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Whether a CSV file was written with
    /// [`DirectoryWriter::escape_formulas`](crate::DirectoryWriter::escape_formulas): then the `'`
    /// before formulas is removed. By default, a row with such a field is rejected.
    #[must_use]
    pub fn unescape_formulas(self, unescapes: bool) -> Self {
        self.progress.set_unescapes_formulas(unescapes);
        self
    }

    /// A handle on this reader.
    #[must_use]
    pub fn progress(&self) -> ReadProgress {
        self.progress.clone()
    }
}

impl Iterator for RowReader {
    type Item = FileRow;

    fn next(&mut self) -> Option<FileRow> {
        if self.progress.is_stopped() {
            return None;
        }
        match self.rows.next()? {
            Ok(row) => {
                let position = self.progress.position();
                let size = position - std::mem::replace(&mut self.returned, position);
                let mut row = row.with_size(size);
                row.erase(self.erased);
                if self.is_strict && row.error().is_some() {
                    self.progress.stop();
                }
                Some(row)
            }
            Err(source) => {
                let file = self.file.clone();
                self.progress.fail(DirectoryError::Io { file, source });
                None
            }
        }
    }
}
