//! What leads to a file: the entries of directories that, changed, may make it another one.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as the system follows: path_resolution(7).
const MOST_LINKS: usize = 40;

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The directory itself, by a path without symbolic links.
    pub(super) dir: PathBuf,
    pub(super) name: OsString,
}

/// Every symbolic link on the way to a file, and the file; where something is missing on the way, that is the last step. The
/// directories between are no steps: what replaces one of them is found by other means than a watch.
pub(super) fn follow(path: &Path) -> io::Result<Vec<Step>> {
    let mut way = Way { dir: PathBuf::from("/"), ahead: Vec::new() };
    way.take(&std::path::absolute(path)?);
    let mut steps = Vec::new();
    while let Some(name) = way.ahead.pop() {
        if name == ".." {
            way.dir.pop();
            continue;
        }
        let here = way.dir.join(&name);
        let found = fs::symlink_metadata(&here);
        let is_passed = !way.ahead.is_empty() && found.as_ref().is_ok_and(fs::Metadata::is_dir);
        if is_passed {
            way.dir = here;
            continue;
        }
        steps.push(Step { dir: way.dir.clone(), name });
        if !found.is_ok_and(|found| found.is_symlink()) || steps.len() > MOST_LINKS {
            break;
        }
        match fs::read_link(&here) {
            Ok(target) => way.take(&target),
            // It was replaced meanwhile.
            Err(_) => break,
        }
    }
    Ok(steps)
}

struct Way {
    /// As far as it is gone.
    dir: PathBuf,
    /// What is ahead, the next name last.
    ahead: Vec<OsString>,
}

impl Way {
    /// Goes by this path next.
    fn take(&mut self, path: &Path) {
        if path.is_absolute() {
            self.dir = PathBuf::from("/");
        }
        let names = path.components().rev().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        self.ahead.extend(names);
    }
}

#[cfg(test)]
mod tests;
