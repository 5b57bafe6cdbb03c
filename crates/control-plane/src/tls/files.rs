//! Texts that a document writes as PEM or as the path of a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// More is not read, in bytes.
const LARGEST: u64 = 1 << 20;

/// A text, or where it stands.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Pem(Zeroizing<String>),
    File(PathBuf),
}

impl Text {
    /// What a document says.
    pub(crate) fn of(written: &str) -> Self {
        if config::is_pem(written) {
            Self::Pem(Zeroizing::new(written.to_owned()))
        } else {
            Self::File(written.into())
        }
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Pem(_) => None,
            Self::File(path) => Some(path),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// Which file cannot be read, and why.
    pub(crate) fn read(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        match self {
            Self::Pem(text) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
            Self::File(path) => read(path),
        }
    }
}

/// Never shows what may be a key.
impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pem(_) => f.write_str("Pem(***)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// What stands in a file.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let shown = path.display();
    let mut text = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text));
    match read {
        Err(error) => Err(format!("{shown} cannot be read: {error}")),
        Ok(read) if read as u64 > LARGEST => Err(format!("{shown} is larger than {LARGEST} bytes")),
        Ok(_) => Ok(text),
    }
}
