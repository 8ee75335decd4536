//! Raw responses in a folder that only its owner can read.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::DoctorError;
use crate::wire::Answer;

/// The folder with raw responses.
#[derive(Debug)]
pub(crate) struct Record {
    folder: PathBuf,
    count: u32,
}

impl Record {
    /// # Errors
    /// If the folder has content, or cannot be created.
    pub(crate) fn new(folder: &Path) -> Result<Self, DoctorError> {
        let failed = |error| DoctorError::io(folder, error);
        match fs::read_dir(folder) {
            Ok(mut entries) => match entries.next() {
                Some(_) => return Err(DoctorError::RecordNotEmpty(folder.to_owned())),
                None => make_private(folder).map_err(failed)?,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_private(folder).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Self {
            folder: folder.to_owned(),
            count: 0,
        })
    }

    /// Writes a response: its head and its body. The request is not written, because it contains the
    /// key.
    pub(crate) fn write(&mut self, answer: &Answer) -> Result<(), DoctorError> {
        self.count += 1;
        let name = format!("{:03}-{}.txt", self.count, answer.operation.id());
        let path = self.folder.join(name);
        let mut text = format!(
            "{}\n\n{} {}\n",
            answer.request, answer.version, answer.status
        );
        for (name, value) in &answer.headers {
            text.push_str(name.as_str());
            text.push_str(": ");
            text.push_str(&String::from_utf8_lossy(value.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        let write = || {
            let mut file = create_private_file(&path)?;
            file.write_all(text.as_bytes())?;
            file.write_all(&answer.body)
        };
        write().map_err(|error| DoctorError::io(&path, error))
    }
}

#[cfg(unix)]
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(unix)]
fn create_private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

/// On other systems, a folder has the permissions of the folder that contains it.
#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn create_private_file(path: &Path) -> io::Result<fs::File> {
    fs::File::create_new(path)
}
