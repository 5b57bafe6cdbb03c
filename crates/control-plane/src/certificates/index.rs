//! Which files are concerned when an entry of a directory changes.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::trail::Step;

/// The trails of files, and what they lead through. Files are known by the paths that documents have for them.
#[derive(Debug, Default)]
pub(super) struct Index {
    trails: HashMap<Arc<Path>, Vec<Step>>,
    dirs: HashMap<PathBuf, HashMap<OsString, HashSet<Arc<Path>>>>,
}

impl Index {
    /// Replaces the trail of a file. True where it is another one.
    pub(super) fn put(&mut self, file: &Arc<Path>, trail: Vec<Step>) -> bool {
        if self.trails.get(file) == Some(&trail) {
            return false;
        }
        self.remove(file);
        for Step { dir, name } in &trail {
            let names = self.dirs.entry(dir.clone()).or_default();
            names.entry(name.clone()).or_default().insert(Arc::clone(file));
        }
        self.trails.insert(Arc::clone(file), trail);
        true
    }

    /// Keeps these files only; gives those that are missing.
    pub(super) fn keep(&mut self, wanted: &[Arc<Path>]) -> Vec<Arc<Path>> {
        let wanted: HashSet<_> = wanted.iter().cloned().collect();
        let gone: Vec<_> = self.trails.keys().filter(|file| !wanted.contains(*file)).cloned().collect();
        for file in gone {
            self.remove(&file);
        }
        wanted.into_iter().filter(|file| !self.trails.contains_key(file)).collect()
    }

    /// The directories that trails lead through.
    pub(super) fn dirs(&self) -> HashSet<PathBuf> {
        self.dirs.keys().cloned().collect()
    }

    /// True where a trail leads through the directory.
    pub(super) fn has_dir(&self, dir: &Path) -> bool {
        self.dirs.contains_key(dir)
    }

    /// The files that an entry leads to.
    pub(super) fn through(&self, entry: &Path) -> impl Iterator<Item = &Arc<Path>> {
        let names = entry.parent().and_then(|dir| self.dirs.get(dir));
        let files = names.zip(entry.file_name()).and_then(|(names, name)| names.get(name));
        files.into_iter().flatten()
    }

    /// The files that a directory leads to.
    pub(super) fn within(&self, dir: &Path) -> impl Iterator<Item = &Arc<Path>> {
        self.dirs.get(dir).into_iter().flat_map(|names| names.values().flatten())
    }

    fn remove(&mut self, file: &Path) {
        for Step { dir, name } in self.trails.remove(file).unwrap_or_default() {
            // A trail may lead through an entry twice.
            let Some(names) = self.dirs.get_mut(&dir) else { continue };
            if let Some(files) = names.get_mut(&name) {
                files.remove(file);
                if files.is_empty() {
                    names.remove(&name);
                }
            }
            if names.is_empty() {
                self.dirs.remove(&dir);
            }
        }
    }
}

#[cfg(test)]
mod tests;
