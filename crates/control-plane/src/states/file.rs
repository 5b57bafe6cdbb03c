//! The file that states are kept in: whole at every moment, whenever the power goes.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use config::backend_states::BackendStates;

const NAME: &str = "backends.json";
/// What is being written, until it is whole.
const NEXT: &str = "backends.json.next";
/// More is not read, in bytes: a thousand times what a large file has.
const LARGEST: u64 = 64 << 20;

/// A file of states in a directory, which is made where it is missing.
#[derive(Clone)]
pub(super) struct StateFile {
    dir: PathBuf,
    path: PathBuf,
}

impl StateFile {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), path: dir.join(NAME) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The states in it; none where there is no file. A file with something else in it is set aside, which the log
    /// tells.
    ///
    /// # Errors
    /// It cannot be read, or not be set aside.
    pub(super) fn read(&self) -> io::Result<BackendStates> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(file) => file.take(LARGEST).read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BackendStates::default()),
            Err(error) => return Err(error),
        };
        match BackendStates::parse(&bytes) {
            Ok(states) => Ok(states),
            Err(error) => {
                let aside = self.set_aside()?;
                let (path, aside) = (self.path.display(), aside.display());
                let error = &error as &dyn std::error::Error;
                tracing::error!(%path, %aside, error, "states of backends are lost: their file is set aside");
                Ok(BackendStates::default())
            }
        }
    }

    /// Replaces what the file says. It holds what it held before, or all of `text`, whatever happens meanwhile.
    ///
    /// # Errors
    /// It cannot be written; it holds what it held before then, unless the last step, which makes sure of the new
    /// name, is what failed.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let next = self.stage(text)?;
        fs::rename(next, &self.path)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Writes a file beside the old one.
    fn stage(&self, text: &str) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let next = self.dir.join(NEXT);
        // One that was not finished is in the way.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(next)
    }

    /// Gives the file another name, which nothing has yet.
    fn set_aside(&self) -> io::Result<PathBuf> {
        for number in 1_u32.. {
            let aside = self.dir.join(format!("{NAME}.corrupt-{number}"));
            if !aside.try_exists()? {
                fs::rename(&self.path, &aside)?;
                return Ok(aside);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

#[cfg(test)]
mod tests;
