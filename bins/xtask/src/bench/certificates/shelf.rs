//! A certificate that a proxy serves, and others for the same host that replace it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Pair;
use crate::bench::messages;

/// How many take turns.
const PREPARED: usize = 4;

/// Certificates that take turns in the files of one.
#[derive(Debug)]
pub(crate) struct Shelf {
    live: Pair,
    prepared: Vec<Prepared>,
}

/// What is in the files of one of them.
#[derive(Debug)]
struct Prepared {
    cert: Vec<u8>,
    key: Vec<u8>,
    leaf: CertificateDer<'static>,
}

impl Shelf {
    /// Fills `folder`, and returns the files to be served, in which the first certificate is.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub(crate) fn make(folder: &Path) -> Result<Pair> {
        for index in 0..PREPARED {
            prepared(index, folder).make(&messages::certified(0))?;
        }
        let shelf = Self::open(folder)?;
        shelf.put(0)?;
        Ok(shelf.live)
    }

    /// What is in a `folder` that was filled.
    ///
    /// # Errors
    /// When that cannot be read.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let all = (0..PREPARED).map(|index| Prepared::read(&prepared(index, folder)));
        Ok(Self { live: Pair::called("live", folder), prepared: all.collect::<Result<_>>()? })
    }

    /// How many certificates take turns.
    pub(crate) fn len(&self) -> usize {
        self.prepared.len()
    }

    /// Which of them this is.
    pub(crate) fn position(&self, leaf: &CertificateDer<'_>) -> Option<usize> {
        self.prepared.iter().position(|one| one.leaf == *leaf)
    }

    /// Replaces what is served by the certificate `index`: the key first, then the certificate, so that for a
    /// moment they do not belong together. Each file is there all the time, and whole.
    ///
    /// # Errors
    /// When there is no such certificate, or the files cannot be written.
    pub(crate) fn put(&self, index: usize) -> Result<()> {
        let Prepared { cert, key, .. } = self.prepared.get(index).context("there is no such certificate")?;
        let files = [(&self.live.key, key), (&self.live.cert, cert)];
        for (file, bytes) in files {
            let fresh = beside(file);
            fs::write(&fresh, bytes).with_context(|| format!("cannot write {}", fresh.display()))?;
        }
        for (file, _) in files {
            let fresh = beside(file);
            fs::rename(&fresh, file).with_context(|| format!("cannot rename {}", fresh.display()))?;
        }
        Ok(())
    }
}

impl Prepared {
    fn read(pair: &Pair) -> Result<Self> {
        let read = |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        let (cert, key) = (read(&pair.cert)?, read(&pair.key)?);
        let leaf = CertificateDer::from_pem_slice(&cert);
        let leaf = leaf.with_context(|| format!("{} has no certificate", pair.cert.display()))?;
        Ok(Self { cert, key, leaf })
    }
}

fn prepared(index: usize, folder: &Path) -> Pair {
    Pair::called(&format!("prepared-{index}"), folder)
}

/// Where the successor of `file` is written.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    name.into()
}
