//! Runs a sandbox until it is interrupted: `serve [DATA]`. The base URL is the only line it prints.
#![allow(clippy::print_stdout)]

use skiplino_sandbox::{Config, serve};

fn main() -> std::io::Result<()> {
    let config = Config {
        data: std::env::args_os().nth(1).map(Into::into),
        ..Config::default()
    };
    serve(config, |ready| println!("{}", ready.base_url()))
}
