//! What the command is a part of.

use std::io;
use std::path::PathBuf;

/// What of the command is not the same wherever it is built in. `()` is its own program.
pub trait Host {
    /// The language of the host, for the `User-Agent`.
    fn language(&self) -> String {
        "rust".to_owned()
    }

    /// Finds the program `skiplino-sandbox`. It is asked where the server is left out.
    ///
    /// # Errors
    /// If it is not there. The error says how to get it.
    fn sandbox(&self) -> io::Result<PathBuf> {
        let text = "it is not a part of this build";
        Err(io::Error::new(io::ErrorKind::NotFound, text))
    }
}

impl Host for () {}
