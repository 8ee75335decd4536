//! File arguments: `-` for a standard stream, and the format of a directory.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use skiplino_directory::Format;

use crate::failure::{Failure, UsageError};

/// The value of `--format`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArgument {
    /// Comma-separated values with a heading
    Csv,
    /// A JSON object on each line, as `customers list --json` prints it
    Jsonl,
    /// Apache Parquet
    Parquet,
}

impl From<FormatArgument> for Format {
    fn from(argument: FormatArgument) -> Self {
        match argument {
            FormatArgument::Csv => Self::Csv,
            FormatArgument::Jsonl => Self::JsonLines,
            FormatArgument::Parquet => Self::Parquet,
        }
    }
}

/// The format of `--format`, or else that of the file name.
pub(crate) fn format_of(path: &Path, argument: Option<FormatArgument>) -> Result<Format, Failure> {
    let format = argument.map(Format::from);
    let format = format.or_else(|| Format::from_path(path));
    Ok(format.ok_or_else(|| UsageError::UnknownFormat(path.to_owned()))?)
}

/// Whether the argument is `-`, which means standard input or output.
pub(crate) fn is_standard_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// A path with a suffix after its whole name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
