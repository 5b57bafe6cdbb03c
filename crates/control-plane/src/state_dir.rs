//! Where state is kept that outlives the process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::StateDir;

/// The directory that a document asks for, or else the one that the system has for services like this one:
/// `$STATE_DIRECTORY` (the first of several, systemd.exec(5)), `/var/lib/proxyd` as root, and `proxyd` below
/// `$XDG_STATE_HOME` (`~/.local/state` where that is not set, XDG Base Directory Specification). `None` where none of
/// these is known.
pub(crate) fn find(
    written: &StateDir,
    environment: &dyn Fn(&str) -> Option<OsString>,
    is_root: bool,
) -> Option<PathBuf> {
    if let Some(dir) = &written.dir {
        return Some(dir.clone());
    }
    let from_service = environment("STATE_DIRECTORY").and_then(|dirs| std::env::split_paths(&dirs).next());
    if let Some(dir) = from_service.filter(|dir| dir.is_absolute()) {
        return Some(dir);
    }
    if is_root {
        return Some(PathBuf::from("/var/lib/proxyd"));
    }
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(Path::new(".local/state")));
    absolute("XDG_STATE_HOME").or_else(home).map(|dir| dir.join("proxyd"))
}

#[cfg(test)]
mod tests;
