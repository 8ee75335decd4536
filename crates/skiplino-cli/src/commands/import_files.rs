//! Chooses the files that an import writes, and checks that none of them is another file of the
//! import.

use std::path::{Path, PathBuf};

use skiplino_directory::{OutputFile, is_descriptor};

use crate::failure::UsageError;
use crate::files::{is_in_use, is_same_file, is_standard_stream, is_stdin, with_suffix};

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
            if is_standard_stream(&path) {
                return Err(UsageError::NotAFile { option, path });
            }
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
    /// Nothing is created or changed. A dry run has a report only if the command line names one.
    pub(super) fn new(
        input: &Path,
        checkpoint: Option<PathBuf>,
        report: Option<PathBuf>,
        dry_run: bool,
    ) -> Result<Self, UsageError> {
        // A checkpoint is removed in the end, and a descriptor has no name of its own.
        if let Some(path) = checkpoint.clone().filter(|path| is_descriptor(path)) {
            let option = "--checkpoint";
            return Err(UsageError::NotAFile { option, path });
        }
        let checkpoint = ImportFile::new(checkpoint, input, ".checkpoint", "--checkpoint")?;
        let report = match (dry_run, report) {
            (true, None) => None,
            (_, report) => ImportFile::new(report, input, ".failed.csv", "--report")?,
        };
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
            if is_in_use(path) {
                return Err(UsageError::CheckpointInUse(path.clone()));
            }
            return match resume {
                true => Ok(Checkpoint::At(path.clone())),
                false if !path.is_file() => Err(UsageError::NotRegular {
                    path: path.clone(),
                    option: "--checkpoint",
                }),
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
}
