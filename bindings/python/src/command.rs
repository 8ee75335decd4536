//! The command, for the console script of the package.

use std::ffi::OsString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use pyo3::prelude::*;
use skiplino_cli::Host;

/// The code of a bug, as of all that was not done.
const BUG: u8 = 1;

/// Does what was typed, the name of the program first, and gives the exit code. Other threads may go on meanwhile.
///
/// `sandbox` finds the program of the sandbox, or raises an error that says how to get it.
#[pyfunction]
pub(crate) fn run_command(
    py: Python<'_>,
    arguments: Vec<OsString>,
    language: String,
    sandbox: Py<PyAny>,
) -> u8 {
    let interpreter = Interpreter { language, sandbox };
    py.detach(|| {
        // What it panicked of is on standard error by now.
        catch_unwind(AssertUnwindSafe(|| {
            skiplino_cli::run(arguments, &interpreter)
        }))
        .unwrap_or(BUG)
    })
}

/// The interpreter that the command is a part of.
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
