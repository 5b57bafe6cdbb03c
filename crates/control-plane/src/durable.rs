//! A file that is whole at every moment, whenever the power goes.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file that is its owner's alone, in a directory that is made where it is missing.
#[derive(Clone)]
pub(crate) struct DurableFile {
    dir: PathBuf,
    name: OsString,
    path: PathBuf,
}

impl DurableFile {
    /// The file of this name in a directory. The name has at least a dozen bytes less than the system allows.
    pub(crate) fn new(dir: &Path, name: impl Into<OsString>) -> Self {
        let name = name.into();
        Self { dir: dir.to_owned(), path: dir.join(&name), name }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Up to `most` bytes of it; `None` where there is no file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(&self, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(file) => file.take(most).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(bytes))
    }

    /// Replaces what the file says. It holds what it held before, or all of `bytes`, whatever happens meanwhile.
    ///
    /// # Errors
    /// It cannot be written; it holds what it held before then, unless the last step, which makes sure of the new
    /// name, is what failed.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let next = self.stage(bytes)?;
        fs::rename(next, &self.path)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Writes a file beside the old one.
    pub(crate) fn stage(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        make_dir(&self.dir)?;
        let next = self.beside("next");
        // One that was not finished is in the way.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(next)
    }

    /// Gives the file another name, which nothing has yet.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub(crate) fn set_aside(&self) -> io::Result<PathBuf> {
        for number in 1_u32.. {
            let aside = self.beside(&format!("corrupt-{number}"));
            if !aside.try_exists()? {
                fs::rename(&self.path, &aside)?;
                return Ok(aside);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.name.clone();
        name.push(".");
        name.push(ending);
        self.dir.join(name)
    }
}

/// Makes a directory, and those above it, for their owner alone, where they are missing.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}
