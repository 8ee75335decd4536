//! A file that is written safely: it replaces the old file only once it is complete.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, TempPath};

/// The most links that are followed, as many as Linux follows.
const MAX_LINKS: usize = 40;

/// The unfinished files of this process that have a name.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file under construction, which [`commit`](Self::commit) puts in place of the old one.
///
/// - A link is followed: the file that it names is replaced.
/// - A new file can be read by its owner only; a file that is replaced keeps its mode and owner. On
///   Windows both files have the permissions of their folder.
/// - On Linux the file has no name until it is complete, so nothing remains of it if the process is
///   killed. Where the file system does not have such files, it is `.skiplino-….part` beside the
///   target. It is removed when this is dropped, or by [`remove_unfinished_files`].
/// - A pipe or a device is not replaced, but written to.
/// - A descriptor of this process, such as `/dev/stderr` or `/dev/fd/3`, is written to, whatever is
///   open there. A file is appended to.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    /// None for a pipe, a device or a descriptor.
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    target: PathBuf,
    /// None for a file without a name.
    part: Option<Part>,
}

/// An unfinished file that has a name.
#[derive(Debug)]
struct Part {
    path: TempPath,
    listed: Listed,
}

/// A path in [`UNFINISHED`] until this is dropped.
#[derive(Debug)]
struct Listed(PathBuf);

impl OutputFile {
    /// Creates the file, or opens the pipe or device.
    ///
    /// # Errors
    /// If it cannot be created beside the target, or the pipe or device cannot be written to.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        if let Some(number) = descriptor(path) {
            let file = open_descriptor(number, path)?;
            return Ok(Self {
                file,
                pending: None,
            });
        }
        match std::fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                let file = File::options().write(true).open(path)?;
                return Ok(Self {
                    file,
                    pending: None,
                });
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let target = resolve_links(path)?;
        let (file, part) = match unnamed(folder(&target)) {
            Some(file) => (file, None),
            None => {
                let (file, part) = named(folder(&target))?;
                (file, Some(part))
            }
        };
        let pending = Some(Pending { target, part });
        Ok(Self { file, pending })
    }

    /// The file that [`commit`](Self::commit) replaces. None for a pipe, a device or a descriptor.
    #[must_use]
    pub fn target(&self) -> Option<&Path> {
        Some(&self.pending.as_ref()?.target)
    }

    /// A writer of the file's contents.
    ///
    /// # Errors
    /// If the process has too many open files.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Puts the file in its place. Its writers can still be used.
    ///
    /// # Errors
    /// If the contents cannot be stored, or the old file cannot be replaced.
    pub fn commit(self) -> io::Result<()> {
        let Some(Pending { target, part }) = self.pending else {
            return Ok(());
        };
        if let Ok(replaced) = std::fs::metadata(&target) {
            keep_owner_and_mode(&self.file, &replaced)?;
        }
        // Otherwise a power failure could leave the name without the contents.
        self.file.sync_all()?;
        let part = match part {
            Some(part) => part,
            None => link(&self.file, folder(&target))?,
        };
        part.persist(&target)
    }
}

impl Part {
    /// Creates a file by `create`, under a name that is new, so that nobody else can have prepared
    /// a file or a link under it.
    fn create<R>(
        folder: &Path,
        create: impl FnMut(&Path) -> io::Result<R>,
    ) -> io::Result<(R, Self)> {
        let mut unfinished = unfinished();
        let mut name = Builder::new();
        name.prefix(".skiplino-").suffix(".part");
        let (created, path) = name.make_in(folder, create)?.into_parts();
        unfinished.push(path.to_path_buf());
        let listed = Listed(path.to_path_buf());
        Ok((created, Self { path, listed }))
    }

    fn persist(self, target: &Path) -> io::Result<()> {
        let Self { path, listed } = self;
        let persisted = path.persist(target).map_err(|error| error.error);
        drop(listed);
        persisted
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

/// Removes the unfinished files that would remain if the process ends without dropping them, and
/// calls `end`, which ends the process. In the meantime no other such file is created.
pub fn remove_unfinished_files(end: impl FnOnce()) {
    let unfinished = unfinished();
    for path in &*unfinished {
        // The process ends: there is nobody to tell.
        let _ = std::fs::remove_file(path);
    }
    end();
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file that a path names, through its links, as an absolute path. It need not exist, but its
/// folder must.
///
/// # Errors
/// If there is no such folder, or there are too many links.
pub fn resolve_links(path: &Path) -> io::Result<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    let path = last_link(path, |_| false)?;
    let Some(name) = path.file_name() else {
        return Err(io::ErrorKind::NotFound.into());
    };
    Ok(folder(&path).canonicalize()?.join(name))
}

/// Follows links until the path is none, or until `is_end`.
fn last_link(path: &Path, is_end: impl Fn(&Path) -> bool) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..=MAX_LINKS {
        match path.read_link() {
            Ok(link) if !is_end(&path) => path = folder(&path).join(link),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// Whether the path names a descriptor of this process, such as `/dev/fd/3`, also through links.
#[must_use]
pub fn is_descriptor(path: &Path) -> bool {
    descriptor(path).is_some()
}

/// The number of the descriptor of this process that the path names, also through links.
fn descriptor(path: &Path) -> Option<u32> {
    // On Linux `/dev/fd` is a link to `/proc/self/fd`.
    let descriptors = Path::new("/dev/fd").canonicalize().ok()?;
    let is_descriptor = |path: &Path| {
        let folder = folder(path).canonicalize();
        folder.is_ok_and(|folder| folder == descriptors)
    };
    let path = last_link(path, is_descriptor).ok()?;
    let number = path.file_name()?.to_str()?.parse().ok()?;
    is_descriptor(&path).then_some(number)
}

/// Opens a descriptor for writing. Standard streams are duplicated, so that this process and others
/// that write to them continue after what is written here. Other descriptors are opened again.
fn open_descriptor(number: u32, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;

        let standard = match number {
            1 => Some(io::stdout().as_fd().try_clone_to_owned()?),
            2 => Some(io::stderr().as_fd().try_clone_to_owned()?),
            _ => None,
        };
        if let Some(standard) = standard {
            return Ok(standard.into());
        }
    }
    let _ = number;
    File::options().append(true).open(path)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A file that only its owner can read.
fn named(folder: &Path) -> io::Result<(File, Part)> {
    let create = |path: &Path| {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    };
    Part::create(folder, create)
}

/// A file without a name, if the file system has such files.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    // Needed to give the file a name.
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let flags = i32::try_from(rustix::fs::OFlags::TMPFILE.bits()).ok()?;
    let mut options = File::options();
    options.write(true).mode(0o600).custom_flags(flags);
    options.open(folder).ok()
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<File> {
    None
}

/// Gives a file without a name one in its folder.
#[cfg(target_os = "linux")]
fn link(file: &File, folder: &Path) -> io::Result<Part> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};

    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link = |name: &Path| Ok(linkat(CWD, &open, CWD, name, AtFlags::SYMLINK_FOLLOW)?);
    Ok(Part::create(folder, link)?.1)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<Part> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn keep_owner_and_mode(file: &File, replaced: &Metadata) -> io::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

    let mut mode = replaced.mode() & 0o777;
    let new = file.metadata()?;
    let is_same_owner = (new.uid(), new.gid()) == (replaced.uid(), replaced.gid());
    // Most users may not change the owner of a file. Then the group of the new file is another one,
    // which was not allowed to read the old file.
    if !is_same_owner && fchown(file, Some(replaced.uid()), Some(replaced.gid())).is_err() {
        mode &= !0o070;
    }
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_owner_and_mode(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a failed step fails the test")]
mod tests {
    use std::fs::{read_dir, read_to_string, write};
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// As on a file system without unnamed files.
    #[test]
    fn a_file_with_a_name_is_private_and_does_not_remain() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("all.csv");
        write(&target, "old").unwrap();
        let create = || {
            let (file, part) = named(directory.path()).unwrap();
            let pending = Some(Pending {
                target: target.clone(),
                part: Some(part),
            });
            OutputFile { file, pending }
        };
        let names = || read_dir(directory.path()).unwrap().count();
        let file = create();
        assert_eq!(
            file.file.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(names(), 2);
        drop(file);
        assert_eq!(
            (names(), read_to_string(&target).unwrap()),
            (1, "old".to_owned())
        );
        let file = create();
        file.writer().unwrap().write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(
            (names(), read_to_string(&target).unwrap()),
            (1, "new".to_owned())
        );
    }
}
