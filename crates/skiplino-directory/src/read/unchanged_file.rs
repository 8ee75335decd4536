//! A file that must not change while it is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

/// A regular file that must not change while it is read. Otherwise parts of two versions would be
/// read as rows, for example while an editor saves the file or another program still writes it.
pub(super) struct UnchangedFile {
    file: File,
    opened: FileVersion,
}

/// The size and the time of the last change. None for pipes and devices.
type FileVersion = Option<(u64, Option<SystemTime>)>;

impl UnchangedFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let opened = Self::version(&file)?;
        Ok(Self { file, opened })
    }

    fn version(file: &File) -> io::Result<FileVersion> {
        let found = file.metadata()?;
        Ok(found
            .is_file()
            .then(|| (found.len(), found.modified().ok())))
    }

    /// None for pipes and devices, which have no size.
    pub(super) fn size(&self) -> Option<u64> {
        self.opened.map(|(size, _)| size)
    }
}

impl Read for UnchangedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if Self::version(&self.file)? != self.opened {
            return Err(changed());
        }
        Ok(read)
    }
}

/// The error of a file that was not left alone.
pub(super) fn changed() -> io::Error {
    io::Error::other("the file was changed while it was read")
}
