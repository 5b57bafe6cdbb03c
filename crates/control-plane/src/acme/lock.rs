//! One instance of those that share a directory orders certificates.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::durable::make_dir;

const NAME: &str = "acme.lock";

/// Held by whoever orders certificates, until it is dropped or its process ends, however that comes about.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it; `None` where somebody else holds it. The directory is made where it is missing.
    ///
    /// # Errors
    /// Nobody can hold it: the directory cannot be written to.
    pub(super) fn take(dir: &Path) -> io::Result<Option<Self>> {
        make_dir(dir)?;
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(dir.join(NAME))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
