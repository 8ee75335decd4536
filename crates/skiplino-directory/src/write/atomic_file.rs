//! A file that appears under its name only once it is complete.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// A file under construction, beside the place where it will be.
#[derive(Debug)]
pub(super) struct AtomicFile {
    part: PathBuf,
    target: PathBuf,
    file: File,
    is_committed: bool,
}

impl AtomicFile {
    /// Creates `TARGET.part`.
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let mut part = target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)?;
        // Any other error is ignored: some file systems have no locks.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(io::Error::other("another export is writing this file"));
        }
        file.set_len(0)?;
        Ok(Self {
            part,
            target: target.to_owned(),
            file,
            is_committed: false,
        })
    }

    pub(super) fn writer(&self) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::new(self.file.try_clone()?))
    }

    /// Gives the file its name.
    pub(super) fn commit(mut self) -> io::Result<()> {
        // Otherwise a power failure could leave the name without the contents.
        self.file.sync_all()?;
        std::fs::rename(&self.part, &self.target)?;
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.is_committed {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
