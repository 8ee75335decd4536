//! How a command fails: what it says, and the exit code.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use serde_json::json;
use skiplino::{ErrorKind, Outcome};

use crate::output::printable;

pub(crate) const DONE: u8 = 0;
/// The code of what was typed wrong.
pub(crate) const USAGE: u8 = 2;
const NOT_DONE: u8 = 1;
const MISSING: u8 = 4;
const UNKNOWN_OUTCOME: u8 = 14;
const CANCELLED: u8 = 15;
const ROWS: u8 = 16;

/// Every code with what it is for, in order.
pub(crate) const CODES: [(u8, &str); 18] = [
    (DONE, "done"),
    (
        NOT_DONE,
        "not done: declined at the prompt, a file that cannot be read or written, or a bug",
    ),
    (
        USAGE,
        "the command line or its input is wrong (InvalidRequest); nothing was changed",
    ),
    (
        3,
        "the key is not accepted, or a secret one is needed (Unauthorized, SecretKeyRequired)",
    ),
    (
        MISSING,
        "not found (NotFound), no such customer, or no branch, group or service of the name that was typed",
    ),
    (5, "a business rule forbids it (Rejected)"),
    (6, "the ticket's state forbids it (Conflict)"),
    (7, "the server finds the input invalid (Validation)"),
    (8, "too many requests (RateLimited)"),
    (9, "the server failed (Server, UnexpectedStatus)"),
    (10, "the answer cannot be read (Decode)"),
    (11, "no connection (Connect)"),
    (12, "the connection was lost (Transport)"),
    (13, "it took too long (Timeout)"),
    (
        UNKNOWN_OUTCOME,
        "a change that may have happened all the same (OutcomeUnknown, or any of the above): look first",
    ),
    (CANCELLED, "the ticket that was watched is cancelled"),
    (
        ROWS,
        "some rows of an import were not done: the report says which, and why",
    ),
    (130, "stopped by Ctrl-C, as shells report it"),
];

/// The codes as a page of help.
pub(crate) fn help() -> String {
    let mut text = "List the exit codes\n\n".to_owned();
    for (code, meaning) in CODES {
        let _ = writeln!(text, "{code:>5}  {meaning}");
    }
    text.push_str("\nWith --json an error is also a JSON object on standard error.");
    text
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A call failed. The advice is for when it is not known whether the change happened.
    Api {
        error: skiplino::Error,
        advice: Option<String>,
    },
    /// What was typed cannot be.
    Usage(String),
    /// A name that nothing has.
    Missing(String),
    /// The answer to the question was no.
    Declined(String),
    /// Rows of an import were not done, or may not have been.
    Rows {
        failed: u64,
        unknown: u64,
        report: Option<PathBuf>,
        /// Whether there is a checkpoint to go on from.
        is_resumable: bool,
    },
    /// The ticket of this number ended without being served.
    Cancelled(String),
    /// A file, or standard input or output.
    Io(String, io::Error),
    /// Whoever read the output has seen enough, as `head` does.
    Closed,
}

impl Failure {
    /// The exit code. An unknown outcome comes first: whether to try again matters more to a script than why it failed.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Api { error, .. } if error.outcome() == Outcome::Unknown => UNKNOWN_OUTCOME,
            Self::Api { error, .. } => of_kind(error.kind()),
            Self::Usage(_) => USAGE,
            Self::Missing(_) => MISSING,
            Self::Cancelled(_) => CANCELLED,
            Self::Rows { unknown: 1.., .. } => UNKNOWN_OUTCOME,
            Self::Rows { .. } => ROWS,
            Self::Declined(_) | Self::Io(..) => NOT_DONE,
            Self::Closed => DONE,
        }
    }

    /// What standard error gets: a line for people, and for programs a line of JSON after it.
    pub(crate) fn report(&self, json: bool) -> String {
        if matches!(self, Self::Closed) {
            return String::new();
        }
        let text = self.text();
        let mut report = format!("skiplino: {}\n", printable(&text));
        if let Self::Api {
            error,
            advice: Some(advice),
        } = self
            && error.outcome() == Outcome::Unknown
        {
            let _ = writeln!(
                report,
                "skiplino: before trying again: {}",
                printable(advice)
            );
        }
        if json {
            report.push_str(&self.object());
        }
        report
    }

    fn text(&self) -> String {
        match self {
            Self::Api { error, .. } => error.to_string(),
            Self::Usage(text) | Self::Missing(text) | Self::Declined(text) => text.clone(),
            Self::Cancelled(number) => format!("{number} is cancelled"),
            Self::Io(what, error) => format!("{what}: {error}"),
            Self::Rows {
                failed,
                unknown,
                report,
                is_resumable,
            } => {
                let rows = if failed + unknown == 1 { "row" } else { "rows" };
                let mut text = format!("{} {rows} failed", failed + unknown);
                if *unknown > 0 {
                    let _ = write!(text, ", {unknown} of which may have been done all the same");
                }
                if let Some(report) = report {
                    let _ = write!(text, ": see {}", report.display());
                }
                if *is_resumable {
                    text.push_str("; --resume tries again");
                }
                text
            }
            Self::Closed => String::new(),
        }
    }

    /// The line for programs.
    pub(crate) fn object(&self) -> String {
        let (kind, error) = match self {
            Self::Api { error, .. } => (error.kind().as_str(), Some(error)),
            Self::Missing(_) => (ErrorKind::NotFound.as_str(), None),
            Self::Usage(_) => (ErrorKind::InvalidRequest.as_str(), None),
            Self::Declined(_) => ("Declined", None),
            Self::Cancelled(_) => ("Cancelled", None),
            Self::Rows { .. } => ("Rows", None),
            Self::Io(..) | Self::Closed => ("Io", None),
        };
        let outcome = match error.map(skiplino::Error::outcome) {
            Some(Outcome::Unknown) => "Unknown",
            None if matches!(self, Self::Rows { unknown: 1.., .. }) => "Unknown",
            Some(Outcome::NotApplied) | None => "NotApplied",
        };
        let object = json!({"error": {
            "kind": kind,
            "status": error.and_then(skiplino::Error::status),
            "outcome": outcome,
            "operation": error.and_then(skiplino::Error::operation).map(skiplino::Operation::id),
            "fields": error.map(skiplino::Error::fields),
            "retryAfter": error.and_then(skiplino::Error::retry_after).map(|wait| wait.as_secs_f64()),
            "text": self.text(),
        }});
        format!("{object}\n")
    }
}

/// Total on today's kinds; a kind of a later library counts as a failure that has no code of its own yet.
fn of_kind(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidRequest => USAGE,
        ErrorKind::Unauthorized | ErrorKind::SecretKeyRequired => 3,
        ErrorKind::NotFound => MISSING,
        ErrorKind::Rejected => 5,
        ErrorKind::Conflict => 6,
        ErrorKind::Validation => 7,
        ErrorKind::RateLimited => 8,
        ErrorKind::Server | ErrorKind::UnexpectedStatus => 9,
        ErrorKind::Decode => 10,
        ErrorKind::Connect => 11,
        ErrorKind::Transport => 12,
        ErrorKind::Timeout => 13,
        ErrorKind::OutcomeUnknown => UNKNOWN_OUTCOME,
        _ => NOT_DONE,
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

/// Of writing to standard output, which is all that is converted without a word of its own.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io("standard output".to_owned(), error),
        }
    }
}

/// What to look at when it is not known whether a change happened.
pub(crate) trait Advise<T> {
    /// Adds the advice to a failed call.
    fn advise(self, advice: impl Into<String>) -> Result<T, Failure>;
}

impl<T> Advise<T> for Result<T, skiplino::Error> {
    fn advise(self, advice: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::Api {
            error,
            advice: Some(advice.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_but_internal_has_a_code_of_the_table_that_names_it() {
        for kind in ErrorKind::ALL {
            let code = of_kind(kind);
            let meaning = CODES.iter().find(|(listed, _)| *listed == code);
            let named = meaning.is_some_and(|(_, text)| text.contains(kind.as_str()));
            assert!(
                named || matches!(kind, ErrorKind::Cancelled | ErrorKind::Internal),
                "{kind} has code {code}: {meaning:?}"
            );
        }
    }

    #[test]
    fn the_readme_lists_the_same_codes() {
        let readme = include_str!("../README.md").replace('`', "");
        for (code, meaning) in CODES {
            assert!(
                readme.contains(&format!("| {code} | {meaning} |\n")),
                "{code}: {meaning}"
            );
        }
    }
}
