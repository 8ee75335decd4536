//! Where a directory is written to.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use skiplino::Customer;

use super::write::{Encoder, encoder};
use super::{Format, beside};

/// A file, which appears only once it is whole, or standard output.
pub struct Target {
    encoder: Box<dyn Encoder + Send>,
    part: Option<Part>,
}

impl Target {
    /// A file of this name.
    ///
    /// # Errors
    /// When what is written first cannot be; it is kept beside the file, under its name and `.part`.
    pub fn file(path: &Path, format: Format) -> io::Result<Self> {
        let part = Part::begin(path)?;
        let to = BufWriter::new(part.file.try_clone()?);
        Ok(Self {
            encoder: encoder(format, Box::new(to))?,
            part: Some(part),
        })
    }

    pub(crate) fn stdout(format: Format) -> io::Result<Self> {
        Ok(Self {
            encoder: encoder(format, Box::new(BufWriter::new(io::stdout())))?,
            part: None,
        })
    }

    /// Writes customers, as many at a time as come.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&mut self, customers: &[Customer]) -> io::Result<()> {
        self.encoder.write(customers)
    }

    /// Writes what goes after the last one. Without this there will be no file.
    ///
    /// # Errors
    /// When it cannot be written, or not under the file's name.
    pub fn finish(self) -> io::Result<()> {
        self.encoder.finish()?;
        self.part.map_or(Ok(()), Part::complete)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

/// A file that is not whole yet, beside the one that it will be.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    target: PathBuf,
    file: File,
    is_complete: bool,
}

impl Part {
    fn begin(target: &Path) -> io::Result<Self> {
        let path = beside(target, ".part");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        // Some file systems know no locks.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::Error::other("another export to it is under way"));
        }
        file.set_len(0)?;
        Ok(Self {
            path,
            target: target.to_owned(),
            file,
            is_complete: false,
        })
    }

    fn complete(mut self) -> io::Result<()> {
        // Or a power cut could leave the name without the contents.
        self.file.sync_all()?;
        std::fs::rename(&self.path, &self.target)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_complete {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
