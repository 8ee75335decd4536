//! The program `skiplino`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(skiplino_cli::run(std::env::args_os(), &()))
}
