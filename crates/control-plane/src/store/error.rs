//! Why revisions cannot be kept.

use std::io;
use std::path::{Path, PathBuf};

/// Why a change is not safe on the disk. What was there before still is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    /// The disk, or the owner's share of it, is full.
    #[error("no space is left for {}", path.display())]
    Full {
        /// What was being written.
        path: PathBuf,
    },
    /// Nothing can be written.
    #[error("{} is on a disk that can only be read", path.display())]
    ReadOnly {
        /// What was being written.
        path: PathBuf,
    },
    /// Another process uses the directory, or has used it since it was read.
    #[error("{} is used by another process", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The disk refuses an operation.
    #[error("{} cannot be read or written", path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that was written is not as it was.
    #[error("{} is damaged", path.display())]
    Corrupt {
        /// Which.
        path: PathBuf,
    },
    /// A file of a later version of this program, whose state must not be touched.
    #[error("{} is in the later format {format}", path.display())]
    Later {
        /// Which.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// What was to be written could not be read again: it is too deep or too large.
    #[error("what {} would hold is too deep or too large to be kept", path.display())]
    TooMuch {
        /// What was to be written.
        path: PathBuf,
    },
    /// The system has no random bytes for a key.
    #[error("there are no random bytes")]
    NoRandomBytes,
    /// The revision does not follow the one that is there, or one is pending.
    #[error("revision {number} does not follow revision {head}")]
    OutOfTurn {
        /// The revision that was to be kept.
        number: u64,
        /// The last one that is kept.
        head: u64,
    },
}

impl StoreError {
    /// What an error of the system means for a path.
    pub(crate) fn of(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io { path, source },
        }
    }
}
