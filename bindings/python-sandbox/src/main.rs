//! The program of the Python package `skiplino-sandbox`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(skiplino_cli::sandbox(std::env::args_os()))
}
