//! The `skiplino` command: the Skiplino External API for people and scripts at a terminal.

mod cli;
mod commands;
mod context;
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
    let (code, report) = match commands::run(cli) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => (failure.code(), failure.report(json)),
    };
    // Nothing is left to tell it to if this fails as well.
    let _ = std::io::stderr().lock().write_all(report.as_bytes());
    ExitCode::from(code)
}

/// Prints clap's help, version or complaint. A complaint quotes what was typed, so keys are taken out of it first.
fn explain(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print().map_err(Failure::from) {
            Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
            Err(failure) => ExitCode::from(failure.code()),
        };
    }
    let rendered = error.render();
    let styled = output::colour(&std::io::stderr());
    let text = if styled {
        rendered.ansi().to_string()
    } else {
        rendered.to_string()
    };
    let _ = std::io::stderr()
        .lock()
        .write_all(context::without_keys(&text).as_bytes());
    ExitCode::from(exit::USAGE)
}
