//! The command-line program, for the console script of the package.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use bindings_common::catch_panic;
use pyo3::prelude::*;
use skiplino_cli::Host;

/// The exit code after a panic: the command failed.
const FAILED: u8 = 1;

/// Runs the command with the interpreter free for other threads and returns the exit code. The
/// first argument is the program's name.
///
/// `sandbox` returns the path of the sandbox's program, or raises an error that says how to install
/// it.
#[pyfunction]
pub(crate) fn run_command(
    py: Python<'_>,
    arguments: Vec<OsString>,
    language: String,
    sandbox: Py<PyAny>,
) -> u8 {
    let interpreter = Interpreter { language, sandbox };
    // The panic's message is on standard error already.
    py.detach(|| catch_panic(|| skiplino_cli::run(arguments, &interpreter)).unwrap_or(FAILED))
}

/// The interpreter that runs the command.
struct Interpreter {
    language: String,
    sandbox: Py<PyAny>,
}

impl Host for Interpreter {
    fn language(&self) -> String {
        self.language.clone()
    }

    fn sandbox(&self) -> io::Result<PathBuf> {
        Python::attach(|py| {
            let found = self.sandbox.call0(py);
            found.and_then(|path| path.extract(py)).map_err(|raised| {
                io::Error::new(io::ErrorKind::NotFound, raised.value(py).to_string())
            })
        })
    }
}
