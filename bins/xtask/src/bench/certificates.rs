//! Certificates for the proxies, in files: each is for one host, signs itself and has a key of P-256.

mod shelf;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub(crate) use self::shelf::Shelf;
use super::messages;
use crate::folder::Folder;

/// The files of one certificate, in PEM.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pair {
    /// Where the files of `name` lie in `folder`. Given the first, HAProxy finds the second by its name.
    pub(crate) fn called(name: &str, folder: &Path) -> Self {
        let of = |ending: &str| folder.join(format!("{name}.{ending}"));
        Self { cert: of("pem"), key: of("pem.key") }
    }

    /// Writes both files, of a new key and a certificate for `host`.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub(crate) fn make(&self, host: &str) -> Result<()> {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]);
        let made = made.with_context(|| format!("cannot make a certificate for {host}"))?;
        for (file, text) in [(&self.cert, made.cert.pem()), (&self.key, made.signing_key.serialize_pem())] {
            fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }
}

/// Certificates for as many hosts as anybody asks for, each made once.
#[derive(Debug)]
pub(crate) struct Certificates {
    folder: Folder,
    made: RefCell<Vec<Pair>>,
}

impl Certificates {
    /// None yet.
    ///
    /// # Errors
    /// When no folder can be made for them.
    pub(crate) fn new() -> Result<Self> {
        let folder = Folder::new("proxyd-bench-certificates-")?;
        Ok(Self { folder, made: RefCell::default() })
    }

    /// Certificates for the first `count` hosts.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub(crate) fn first(&self, count: u32) -> Result<Vec<Pair>> {
        let mut made = self.made.borrow_mut();
        let before = u32::try_from(made.len()).unwrap_or(u32::MAX);
        for index in before..count {
            let pair = Pair::called(&index.to_string(), self.folder.path());
            pair.make(&messages::certified(index))?;
            made.push(pair);
        }
        Ok(made.iter().take(count as usize).cloned().collect())
    }
}
