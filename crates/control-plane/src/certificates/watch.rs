//! Watching the directories that lead to files.

mod dirs;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::changes::Changes;
use super::trail;
use dirs::Dirs;

/// How often trails are looked at again because they led through a directory that was not watched yet.
const MOST_LOOKS: usize = 4;

/// A watch over files that may be replaced in any way. What it hears is in its [`Changes`].
///
/// Directories are watched, not files: a file that is replaced takes its watch with it.
#[derive(Default)]
pub(super) struct Watch {
    changes: Arc<Changes>,
    dirs: Mutex<Dirs>,
}

impl Watch {
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Watches these files and no others. Blocks.
    pub(super) fn follow(&self, files: &[Arc<Path>]) {
        let missing = self.changes.index(|index| index.keep(files));
        self.dirs().is_due = true;
        self.attend(missing, &HashSet::new());
    }

    /// Finds out anew what leads to these files, and watches that; directories that were lost are watched anew. Blocks.
    pub(super) fn attend(&self, mut files: Vec<Arc<Path>>, lost: &HashSet<PathBuf>) {
        let mut dirs = self.dirs();
        for dir in lost {
            dirs.remove(dir);
        }
        for _ in 0..MOST_LOOKS {
            dirs.is_due |= self.trace(&files);
            if !dirs.is_due {
                break;
            }
            let added = dirs.follow(self.changes.index(|index| index.dirs()), &self.changes);
            // What leads through a directory may have changed before it was watched.
            files =
                self.changes.index(|index| added.iter().flat_map(|dir| index.within(dir)).cloned().collect());
        }
    }

    /// Finds directories that were replaced without a word. Blocks.
    pub(super) fn check(&self) {
        for dir in self.dirs().replaced() {
            self.changes.lose(&dir);
        }
    }

    /// True where something else than before leads to one of the files.
    fn trace(&self, files: &[Arc<Path>]) -> bool {
        let trails: Vec<_> = files.iter().map(|file| trail::follow(file).unwrap_or_default()).collect();
        self.changes.index(|index| {
            files.iter().zip(trails).fold(false, |is_new, (file, trail)| index.put(file, trail) || is_new)
        })
    }

    fn dirs(&self) -> MutexGuard<'_, Dirs> {
        self.dirs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
