//! A file that is whole at every moment, whenever the power goes.

mod disk;
#[cfg(test)]
mod faulty;

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

pub(crate) use self::disk::{Disk, Found, RealDisk, make_dirs, remove, set_aside, stage};
#[cfg(test)]
pub(crate) use self::faulty::{FaultyDisk, Left, Trouble};

/// A file that is its owner's alone, in a directory that is made where it is missing.
#[derive(Clone)]
pub(crate) struct DurableFile<D = RealDisk> {
    disk: D,
    dir: PathBuf,
    path: PathBuf,
}

impl DurableFile {
    /// The file of this name in a directory. The name has at least a dozen bytes less than the system allows.
    pub(crate) fn new(dir: &Path, name: impl Into<OsString>) -> Self {
        Self::on(RealDisk, dir, name)
    }

    /// Up to `most` bytes of it; `None` where there is no file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(&self, most: u64) -> io::Result<Option<Vec<u8>>> {
        match self.find(most)? {
            None => Ok(None),
            Some(Found::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Found::TooLarge) => Err(io::ErrorKind::FileTooLarge.into()),
            Some(Found::NotAFile) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
            }
        }
    }
}

impl<D: Disk> DurableFile<D> {
    /// The file of this name in a directory of a disk.
    pub(crate) fn on(disk: D, dir: &Path, name: impl Into<OsString>) -> Self {
        Self { disk, dir: dir.to_owned(), path: dir.join(name.into()) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is there; `None` where nothing is.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn find(&self, most: u64) -> io::Result<Option<Found>> {
        match self.disk.read(&self.path, most) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces what the file says. It holds what it held before, or all of `bytes`, whatever happens meanwhile.
    ///
    /// # Errors
    /// It cannot be written; it holds what it held before then, unless the last step, which makes sure of the new
    /// name, is what failed.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let next = self.stage(bytes)?;
        self.disk.rename(&next, &self.path)?;
        self.disk.sync_dir(&self.dir)
    }

    /// Writes a file beside the old one.
    pub(crate) fn stage(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        make_dirs(&self.disk, &self.dir)?;
        stage(&self.disk, &self.path, bytes)
    }

    /// Removes what a process left that ended while it wrote. Where that fails, the next one that writes tries again.
    pub(crate) fn remove_unfinished(&self) {
        let _ = self.disk.remove(&disk::beside(&self.path, "next"));
    }

    /// Gives the file another name, which nothing has yet.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub(crate) fn set_aside(&self) -> io::Result<PathBuf> {
        set_aside(&self.disk, &self.path)
    }
}

/// Makes a directory, and those above it, for their owner alone, where they are missing.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}
