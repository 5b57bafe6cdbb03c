//! Certificates that are put while the proxy runs, and outlive it: each one, chain and key, in a file of its own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::domain::Domain;
use super::source::{Origin, Source};
use crate::durable::DurableFile;

/// What stands in front of the domain in the ids of certificates.
const KIND: &str = "store:";
const UNFINISHED: &str = ".pem.next";

/// A directory of certificates, for its owner alone; it is made when the first one is put.
#[derive(Clone, Debug)]
pub(super) struct Store {
    dir: PathBuf,
}

impl Store {
    /// That in the directory of the state.
    pub(super) fn new(state_dir: &Path) -> Self {
        Self { dir: state_dir.join("certificates") }
    }

    /// All that are in it. What was not finished is removed; files of other names are passed over.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(super) fn sources(&self) -> io::Result<Vec<Source>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut sources = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            if name.ends_with(UNFINISHED) {
                // It holds a key. Where it stays, the next one for that domain takes its place.
                let _ = fs::remove_file(self.dir.join(name));
            }
            sources.extend(Domain::of_file(name).map(|domain| self.source(&domain)));
        }
        Ok(sources)
    }

    /// The source that a domain's file is.
    pub(super) fn source(&self, domain: &Domain) -> Source {
        Source::new(id(domain), Origin::File(self.path(domain)), None)
    }

    /// Keeps this text for a domain in place of any other. It is safe on the disk then.
    ///
    /// # Errors
    /// It cannot be written; what was kept before still is, unless the last step, which makes sure of the new name, is what
    /// failed.
    pub(super) fn write(&self, domain: &Domain, text: &[u8]) -> io::Result<()> {
        DurableFile::new(&self.dir, domain.file_name()).write(text)
    }

    /// Keeps nothing for a domain. False where nothing was kept.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove(&self, domain: &Domain) -> io::Result<bool> {
        match fs::remove_file(self.path(domain)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
        File::open(&self.dir)?.sync_all()?;
        Ok(true)
    }

    /// Gives a file another name, under which it is not read again.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub(super) fn set_aside(&self, file: &Path) -> io::Result<PathBuf> {
        DurableFile::new(&self.dir, file.file_name().unwrap_or_default()).set_aside()
    }

    pub(super) fn path(&self, domain: &Domain) -> PathBuf {
        self.dir.join(domain.file_name())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}

/// What a domain's certificate is known by.
pub(super) fn id(domain: &Domain) -> String {
    format!("{KIND}{domain}")
}

#[cfg(test)]
mod tests;
