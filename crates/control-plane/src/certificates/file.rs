//! Reading a small file, and telling later whether it is still the same one.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// More is not read, in bytes: a chain of four with its key has less than 16,000.
pub(super) const LARGEST: u64 = 256 << 10;

/// Why a file is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system does not give it.
    #[error("it cannot be read: {detail}")]
    Unreadable {
        /// What kind of failure it is.
        kind: io::ErrorKind,
        /// What the system says.
        detail: String,
    },
    /// It is a directory, a pipe or a device.
    #[error("it is not a regular file")]
    NoFile,
    /// Nothing is in it: somebody may be about to write it.
    #[error("it is empty")]
    Empty,
    /// It has too many bytes.
    #[error("it is larger than {} kB", LARGEST >> 10)]
    TooLarge,
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable { kind: error.kind(), detail: error.to_string() }
    }
}

/// What a file looks like from outside. While that stays the same, so does the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Tools that write in place may set back when it was modified, but not this.
    changed: (i64, i64),
}

impl Stamp {
    /// That of the file which a path leads to now; `None` where there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The text of a file, wiped when it is dropped, with the stamp that the file had before it was read.
///
/// # Errors
/// Why it is of no use.
pub(super) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Stamp), FileError> {
    // To open a pipe would wait for somebody who writes.
    let wait_for_nobody = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(wait_for_nobody).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FileError::NoFile);
    }
    Ok((read_all(file, metadata.len())?, Stamp::from(&metadata)))
}

fn read_all(file: File, size: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    // With room for all of it, so that no part is left where the text would have grown out of.
    let room = usize::try_from(size.min(LARGEST)).unwrap_or_default().saturating_add(1);
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let read = file.take(LARGEST + 1).read_to_end(&mut text)?;
    match read as u64 {
        0 => Err(FileError::Empty),
        1..=LARGEST => Ok(text),
        _ => Err(FileError::TooLarge),
    }
}

#[cfg(test)]
mod tests;
