//! Errors of a file, of its heading, and of a single row.
//!
//! No text repeats a value of a row: values are personal data. Texts name the field and the place.

use std::io;
use std::path::PathBuf;

/// Why a file cannot be read or written. The text starts with the name of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The operating system, or the file's format, does not allow it.
    #[error("{}: {source}", file.display())]
    Io {
        /// The path, or `standard input` or `standard output`.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The columns of the file are not those of customers. No row was read.
    #[error("{}: {source}", file.display())]
    Heading {
        /// The path, or `standard input`.
        file: PathBuf,
        /// The fault of the columns.
        source: HeadingError,
    },
    /// Parquet was to be read from standard input or written to standard output.
    #[error("Parquet cannot be read from or written to a pipe: name a file")]
    ParquetPipe,
}

/// Why the columns of a file cannot be those of customers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadingError {
    /// A CSV file without any line.
    #[error("the file is empty: its first line must name the columns")]
    Empty,
    /// The first line is not valid CSV.
    #[error("the heading cannot be read: {0}")]
    Syntax(#[source] RowError),
    /// The first line is not text.
    #[error("the heading is not UTF-8")]
    NotUtf8,
    /// Columns whose values would be lost.
    #[error(
        "customers have no fields {0:?}: name the columns externalId, name, email, mobile, metadata or metadata.KEY, and remove all others"
    )]
    UnknownColumns(Vec<String>),
    /// Two columns of the same name.
    #[error("the column {0:?} appears twice: remove one of them")]
    DuplicateColumn(String),
    /// No column identifies the customers.
    #[error("there is no column externalId: rows and customers are matched by it")]
    NoExternalId,
    /// `metadata` beside `metadata.KEY`.
    #[error("metadata and metadata.KEY cannot both be columns: use one of them")]
    MetadataTwice,
    /// A column of numbers, which have lost their leading zeros and plus signs.
    #[error("the column {0} does not hold text: store its values as text")]
    NotText(String),
}

/// Why a row of a file cannot be a customer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// `externalId` is absent or blank.
    #[error("the row has no externalId")]
    NoExternalId,
    /// More or fewer fields than the heading has columns.
    #[error("the row has {found} fields, but the heading has {expected}")]
    FieldCount {
        /// The fields of the row.
        found: usize,
        /// The columns of the heading.
        expected: usize,
    },
    /// Larger than any request that the server accepts.
    #[error("the row is longer than 1 MiB")]
    TooLong,
    /// The row is not text.
    #[error("the row is not UTF-8")]
    NotUtf8,
    /// The field is not text.
    #[error("{0} is not UTF-8")]
    FieldNotUtf8(String),
    /// The field is of another type, such as a number.
    #[error("{0} is not text")]
    FieldNotText(String),
    /// The field begins with the `'` of an export that escapes formulas.
    #[error(
        "{0} begins with ' before a sign such as + or =, as exports with --escape-formulas have it: \
         import the file with --unescape-formulas"
    )]
    EscapedFormula(String),
    /// A quoted CSV field has no end.
    #[error("a quote is not closed")]
    UnclosedQuote,
    /// A quoted CSV field has text after it, most likely because another row's quote closed it.
    #[error("a field continues after its closing quote")]
    TextAfterQuote,
    /// JSON, but not an object.
    #[error("the row is not a JSON object")]
    NotObject,
    /// Not JSON.
    #[error("the row is not JSON: {0}")]
    Json(JsonError),
    /// A key that no customer has.
    #[error("unknown field `{0}`")]
    UnknownField(String),
    /// A key that appears twice.
    #[error("duplicate field `{0}`")]
    DuplicateField(String),
    /// The metadata cannot be stored.
    #[error("metadata {0}")]
    Metadata(#[from] MetadataError),
    /// An error of a row that takes several lines.
    #[error("{error} (the row ends on line {last_line})")]
    MultiLine {
        /// The error itself.
        error: Box<RowError>,
        /// The last line of the row, from 1.
        last_line: u64,
    },
}

/// Why a text cannot be metadata. The texts follow the name of the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// Not JSON.
    #[error("is not JSON: {0}")]
    Json(JsonError),
    /// JSON, but not an object.
    #[error("is not a JSON object")]
    NotObject,
    /// An integer that would be rounded.
    #[error("holds an integer of more than 64 bits, which would be rounded: write it as text")]
    LargeInteger,
}

/// Where a text stops being JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text ends in the middle of a value.
    #[error("it ends too early, at column {0}")]
    UnexpectedEnd(usize),
    /// Any other mistake.
    #[error("syntax error at column {0}")]
    Syntax(usize),
}

impl From<&serde_json::Error> for JsonError {
    fn from(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Eof => Self::UnexpectedEnd(error.column()),
            _ => Self::Syntax(error.column()),
        }
    }
}
