//! The program that contains the command.

use std::io;
use std::path::PathBuf;

/// The differences between the programs that contain the command. `()` is the program `skiplino`.
pub trait Host {
    /// The language of the host, for the `User-Agent`.
    fn language(&self) -> String {
        "rust".to_owned()
    }

    /// Finds the program `skiplino-sandbox`, for builds without the server.
    ///
    /// # Errors
    /// If the program is not installed. The error says how to install it.
    fn sandbox(&self) -> io::Result<PathBuf> {
        let text = "this build does not contain it";
        Err(io::Error::new(io::ErrorKind::NotFound, text))
    }
}

impl Host for () {}
