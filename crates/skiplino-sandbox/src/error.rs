//! The errors of starting a sandbox.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

pub use crate::store::StoreError;

/// Why a sandbox did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not loopback, and [`Config::allow_remote`](crate::Config::allow_remote) is
    /// off.
    #[error("{0} is not a loopback address, and remote clients are not allowed")]
    RemoteAddress(SocketAddr),
    /// The address is not free, or not one of this machine.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address of the configuration.
        address: SocketAddr,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The file for exchanges cannot be written.
    #[error("cannot write {}: {cause}", path.display())]
    Exchanges {
        /// The directory or the file.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread, the runtime or the signal handlers cannot be set up, or the `on_ready` callback
    /// failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<StartError> for io::Error {
    /// Keeps the kind of the operating system's error.
    fn from(error: StartError) -> Self {
        let kind = match &error {
            StartError::RemoteAddress(_) => io::ErrorKind::PermissionDenied,
            StartError::Listen { cause, .. } | StartError::Exchanges { cause, .. } => cause.kind(),
            StartError::Store(_) | StartError::Io(_) => io::ErrorKind::Other,
        };
        match error {
            StartError::Io(cause) => cause,
            other => Self::new(kind, other),
        }
    }
}
