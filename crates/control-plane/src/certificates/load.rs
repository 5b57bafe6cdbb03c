//! Reading certificates, all of them at once.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tls_sni::{Certificate, CertificateError, Served};
use zeroize::Zeroizing;

use super::file::{self, FileError, Stamp};
use super::parallel;
use super::source::{Origin, Source};

/// What became of the sources of a document. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub(super) items: Arc<[Item]>,
}

/// What became of one source.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) source: Arc<Source>,
    pub(super) stamps: Stamps,
    pub(super) result: Result<Served, Failure>,
}

/// What the files of a source looked like when they were read: the chain's and the key's. `None` where there is none.
pub(super) type Stamps = [Option<Stamp>; 2];

/// A source that gives no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The source's id.
    pub id: String,
    /// The file that is wrong, where it is one.
    pub path: Option<PathBuf>,
    /// What is wrong with it.
    pub error: LoadError,
}

/// Why a source gives no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file is of no use.
    #[error(transparent)]
    File(#[from] FileError),
    /// What it says is of no use.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Reads the certificates of a document over all cores. Blocks: 10,000 take about a second on one core.
pub fn load(sources: Vec<Source>, now: SystemTime) -> Loaded {
    load_again(sources, now, &Loaded::default())
}

/// The same where an earlier document was loaded: what is in both, and has not changed since, is not read again.
pub fn load_again(sources: Vec<Source>, now: SystemTime, former: &Loaded) -> Loaded {
    let known: HashMap<&str, &Item> =
        former.items.iter().map(|item| (item.source.id.as_str(), item)).collect();
    let sources: Vec<_> = sources.into_iter().map(Arc::new).collect();
    let items = parallel::map(&sources, |source| match known.get(source.id.as_str()) {
        Some(item) if item.is_fresh(source, now) => Item { source: Arc::clone(source), ..(*item).clone() },
        _ => Item::read(source, now),
    });
    Loaded { items: items.into() }
}

impl Loaded {
    /// The certificates, by the ids of their sources.
    pub fn served(&self) -> impl Iterator<Item = (&str, &Served)> {
        self.items.iter().filter_map(|item| Some((item.source.id.as_str(), item.result.as_ref().ok()?)))
    }

    /// What is wrong.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.items.iter().filter_map(|item| item.result.as_ref().err())
    }
}

impl Item {
    pub(super) fn read(source: &Arc<Source>, now: SystemTime) -> Self {
        let mut stamps = [None; 2];
        let result = certificate(source, &mut stamps, now).map(|certificate| {
            let mut served = Served::new(certificate);
            served.names.clone_from(&source.names);
            served.is_default = source.is_default;
            served
        });
        Self { source: Arc::clone(source), stamps, result }
    }

    /// True where reading it again would give the same.
    fn is_fresh(&self, source: &Source, now: SystemTime) -> bool {
        let is_valid = |served: &Served| now < served.certificate.not_after();
        *self.source == *source && self.result.as_ref().is_ok_and(is_valid) && self.stamps == stamps(source)
    }
}

/// What the files of a source look like now.
pub(super) fn stamps(source: &Source) -> Stamps {
    [Some(&source.chain), source.key.as_ref()].map(|origin| origin.and_then(Origin::file).and_then(Stamp::of))
}

fn certificate(source: &Source, stamps: &mut Stamps, now: SystemTime) -> Result<Certificate, Failure> {
    let [of_chain, of_key] = stamps;
    let chain = text(source, &source.chain, of_chain)?;
    let key = match &source.key {
        Some(key) => &text(source, key, of_key)?,
        None => &chain,
    };
    Certificate::parse(&chain, key, now).map_err(|error| {
        let is_of_key = is_of_key(&error, &chain, now);
        let path = if is_of_key { source.key_file() } else { source.chain.file() };
        failure(source, path, error)
    })
}

/// The text, and what its file looked like before.
fn text(source: &Source, origin: &Origin, stamp: &mut Option<Stamp>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match origin {
        Origin::Pem(text) => Ok(text.clone()),
        Origin::File(path) => match file::read(path) {
            Ok((text, read)) => {
                *stamp = Some(read);
                Ok(text)
            }
            Err(error) => {
                *stamp = Stamp::of(path);
                Err(failure(source, Some(path), error))
            }
        },
    }
}

fn failure(source: &Source, path: Option<&Path>, error: impl Into<LoadError>) -> Failure {
    Failure { id: source.id.clone(), path: path.map(Path::to_owned), error: error.into() }
}

/// True where the key is what must be changed.
fn is_of_key(error: &CertificateError, chain: &[u8], now: SystemTime) -> bool {
    match error {
        CertificateError::NoKey
        | CertificateError::SeveralKeys
        | CertificateError::KeyEncrypted
        | CertificateError::KeyUnusable
        | CertificateError::KeyMismatch => true,
        // The chain is read first: where it is not what is broken, an empty key would be.
        CertificateError::Pem { .. } => Certificate::parse(chain, &[], now) == Err(CertificateError::NoKey),
        _ => false,
    }
}

/// What is wrong, and where.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.error),
            None => self.error.fmt(f),
        }
    }
}

impl Failure {
    /// When it is worth another look, though nothing has changed: when the certificate begins to be valid.
    pub(super) const fn heals_at(&self) -> Option<SystemTime> {
        match self.error {
            LoadError::Certificate(CertificateError::NotYetValid { begins }) => Some(begins),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
