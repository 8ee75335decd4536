//! Why a command fails. Exit codes and reports follow from it in `exit.rs`.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use skiplino_directory::DirectoryError;
use skiplino_doctor::DoctorError;

use crate::output::counted;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A call failed. The advice is for a write that may have been applied.
    #[error("{error}")]
    Api {
        error: skiplino::Error,
        advice: Option<String>,
    },
    /// The command line or its input is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A customer directory that cannot be read or written.
    #[error(transparent)]
    Directory(DirectoryError),
    #[error("there is no customer {0}")]
    NoCustomer(String),
    /// No branch, group or service has the name.
    #[error("no {kind} is called {name:?}: there is {}", list(candidates))]
    NoName {
        kind: &'static str,
        name: String,
        candidates: Vec<String>,
    },
    /// The user declined at the prompt.
    #[error("not done")]
    Declined,
    /// Rows of an import failed.
    #[error(transparent)]
    Rows(#[from] RowsFailed),
    /// The ticket of this number was cancelled instead of served.
    #[error("{0} is cancelled")]
    TicketCancelled(String),
    /// No diagnosis could be made.
    #[error(transparent)]
    Doctor(#[from] DoctorError),
    /// Doctor found differences, and has printed them.
    #[error("{0}")]
    ServerDiffers(String),
    /// An I/O error. The subject is the file, or standard input or output.
    #[error("{subject}: {source}")]
    Io { subject: String, source: io::Error },
    /// The reader of the output has closed the pipe, as `head` does.
    #[error("the output was closed")]
    OutputClosed,
    /// The command changed something, but its result could not be printed.
    #[error("done, but the result could not be printed: standard output: {0}")]
    OutputLost(io::Error),
    /// An import wrote rows, but not its own report or checkpoint. The text says what it did.
    #[error("{subject}: {source}")]
    RecordLost { subject: String, source: io::Error },
}

fn list(candidates: &[String]) -> String {
    match candidates {
        [] => "nothing".to_owned(),
        all => all.join(", "),
    }
}

impl Failure {
    /// A failure of a file or of a standard stream.
    pub(crate) fn io(subject: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            subject: subject.into(),
            source,
        }
    }
}

/// An error in the command line or its input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// The message of the argument parser, clap.
    #[error("{0}")]
    Parse(String),
    #[error("no API key: set SKIPLINO_API_KEY, or name a file that holds it with --api-key-file")]
    NoApiKey,
    #[error("the API key is not text")]
    ApiKeyNotText,
    /// The file of `--ca-file`.
    #[error("--ca-file {}: {reason}", file.display())]
    CaFile { file: PathBuf, reason: String },
    /// The file of `skiplino sandbox --contract`.
    #[cfg(feature = "sandbox")]
    #[error("--contract {}: {reason}", file.display())]
    Contract { file: PathBuf, reason: String },
    #[error(
        "{}: the format is not clear from the file name: add --format csv, jsonl or parquet",
        .0.display()
    )]
    UnknownFormat(PathBuf),
    #[error(
        "{}: an import of {} did not finish: continue it with --resume, or remove the checkpoint to start again",
        checkpoint.display(),
        file.display()
    )]
    UnfinishedImport { checkpoint: PathBuf, file: PathBuf },
    #[error("{0} is for CSV files: other formats have no formulas")]
    NotCsv(&'static str),
    /// An import would write to one of its other files.
    #[error("{option} {}: this is {other}: name another file", path.display())]
    SameFile {
        option: &'static str,
        path: PathBuf,
        other: &'static str,
    },
    /// A checkpoint, or a report at its default place, that is not a regular file.
    #[error("{}: this is not a regular file: name another file with {option}", path.display())]
    NotRegular { path: PathBuf, option: &'static str },
    #[error(
        "{}: another import is using this checkpoint: wait until it has ended",
        .0.display()
    )]
    CheckpointInUse(PathBuf),
    #[error(
        "{}: another import is writing this report: wait until it has ended, or name another file \
         with --report",
        .0.display()
    )]
    ReportInUse(PathBuf),
    /// `-` is not a standard stream here, or the file must not be an open descriptor.
    #[error("{option} {}: name a file", path.display())]
    NotAFile { option: &'static str, path: PathBuf },
    #[error(
        "{name:?} matches more than one {kind}: {}; use an id, or name the branch",
        candidates.join(", ")
    )]
    AmbiguousName {
        kind: &'static str,
        name: String,
        candidates: Vec<String>,
    },
    #[error("this cannot be undone, and there is no terminal to ask for confirmation: add --yes")]
    NoTerminal,
    #[error("nothing to change: give at least one field")]
    NothingToChange,
    #[error("name a customer: by id, by ext: and your own id, or with --external-id")]
    NoCustomerNamed,
    #[error(
        "the ticket has no customer: only appointments can be rescheduled, and every appointment has a customer"
    )]
    NoAppointment,
    #[error(
        "{0} can be reached from other machines, and the sandbox's keys are public: add --allow-remote if that is intended"
    )]
    RemoteSandbox(IpAddr),
}

/// Rows of an import that were not written, or may not have been.
#[derive(Debug)]
pub(crate) struct RowsFailed {
    pub(crate) failed: u64,
    /// Rows that may have been written.
    pub(crate) unknown: u64,
    pub(crate) report: Option<PathBuf>,
    /// Whether a checkpoint allows to continue.
    pub(crate) is_resumable: bool,
}

impl std::error::Error for RowsFailed {}

impl fmt::Display for RowsFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = counted(self.failed + self.unknown, "row");
        write!(f, "{rows} failed")?;
        if self.unknown > 0 {
            write!(f, ", but {} of them may have been written", self.unknown)?;
        }
        if let Some(report) = &self.report {
            write!(f, ": see {}", report.display())?;
        }
        if self.is_resumable {
            f.write_str("; --resume tries again")?;
        }
        Ok(())
    }
}

impl From<skiplino::Error> for Failure {
    fn from(error: skiplino::Error) -> Self {
        Self::Api {
            error,
            advice: None,
        }
    }
}

/// An I/O error without a subject comes from writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::io("standard output", error),
        }
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

/// Adds advice to a failed write.
pub(crate) trait WithAdvice<T> {
    /// Adds how to check whether the write was applied, if its outcome is unknown.
    fn with_advice(self, advice: impl Into<String>) -> Result<T, Failure>;
}

impl<T> WithAdvice<T> for Result<T, skiplino::Error> {
    fn with_advice(self, advice: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::Api {
            error,
            advice: Some(advice.into()),
        })
    }
}
