//! Where a proxy has its file, its state and its socket.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

/// Where a proxy has its file, its state and its socket: a directory that goes with its last user. Cheap to clone; all clones
/// are the same.
#[derive(Clone, Debug)]
pub struct Home(Arc<TempDir>);

impl Home {
    /// An empty one.
    ///
    /// # Panics
    /// There is no room for a directory.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        Self(Arc::new(TempDir::new().expect("there is room for a directory")))
    }

    /// Writes the file, whole at once.
    ///
    /// # Panics
    /// It cannot be written.
    #[track_caller]
    pub fn write(&self, text: &str) {
        let next = self.0.path().join("next.yaml");
        fs::write(&next, text).expect("there is room for a file");
        fs::rename(next, self.file()).expect("it can be renamed");
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.0.path().join("proxyd.yaml")
    }

    /// The directory of the state, where the file names no other.
    pub fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    /// The API's socket, where the file names no other address.
    pub fn socket(&self) -> PathBuf {
        self.0.path().join("run/admin.sock")
    }

    /// What the service manager would set.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("STATE_DIRECTORY", self.state()), ("RUNTIME_DIRECTORY", self.0.path().join("run"))]
    }
}
