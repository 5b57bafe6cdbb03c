//! What a document says of a certificate.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A certificate, and where it comes from. Plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// What it is known by in the table of certificates: stable over changes of the document, unique, with a kind in front of
    /// a colon, such as `file:/a.pem` or `route:<id>`. `store:` and `acme:` are taken.
    pub id: String,
    /// The chain, the server's own certificate first.
    pub chain: Origin,
    /// The key; `None` where it stands with the chain.
    pub key: Option<Origin>,
    /// Names that it is served for instead of its own.
    pub names: Option<Vec<String>>,
    /// Whether clients get it that name nobody.
    pub is_default: bool,
}

/// Where a text comes from.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It is PEM itself.
    Pem(Zeroizing<Vec<u8>>),
    /// It stands in a file, which may change.
    File(PathBuf),
}

impl Source {
    /// A certificate for its own names.
    pub fn new(id: impl Into<String>, chain: Origin, key: Option<Origin>) -> Self {
        Self { id: id.into(), chain, key, names: None, is_default: false }
    }

    /// The files that it comes from: none, one or two.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let key = self.key.as_ref().filter(|key| **key != self.chain);
        self.chain.file().into_iter().chain(key.and_then(Origin::file))
    }

    /// The file that a key would be in.
    pub(super) fn key_file(&self) -> Option<&Path> {
        self.key.as_ref().unwrap_or(&self.chain).file()
    }
}

impl Origin {
    /// The file, where it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Pem(_) => None,
        }
    }
}

/// Never shows the text, which may hold a key.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(_) => f.write_str("Pem(***)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
