//! Why no diagnosis could be made. A fault of the server is a line of the diagnosis, not an error.

use std::io;
use std::path::PathBuf;

/// Why no diagnosis could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoctorError {
    /// The compiled-in OpenAPI document cannot be used: a bug.
    #[error(
        "the OpenAPI document in this program cannot be used; this is a bug, please report it: {0}"
    )]
    Document(String),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder for raw responses already has content.
    #[error("{}: name a folder that does not exist yet, or an empty one", .0.display())]
    RecordNotEmpty(PathBuf),
    /// No diagnosis could be made, and records that doctor created could not be removed.
    #[error("{source}; not removed: {}", left.join("; "))]
    NotRemoved {
        /// Why there is no diagnosis.
        source: Box<DoctorError>,
        /// The records that could not be removed, and how to remove them.
        left: Vec<String>,
    },
}

impl DoctorError {
    pub(crate) fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }

    /// The error, with what could not be removed.
    pub(crate) fn with_left(self, left: Vec<String>) -> Self {
        match left.is_empty() {
            true => self,
            false => Self::NotRemoved {
                source: Box::new(self),
                left,
            },
        }
    }
}
