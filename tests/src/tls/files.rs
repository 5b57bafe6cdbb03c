//! A folder with certificates.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::tls::Leaf;

/// A folder of a test's own.
pub struct Files {
    folder: TempDir,
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

impl Files {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room for a folder") }
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.into_os_string().into_string().expect("the path is text")
    }

    /// Writes a file, whatever was there; its path.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), text).expect("there is room for a file");
        self.path(name)
    }

    /// Puts another file at its place, so that at every moment one of the two is there; its path.
    pub fn replace(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let new = self.write(&format!("{name}.new"), text);
        fs::rename(new, self.path(name)).expect("it is on the same disk");
        self.path(name)
    }

    /// Writes `<name>.pem` and `<name>.key`; what a document says of them: `cert: .., key: ..`.
    pub fn put(&self, name: &str, leaf: &Leaf) -> String {
        let certificate = self.write(&format!("{name}.pem"), leaf.pem());
        let key = self.write(&format!("{name}.key"), leaf.key_pem());
        format!("cert: \"{certificate}\", key: \"{key}\"")
    }

    /// Writes certificate and key into one file, `<name>.pem`; what a document says of it: `cert: .., key: ..`.
    pub fn put_in_one(&self, name: &str, leaf: &Leaf) -> String {
        let both = self.write(&format!("{name}.pem"), format!("{}{}", leaf.pem(), leaf.key_pem()));
        format!("cert: \"{both}\", key: \"{both}\"")
    }
}
