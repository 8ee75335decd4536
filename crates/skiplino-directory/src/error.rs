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
        /// What is wrong with the columns.
        source: HeadingError,
    },
    /// The file is of another format than its name or the caller says. No row was read.
    #[error("{}: {source}", file.display())]
    Format {
        /// The path, or `standard input`.
        file: PathBuf,
        /// The format of the file's contents.
        source: FormatError,
    },
    /// Parquet was to be read from standard input or written to standard output.
    #[error("Parquet cannot be read from or written to a pipe: name a file")]
    ParquetPipe,
}

/// Why a file cannot be read as the format that it should have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Text of another encoding.
    #[error("the file is UTF-16: {SAVE_AS_UTF_8}")]
    Utf16,
    /// The file of a spreadsheet program, or another archive.
    #[error("the file is a workbook or an archive: {SAVE_AS_UTF_8}")]
    Workbook,
    /// A Parquet file whose parts contradict each other.
    #[error("the Parquet file is damaged: write it again")]
    Damaged,
    /// A Parquet file with a column that cannot be read to its end.
    #[error(
        "the Parquet file is damaged in the column {column}, in row group {row_group} (from 0): \
         write it again"
    )]
    DamagedColumn {
        /// The column.
        column: String,
        /// The row group, from 0.
        row_group: usize,
    },
    /// Another file with the name of a Parquet file.
    #[error("the file is not Parquet: give it the extension of its format, such as .csv")]
    NotParquet,
    /// Compressed as a whole.
    #[error("the file is compressed: decompress it first")]
    Compressed,
    /// Parquet instead of text.
    #[error("the file is Parquet: give it the extension .parquet")]
    Parquet,
    /// A Parquet file whose columns are compressed in an unknown way.
    #[error(
        "the column {column} is compressed by {codec}: write the file again with snappy, gzip, brotli, zstd, lz4_raw or without compression"
    )]
    Codec {
        /// The column.
        column: String,
        /// The name of the codec.
        codec: String,
    },
}

/// The advice for a file that is not UTF-8.
const SAVE_AS_UTF_8: &str = "save it as UTF-8, which Excel calls \"CSV UTF-8\"";

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
    #[error("the heading is not UTF-8: {SAVE_AS_UTF_8}")]
    NotUtf8,
    /// A column without a name, before one that has a name.
    #[error("column {0} has no name: name it in the heading, or remove it")]
    UnnamedColumn(usize),
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
    /// A value below a column that the heading does not name.
    #[error("column {0} has a value, but no name in the heading")]
    UnnamedColumn(usize),
    /// Larger than any request that the server accepts.
    #[error("the row is longer than 1 MiB")]
    TooLong,
    /// The row is not text.
    #[error("the row is not UTF-8: {SAVE_AS_UTF_8}")]
    NotUtf8,
    /// The field is not text.
    #[error("{0} is not UTF-8: {SAVE_AS_UTF_8}")]
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
    /// A blank before the quote that was to open a CSV field.
    #[error("a blank comes before an opening quote: remove it")]
    BlankBeforeQuote,
    /// A text over several lines that look like rows, most likely after an unclosed quote.
    #[error("{0} holds several lines that look like rows: a quote may not be closed")]
    RowsInField(&'static str),
    /// A text over several lines that can have only one.
    #[error("{0} has more than one line: a quote may not be closed")]
    LinesInField(&'static str),
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
    /// The text of a field cannot be its value.
    #[error("{field} {error}")]
    Text {
        /// The name of the field.
        field: &'static str,
        /// What is wrong with the text.
        error: TextError,
    },
    /// An error of a row that takes several lines.
    #[error("{error} (the row ends on line {last_line})")]
    MultiLine {
        /// The error itself.
        error: Box<RowError>,
        /// The last line of the row, from 1.
        last_line: u64,
    },
}

/// Why a text cannot be the value of a field. The texts follow the name of the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text is not metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A spreadsheet has written a number as `9.73331E+11`.
    #[error("is a number in scientific notation, which has lost digits: {STORE_AS_TEXT}")]
    ScientificNotation,
    /// A program has written a phone number as `97333112233.0`.
    #[error("is a number with decimals: {STORE_AS_TEXT}")]
    Decimals,
    /// A formula such as `="+97333112233"`.
    #[error("is a formula of a spreadsheet: {STORE_AS_TEXT}")]
    Formula,
    /// An apostrophe that marks text in a spreadsheet.
    #[error("begins with an apostrophe, by which spreadsheets mark text: remove it")]
    Apostrophe,
    /// `#N/A`, `#####` and the like.
    #[error("is an error of a spreadsheet, such as #N/A: enter the value again")]
    SpreadsheetError,
    /// A word such as `null` as an e-mail address.
    #[error("is a word such as null, which stands for no value: leave the value empty")]
    NoValueWord,
    /// A phone number such as `TRUE`.
    #[error("has no digits: enter the number again, or leave the value empty")]
    NoDigits,
    /// Characters that no one sees before or after the value.
    #[error("must not begin or end with invisible characters: {0}")]
    InvisibleEnds(String),
    /// The id `externalId`.
    #[error("is the name of its column: the row repeats the heading, remove it")]
    ColumnName,
}

/// The advice for values that a spreadsheet has changed.
const STORE_AS_TEXT: &str = "format the column as text, and enter the value again";

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
    /// A key that appears twice in one object.
    #[error("holds the key {0:?} twice in one object")]
    DuplicateKey(String),
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
