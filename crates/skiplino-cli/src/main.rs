//! The `skiplino` command: the Skiplino External API for people and scripts at a terminal.

mod cli;
mod commands;
mod context;
mod directory;
mod exit;
mod output;
mod resolve;
mod values;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::exit::Failure;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    let json = cli.globals.json;
    ended(commands::run(cli), json)
}

/// Says why it failed, if it did.
fn ended(result: Result<(), Failure>, json: bool) -> ExitCode {
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    // Nothing is left to tell it to if this fails as well.
    let _ = std::io::stderr()
        .lock()
        .write_all(failure.report(json).as_bytes());
    ExitCode::from(failure.code())
}

/// Prints clap's help, version or complaint. A complaint quotes what was typed, so keys are taken out of it first.
fn explain(error: &clap::Error) -> ExitCode {
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
    if std::env::args_os().any(|argument| argument == "--json") {
        let first = plain.lines().next().unwrap_or_default();
        let text = first.trim_start_matches("error: ").to_owned();
        report.push_str(&Failure::Usage(text).object());
    }
    let _ = std::io::stderr().lock().write_all(report.as_bytes());
    ExitCode::from(exit::USAGE)
}
