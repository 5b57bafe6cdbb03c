//! A folder for as long as something runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::interrupt::AtEnd;

/// A new folder, removed with everything in it when this value goes or the user interrupts the program.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _removal: AtEnd,
}

impl Folder {
    /// Makes a folder whose name begins with `prefix`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn new(prefix: &str) -> Result<Self> {
        let folder = TempDir::with_prefix(prefix).context("cannot make a folder")?;
        let path = folder.path().to_owned();
        Ok(Self { path, _removal: AtEnd::run(move || drop(folder)) })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
