//! The `skiplino` command: the Skiplino External API for people and scripts at a terminal.
//!
//! This is a library so that the Python package can contain the command too: [`run`] is the whole
//! command, and `sandbox` is the local server alone.

mod cli;
mod commands;
mod context;
mod dispatch;
mod exit;
mod failure;
mod files;
mod globals;
mod host;
mod output;
mod resolve;
mod secret;
mod signals;
mod values;

use std::ffi::OsString;
use std::io::Write as _;

use crate::cli::Cli;
use crate::failure::{Failure, UsageError};

pub use crate::host::Host;

/// Runs the command line, which starts with the name of the program. Returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, host: &dyn Host) -> u8 {
    parse_and_run(arguments, |cli: Cli| {
        (cli.globals.json, dispatch::run(cli, host))
    })
}

/// Runs the command line of `skiplino-sandbox`, which is `skiplino sandbox` alone.
#[cfg(feature = "sandbox")]
pub fn sandbox(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    parse_and_run(arguments, |cli: cli::SandboxCli| (cli.json, cli.run()))
}

/// Parses the command line, runs it, and reports a failure.
fn parse_and_run<T: clap::Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(T) -> (bool, Result<(), Failure>),
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match T::try_parse_from(&arguments) {
        Ok(parsed) => {
            let (json, result) = run(parsed);
            exit_code(result, json)
        }
        Err(error) => report_parse_error(&error, &arguments),
    }
}

/// Reports a failure, and returns the exit code.
fn exit_code(result: Result<(), Failure>, json: bool) -> u8 {
    let Err(failure) = result else {
        return exit::DONE;
    };
    // If standard error is closed, there is nowhere left to report to.
    let _ = std::io::stderr()
        .lock()
        .write_all(exit::report(&failure, json).as_bytes());
    exit::code(&failure)
}

/// Prints clap's help, version or error. An error quotes the arguments, so keys are masked.
fn report_parse_error(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if !error.use_stderr() {
        return exit_code(error.print().map_err(Failure::from), false);
    }
    let rendered = error.render();
    let plain = secret::without_keys(&rendered.to_string());
    let mut report = if output::use_colour(&std::io::stderr()) {
        secret::without_keys(&rendered.ansi().to_string())
    } else {
        plain.clone()
    };
    // The arguments could not be parsed, but `--json` shows that a program reads the report.
    if arguments.iter().any(|argument| argument == "--json") {
        let first = plain.lines().next().unwrap_or_default();
        let text = first.trim_start_matches("error: ").to_owned();
        let failure = Failure::from(UsageError::Parse(text));
        report.push_str(&exit::json_report(&failure));
    }
    let _ = std::io::stderr().lock().write_all(report.as_bytes());
    exit::USAGE
}
