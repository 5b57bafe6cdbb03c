//! Files that the user names.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use config::Errors;
use serde_json::Value;

/// Where files come from.
pub(super) struct Input<'s> {
    /// The text of a file; `-` is standard input.
    pub(super) read: &'s dyn Fn(&Path) -> io::Result<String>,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{name} is empty; `{{}}` is a document without anything")]
    Empty {
        /// What it is called.
        name: String,
    },
    /// It is neither YAML nor JSON.
    #[error("{0}")]
    Form(#[from] Errors),
}

/// No larger file is read, in bytes.
const LARGEST: u64 = 64 << 20;

impl Input<'static> {
    /// The files of this machine.
    pub(super) fn of_process() -> Self {
        Self { read: &read }
    }
}

impl Input<'_> {
    /// What a file says, YAML or JSON.
    ///
    /// # Errors
    /// It cannot be read, or is neither.
    pub(super) fn value(&self, path: &Path) -> Result<Value, InputError> {
        let name = if is_standard(path) { "standard input".into() } else { path.display().to_string() };
        let text = self.text(path)?;
        // What was to make it may have failed: as a document it would take everything away.
        if text.trim().is_empty() {
            return Err(InputError::Empty { name });
        }
        Ok(config::to_json(&text, &name)?)
    }

    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn text(&self, path: &Path) -> Result<String, InputError> {
        (self.read)(path).map_err(|source| InputError::Read { path: path.to_owned(), source })
    }
}

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

fn read(path: &Path) -> io::Result<String> {
    if is_standard(path) { whole(io::stdin().lock()) } else { whole(File::open(path)?) }
}

fn whole(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LARGEST + 1).read_to_string(&mut text)?;
    match u64::try_from(text.len()) {
        Ok(..=LARGEST) => Ok(text),
        _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {LARGEST} bytes"))),
    }
}
