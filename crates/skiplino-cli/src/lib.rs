//! The `skiplino` command: the Skiplino External API for people and scripts at a terminal.
//!
//! A library, so that it can be a part of other things than its own program: [`run`] is all of it, [`sandbox`] the server alone,
//! and [`Target`] the files that it writes.

mod cli;
mod commands;
mod context;
mod directory;
mod exit;
mod host;
mod output;
mod resolve;
mod values;

use std::ffi::OsString;
use std::io::Write as _;

use crate::cli::Cli;
use crate::exit::Failure;

#[doc(hidden)]
pub use crate::directory::csv_rows;
pub use crate::directory::{Format, Target};
pub use crate::host::Host;

/// Does what was typed, the name of the program first, and gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, host: &dyn Host) -> u8 {
    read(arguments, |cli: Cli| {
        (cli.globals.json, commands::run(cli, host))
    })
}

/// Does what was typed as `skiplino-sandbox`, which is `skiplino sandbox` without the rest.
#[cfg(feature = "sandbox")]
pub fn sandbox(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    read(arguments, |cli: cli::SandboxCli| (cli.json, cli.run()))
}

/// Reads what was typed, and says why it failed, if it did.
fn read<T: clap::Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(T) -> (bool, Result<(), Failure>),
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match T::try_parse_from(&arguments) {
        Ok(typed) => {
            let (json, result) = run(typed);
            ended(result, json)
        }
        Err(error) => explain(&error, &arguments),
    }
}

/// Says why it failed, if it did.
fn ended(result: Result<(), Failure>, json: bool) -> u8 {
    let Err(failure) = result else {
        return exit::DONE;
    };
    // Nothing is left to tell it to if this fails as well.
    let _ = std::io::stderr()
        .lock()
        .write_all(failure.report(json).as_bytes());
    failure.code()
}

/// Prints clap's help, version or complaint. A complaint quotes what was typed, so keys are taken out of it first.
fn explain(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if !error.use_stderr() {
        return ended(error.print().map_err(Failure::from), false);
    }
    let rendered = error.render();
    let plain = context::without_keys(&rendered.to_string());
    let mut report = if output::colour(&std::io::stderr()) {
        context::without_keys(&rendered.ansi().to_string())
    } else {
        plain.clone()
    };
    // What was typed could not be read as a whole, but that a program typed it can be told.
    if arguments.iter().any(|argument| argument == "--json") {
        let first = plain.lines().next().unwrap_or_default();
        let text = first.trim_start_matches("error: ").to_owned();
        report.push_str(&Failure::Usage(text).object());
    }
    let _ = std::io::stderr().lock().write_all(report.as_bytes());
    exit::USAGE
}
