//! The file that states are kept in: whole at every moment, whenever the power goes.

use std::io;
use std::path::Path;

use config::backend_states::BackendStates;

use crate::durable::DurableFile;

const NAME: &str = "backends.json";
/// More is not read, in bytes: a thousand times what a large file has.
const LARGEST: u64 = 64 << 20;

/// A file of states in a directory, which is made where it is missing.
#[derive(Clone)]
pub(super) struct StateFile(DurableFile);

impl StateFile {
    pub(super) fn new(dir: &Path) -> Self {
        Self(DurableFile::new(dir, NAME))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The states in it; none where there is no file. A file with something else in it is set aside, which the log
    /// tells.
    ///
    /// # Errors
    /// It cannot be read, or not be set aside.
    pub(super) fn read(&self) -> io::Result<BackendStates> {
        let Some(bytes) = self.0.read(LARGEST)? else { return Ok(BackendStates::default()) };
        match BackendStates::parse(&bytes) {
            Ok(states) => Ok(states),
            Err(error) => {
                let aside = self.0.set_aside()?;
                let (path, aside) = (self.path().display(), aside.display());
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
        self.0.write(text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
