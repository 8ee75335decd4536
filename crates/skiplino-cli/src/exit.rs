//! Exit codes, and the text on standard error when a command fails.

use std::fmt::Write as _;

use serde_json::json;
use skiplino::{ErrorKind, Outcome};
use skiplino_directory::{DirectoryError, printable, write_json_line};

use crate::failure::{Failure, RowsFailed};

pub(crate) const DONE: u8 = 0;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
pub(crate) const NOT_DONE: u8 = 1;
const NOT_FOUND: u8 = 4;
const UNKNOWN_OUTCOME: u8 = 14;
const TICKET_CANCELLED: u8 = 15;
const ROWS_FAILED: u8 = 16;

/// Every code with its meaning, in order.
pub(crate) const CODES: [(u8, &str); 20] = [
    (DONE, "done"),
    (
        NOT_DONE,
        "not done: declined at the prompt, a file that cannot be read or written, or a bug; doctor: a line has ! or ✗",
    ),
    (
        USAGE,
        "the command line or its input is wrong (InvalidRequest); nothing was changed",
    ),
    (
        3,
        "the server rejects the key, or a secret key is needed (Unauthorized, SecretKeyRequired)",
    ),
    (
        NOT_FOUND,
        "not found (NotFound): no such ticket or customer, or no branch, group or service of that name",
    ),
    (5, "a business rule forbids the operation (Rejected)"),
    (
        6,
        "the state of the ticket forbids the operation (Conflict)",
    ),
    (7, "the server rejects the input (Validation)"),
    (8, "too many requests (RateLimited)"),
    (9, "the server failed (Server, UnexpectedStatus)"),
    (10, "the response cannot be read (Decode)"),
    (11, "no connection (Connect)"),
    (12, "the connection was lost (Transport)"),
    (13, "timeout (Timeout)"),
    (
        UNKNOWN_OUTCOME,
        "a write failed but may have been applied (OutcomeUnknown, or any of the above), or its result could not be printed or recorded: check first",
    ),
    (TICKET_CANCELLED, "the watched ticket was cancelled"),
    (
        ROWS_FAILED,
        "some rows of an import failed: the report says which, and why",
    ),
    (
        129,
        "stopped because its terminal was closed (SIGHUP), as shells report it",
    ),
    (130, "stopped by Ctrl-C (SIGINT), as shells report it"),
    (143, "stopped by kill (SIGTERM), as shells report it"),
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

/// The exit code. An unknown outcome comes first: for a script, whether to retry matters more than
/// why the command failed.
pub(crate) fn code(failure: &Failure) -> u8 {
    match failure {
        Failure::Api { error, .. } if error.outcome() == Outcome::Unknown => UNKNOWN_OUTCOME,
        Failure::Api { error, .. } => code_of_kind(error.kind()),
        Failure::Directory(DirectoryError::Io { .. }) => NOT_DONE,
        Failure::Usage(_) | Failure::Directory(_) => USAGE,
        Failure::NoCustomer(_) | Failure::NoName { .. } => NOT_FOUND,
        Failure::TicketCancelled(_) => TICKET_CANCELLED,
        Failure::Rows(RowsFailed { unknown: 1.., .. })
        | Failure::OutputLost(_)
        | Failure::RecordLost { .. } => UNKNOWN_OUTCOME,
        Failure::Rows(_) => ROWS_FAILED,
        Failure::Declined | Failure::Io { .. } | Failure::Doctor(_) | Failure::ServerDiffers(_) => {
            NOT_DONE
        }
        Failure::OutputClosed => DONE,
    }
}

/// Covers all current kinds of errors. A kind that a later version of the library adds has no exit
/// code of its own yet.
fn code_of_kind(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidRequest => USAGE,
        ErrorKind::Unauthorized | ErrorKind::SecretKeyRequired => 3,
        ErrorKind::NotFound => NOT_FOUND,
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

/// The report for standard error: a line for people, and with `json` an object for programs.
pub(crate) fn report(failure: &Failure, json: bool) -> String {
    let mut report = match failure {
        Failure::OutputClosed => return String::new(),
        // Standard output has it.
        Failure::ServerDiffers(_) => String::new(),
        _ => format!("skiplino: {}\n", printable(&failure.to_string())),
    };
    if let Failure::Api {
        error,
        advice: Some(advice),
    } = failure
        && error.outcome() == Outcome::Unknown
    {
        let advice = printable(advice);
        let _ = writeln!(report, "skiplino: before you retry: {advice}");
    }
    if json {
        report.push_str(&json_report(failure));
    }
    report
}

/// The line for programs.
pub(crate) fn json_report(failure: &Failure) -> String {
    let (kind, error) = match failure {
        Failure::Api { error, .. } => (error.kind().as_str(), Some(error)),
        Failure::NoCustomer(_) | Failure::NoName { .. } => (ErrorKind::NotFound.as_str(), None),
        Failure::Directory(DirectoryError::Io { .. }) => ("Io", None),
        Failure::Usage(_) | Failure::Directory(_) => (ErrorKind::InvalidRequest.as_str(), None),
        Failure::Declined => ("Declined", None),
        Failure::TicketCancelled(_) => ("Cancelled", None),
        Failure::Rows(_) => ("Rows", None),
        Failure::ServerDiffers(_) => ("Differs", None),
        Failure::Io { .. }
        | Failure::Doctor(_)
        | Failure::OutputClosed
        | Failure::OutputLost(_)
        | Failure::RecordLost { .. } => ("Io", None),
    };
    let outcome = match failure {
        _ if code(failure) == UNKNOWN_OUTCOME => Some("Unknown"),
        // Rows of an import may have been written before.
        Failure::Rows(_) | Failure::Directory(DirectoryError::Io { .. }) => None,
        _ => Some("NotApplied"),
    };
    let object = json!({"error": {
        "kind": kind,
        "status": error.and_then(skiplino::Error::status),
        "outcome": outcome,
        "operation": error.and_then(skiplino::Error::operation).map(skiplino::Operation::id),
        "fields": error.map(skiplino::Error::fields),
        "retryAfter": error.and_then(skiplino::Error::retry_after).map(|wait| wait.as_secs_f64()),
        "text": failure.to_string(),
    }});
    let mut line = Vec::new();
    // Writing to memory cannot fail, and JSON is UTF-8.
    let _ = write_json_line(&mut line, &object);
    String::from_utf8(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::UsageError;

    #[test]
    fn every_kind_but_internal_has_a_code_of_the_table_that_names_it() {
        for kind in ErrorKind::ALL {
            let code = code_of_kind(kind);
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

    #[test]
    fn the_line_for_programs_cannot_control_a_terminal() {
        let failure = Failure::from(UsageError::Parse("a\u{9b}2J\u{202e}".to_owned()));
        let line = json_report(&failure);
        assert!(line.contains(r"a\u009b2J\u202e"), "{line}");
        assert!(!line.contains(['\u{9b}', '\u{202e}']), "{line}");
        assert!(line.ends_with("}\n"));
    }
}
