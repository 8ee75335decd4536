//! The program of the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(skiplino_cli::run(std::env::args_os(), &()))
}
