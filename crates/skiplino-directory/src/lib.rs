//! Reads and writes Skiplino customer directories as CSV, JSON lines and Parquet files.
//!
//! [`RowReader`] reads the rows of a file one by one, ready for `client.customers().sync(...)`.
//! [`DirectoryWriter`] writes customers to an [`OutputFile`], which replaces the old file only once
//! it is complete.
//! [`CustomerRow`], [`Field`] and [`Column`] are the rules for a single row. Sources that are not
//! files (dictionaries, data frames) use them directly.

mod column;
mod error;
mod format;
mod formula;
mod metadata;
mod output_columns;
mod output_file;
mod read;
mod row;
mod spreadsheet;
mod terminal;
mod write;

pub use crate::column::{Column, Field, FieldSet};
pub use crate::error::{
    DirectoryError, FormatError, HeadingError, JsonError, MetadataError, RowError, TextError,
};
pub use crate::format::Format;
pub use crate::metadata::parse_metadata;
pub use crate::output_columns::{TEXT_COLUMNS, TIME_COLUMNS, TextColumn, TimeColumn};
pub use crate::output_file::{OutputFile, is_descriptor, remove_unfinished_files, resolve_links};
pub use crate::read::RowReader;
pub use crate::read::csv::read_csv;
pub use crate::read::notice::Notice;
pub use crate::read::progress::ReadProgress;
pub use crate::row::{CustomerRow, FileRow};
pub use crate::terminal::{printable, write_json_line};
pub use crate::write::DirectoryWriter;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
