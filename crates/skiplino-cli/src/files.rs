//! File arguments: `-` for a standard stream, the format of a directory, and whether two names are
//! those of one file.

use std::fs::{File, Metadata, TryLockError};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use skiplino_directory::{Format, resolve_links};

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

/// Whether both names are those of one file, or will be if neither exists yet.
pub(crate) fn is_same_file(a: &Path, b: &Path) -> bool {
    match (std::fs::metadata(a), std::fs::metadata(b)) {
        (Ok(first), Ok(second)) => is_same(a, &first, b, &second),
        (Err(_), Err(_)) => resolve_links(a).is_ok_and(|a| resolve_links(b).is_ok_and(|b| a == b)),
        _ => false,
    }
}

/// Whether the path still names the file that is open.
#[cfg(unix)]
pub(crate) fn is_still(path: &Path, open: &File) -> bool {
    match (std::fs::metadata(path), open.metadata()) {
        (Ok(found), Ok(open)) => is_same(path, &found, path, &open),
        _ => false,
    }
}

#[cfg(windows)]
pub(crate) fn is_still(path: &Path, open: &File) -> bool {
    let open = open.try_clone().and_then(same_file::Handle::from_file);
    open.is_ok_and(|open| same_file::Handle::from_path(path).is_ok_and(|found| found == open))
}

/// Whether another process writes the file, and has locked it for that. Otherwise nobody can until
/// the file is closed. Some file systems have no locks.
pub(crate) fn is_locked(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Whether another process writes the file of this name.
pub(crate) fn is_in_use(path: &Path) -> bool {
    path.is_file() && File::open(path).is_ok_and(|file| is_locked(&file))
}

/// Links and hard links are other names of the same file.
#[cfg(unix)]
fn is_same(_: &Path, a: &Metadata, _: &Path, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Windows tells the number of a file only to those who open it.
#[cfg(windows)]
fn is_same(a: &Path, _: &Metadata, b: &Path, _: &Metadata) -> bool {
    same_file::is_same_file(a, b).is_ok_and(|is_same| is_same)
}

/// Whether the path is that of standard input, such as `-` or `/dev/stdin`.
pub(crate) fn is_stdin(path: &Path) -> bool {
    is_standard_stream(path) || is_same_file(path, Path::new("/dev/stdin"))
}

/// Whether the path is that of standard output, such as `-` or `/dev/stdout`.
pub(crate) fn is_stdout(path: &Path) -> bool {
    is_standard_stream(path) || is_same_file(path, Path::new("/dev/stdout"))
}
