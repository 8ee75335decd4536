//! Chooses the files that an import writes, and checks that none of them is another file of the
//! import.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use skiplino_directory::OutputFile;

use crate::failure::{Failure, UsageError};
use crate::files::{is_same_file, is_stdin, with_suffix};

/// A checkpoint or a report.
#[derive(Debug)]
pub(super) struct ImportFile {
    pub(super) path: PathBuf,
    /// Whether the command line names it. Otherwise it is beside the imported file.
    pub(super) is_named: bool,
}

impl ImportFile {
    /// The file that `option` names, or else the one beside the input. None for an input without a
    /// folder: standard input, a pipe or a device.
    fn new(
        named: Option<PathBuf>,
        input: &Path,
        suffix: &str,
        option: &'static str,
    ) -> Result<Option<Self>, UsageError> {
        if let Some(path) = named {
            if is_other_name(&path, input) {
                let other = "the file to import";
                return Err(UsageError::SameFile {
                    option,
                    path,
                    other,
                });
            }
            return Ok(Some(Self {
                path,
                is_named: true,
            }));
        }
        let is_place = std::fs::metadata(input).map_or(true, |found| found.is_file());
        if is_stdin(input) || !is_place {
            return Ok(None);
        }
        let path = with_suffix(input, suffix);
        // Another user may have created a link to a file of this user.
        if std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(UsageError::NotRegular { path, option });
        }
        Ok(Some(Self {
            path,
            is_named: false,
        }))
    }
}

/// Whether an output is the input, under any name.
fn is_other_name(output: &Path, input: &Path) -> bool {
    let input = match is_stdin(input) {
        true => Path::new("/dev/stdin"),
        false => input,
    };
    // A terminal may be input and output at the same time.
    output.is_file() && is_same_file(output, input)
}

/// Where an import records its finished rows.
pub(super) enum Checkpoint {
    At(PathBuf),
    /// The import has no checkpoint for this reason, and the command line names none.
    None(String),
}

/// The files of an import.
#[derive(Debug)]
pub(super) struct ImportFiles {
    checkpoint: Option<ImportFile>,
    pub(super) report: Option<ImportFile>,
}

impl ImportFiles {
    /// Nothing is created or changed.
    pub(super) fn new(
        input: &Path,
        checkpoint: Option<PathBuf>,
        report: Option<PathBuf>,
    ) -> Result<Self, UsageError> {
        let checkpoint = ImportFile::new(checkpoint, input, ".checkpoint", "--checkpoint")?;
        let report = ImportFile::new(report, input, ".failed.csv", "--report")?;
        if let (Some(report), Some(checkpoint)) = (&report, &checkpoint)
            && is_same_file(&report.path, &checkpoint.path)
        {
            return Err(UsageError::SameFile {
                option: "--report",
                path: report.path.clone(),
                other: "the checkpoint",
            });
        }
        Ok(Self { checkpoint, report })
    }

    /// The checkpoint of an import. An existing one is only used with `--resume`.
    pub(super) fn checkpoint(&self, input: &Path, resume: bool) -> Result<Checkpoint, UsageError> {
        let Some(ImportFile { path, is_named }) = &self.checkpoint else {
            let input = match is_stdin(input) {
                true => "standard input".to_owned(),
                false => input.display().to_string(),
            };
            return Ok(Checkpoint::None(format!("{input} is not a regular file")));
        };
        if path.exists() {
            return match resume {
                true => Ok(Checkpoint::At(path.clone())),
                false => Err(UsageError::UnfinishedImport {
                    checkpoint: path.clone(),
                    file: input.to_owned(),
                }),
            };
        }
        match OutputFile::create(path) {
            Err(error) if !is_named => Ok(Checkpoint::None(format!(
                "{} cannot be created: {error}",
                path.display()
            ))),
            _ => Ok(Checkpoint::At(path.clone())),
        }
    }

    /// The lock of an existing checkpoint, for a dry run that does not use it: the report must not
    /// be replaced while another import writes it.
    pub(super) fn lock(&self) -> Result<Option<File>, Failure> {
        let Some(ImportFile { path, .. }) = self.checkpoint.as_ref().filter(|it| it.path.is_file())
        else {
            return Ok(None);
        };
        let file =
            File::open(path).map_err(|error| Failure::io(path.display().to_string(), error))?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Err(UsageError::CheckpointInUse(path.clone()).into()),
            // Some file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
        }
    }
}
