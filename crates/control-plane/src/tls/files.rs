//! Texts that a document writes as PEM or as the path of a file.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
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

/// Opens a regular file. Anything else could have whoever reads wait for ever.
fn open(path: &Path) -> io::Result<File> {
    // A pipe that nobody writes to is not waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    let file =
        File::options().read(true).custom_flags(i32::try_from(flags).unwrap_or_default()).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
    }
}

/// What stands in a file.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let shown = path.display();
    let mut text = Zeroizing::new(Vec::new());
    let read = open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text));
    match read {
        Err(error) => Err(format!("{shown} cannot be read: {error}")),
        Ok(read) if read as u64 > LARGEST => Err(format!("{shown} is larger than {LARGEST} bytes")),
        Ok(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn only_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let (file, pipe) = (dir.path().join("file"), dir.path().join("pipe"));
        std::fs::write(&file, "text").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        assert_eq!(&**read(&file).unwrap(), b"text");
        for path in [&pipe, &dir.path().to_owned(), &"/dev/zero".into()] {
            let error = read(path).unwrap_err();
            assert!(error.ends_with("it is not a regular file"), "{error}");
        }
        assert!(read(&dir.path().join("none")).is_err());
    }
}
